"""Specimens from a seed: the same seed, sample, puck and pin always give the same one."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from mxplans_sim.settings import SampleTruth
from mxplans_sim.world.dewar import PinInDewar
from mxplans_sim.world.specimen import Crystal, Loop, Matrix, Pin, Specimen, Vector

Array = npt.NDArray[np.float64]
Cell = tuple[float, float, float, float, float, float]

PIN_BEGINS_MM = 0.85
PITCH_MM = 0.35
"""Distance between the places of a multi-position pin."""
_REACH_MM = 0.44
"""Farthest that a loop's ends may be from the axis: the coarse view shows 0.61 mm to either side."""
_MAX_BEND_DEG = 10.0

LATTICES: dict[str, tuple[Cell, str]] = {
    "lysozyme": ((79.1, 79.1, 37.9, 90.0, 90.0, 90.0), "P 43 21 2"),
    "thermolysin": ((92.6, 92.6, 128.9, 90.0, 90.0, 120.0), "P 61 2 2"),
    "insulin": ((78.0, 78.0, 78.0, 90.0, 90.0, 90.0), "I 21 3"),
    "proteinase k": ((67.9, 67.9, 102.4, 90.0, 90.0, 90.0), "P 43 21 2"),
    "trypsin": ((54.8, 58.6, 67.4, 90.0, 90.0, 90.0), "P 21 21 21"),
    "myoglobin": ((64.2, 30.8, 34.8, 90.0, 105.8, 90.0), "P 1 21 1"),
}
_ACRONYMS = {"lys": "lysozyme", "hewl": "lysozyme", "the": "thermolysin", "tln": "thermolysin", "ins": "insulin"}
_ACRONYMS |= {"pro": "proteinase k", "pk": "proteinase k", "try": "trypsin", "myo": "myoglobin"}


def rng_for(seed: int, *names: object) -> np.random.Generator:
    """A generator that depends on a seed and on names, and on nothing else."""
    digest = hashlib.sha256("|".join(map(str, names)).encode()).digest()
    return np.random.default_rng([seed, *np.frombuffer(digest, dtype=np.uint32).tolist()])


def lattice_for(acronym: str, rng: np.random.Generator) -> tuple[Cell, str]:
    """Cell and space group of a protein by its acronym; one of the known ones at random for any other."""
    choice = list(LATTICES.values())[int(rng.integers(len(LATTICES)))]
    lowered = acronym.lower()
    for start, name in _ACRONYMS.items():
        if lowered.startswith(start):
            return LATTICES[name]
    return choice


def make_specimen(seed: int, pin: PinInDewar, truth: SampleTruth) -> Specimen:
    """What hangs on a pin."""
    rng = rng_for(seed, pin.name, pin.puck, pin.pin)
    offset_x = float(rng.uniform(-0.3, 0.3))
    if truth.empty:
        return Specimen(pin.name, None, pin=_pin(PIN_BEGINS_MM + abs(offset_x), 0.0, 0.0))
    loop = _loop(rng, offset_x, len(pin.samples) if pin.multi else 0)
    crystals = () if truth.no_crystal else tuple(_crystals(rng, pin, truth, loop))
    return Specimen(pin.name, loop, crystals, _pin(PIN_BEGINS_MM + max(0.0, offset_x), *loop.neck_mm[1:]))


def _pin(begins: float, y: float, z: float) -> Pin:
    return Pin(((begins, y / 2, z / 2), (begins + 15.0, y / 2, z / 2)))


def _loop(rng: np.random.Generator, offset_x: float, places: int) -> Loop:
    """A loop at a mount with errors, its tip in reach of the coarse view."""
    length = float(rng.uniform(0.26, 0.42)) if not places else PITCH_MM * places + 0.1
    width = float(rng.uniform(0.2, 0.3)) if not places else 0.3
    while True:
        neck = np.array([offset_x, *rng.normal(0.0, 0.2, 2)])
        bend = math.radians(min(abs(rng.normal(0.0, 5.0)), _MAX_BEND_DEG))
        towards = rng.uniform(0.0, 2 * np.pi)
        phi = rng.uniform(0.0, 2 * np.pi)
        tilt = Rotation.from_rotvec(bend * np.array([0.0, math.cos(towards), math.sin(towards)]))
        rotation = (tilt * Rotation.from_rotvec([phi, 0.0, 0.0])).as_matrix()
        tip = neck - length * rotation[:, 0]
        if max(np.hypot(*neck[1:]), np.hypot(*tip[1:])) < _REACH_MM:
            break
    thickness = float(rng.uniform(0.045, 0.06))
    return Loop(_vector(neck), length, width, _matrix(rotation), thickness)


def _crystals(rng: np.random.Generator, pin: PinInDewar, truth: SampleTruth, loop: Loop) -> list[Crystal]:
    crystals = []
    for sample in pin.samples:
        cell, space_group = lattice_for(sample.acronym, rng)
        for ordinal in range(truth.crystals):
            edges = np.array(truth.size_um or np.sort(rng.uniform(40.0, 90.0, 3))[::-1]) / 1000
            crystals.append(
                Crystal(
                    centre_mm=_vector(_place(rng, loop, sample.position if pin.multi else 0, ordinal, truth.crystals)),
                    half_size_mm=_vector(edges / 2),
                    box_rotation=_matrix(_random_rotation(rng)),
                    cell=cell,
                    space_group=space_group,
                    orientation=_matrix(_random_rotation(rng)),
                    mosaicity_deg=truth.mosaicity_deg or float(rng.uniform(0.1, 0.3)),
                    b_factor_a2=float(rng.uniform(15.0, 25.0)),
                    d_min_a=truth.d_min_a or float(rng.uniform(1.7, 2.2)),
                    strength=0.0 if truth.no_diffraction else 1.0,
                )
            )
    return crystals


def _place(rng: np.random.Generator, loop: Loop, position: int, ordinal: int, count: int) -> Array:
    """Centre of a crystal within the liquid; several in one loop spread along it."""
    along = -PITCH_MM * (position - 0.4) if position else -0.54 * loop.length_mm
    spread = (ordinal - (count - 1) / 2) / count if count > 1 else 0.0
    local = np.array(
        [
            along + spread * 0.6 * (PITCH_MM if position else loop.length_mm) + rng.uniform(-0.025, 0.025),
            0.15 * loop.width_mm * rng.uniform(-1, 1),
            0.2 * loop.liquid_half_thickness_mm * rng.uniform(-1, 1),
        ]
    )
    return np.asarray(np.array(loop.neck_mm) + np.array(loop.rotation) @ local)


def _random_rotation(rng: np.random.Generator) -> Array:
    quaternion = rng.normal(size=4)
    return np.asarray(Rotation.from_quat(quaternion / np.linalg.norm(quaternion)).as_matrix())


def _vector(values: Array) -> Vector:
    x, y, z = (float(value) for value in values)
    return x, y, z


def _matrix(values: Array) -> Matrix:
    first, second, third = (_vector(row) for row in values)
    return first, second, third
