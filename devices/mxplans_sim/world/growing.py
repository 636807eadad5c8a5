"""Crystals, liquid and ice on a mount."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from mxplans_sim.settings.samples import SampleTruth
from mxplans_sim.world.dewar import PinInDewar
from mxplans_sim.world.lattices import FORMS, SALT, Form, faces_of, form_for, form_of
from mxplans_sim.world.specimen import Crystal, Drop, Ice, Lattice, Loop, as_matrix, as_vector

Array = npt.NDArray[np.float64]

PITCH_MM = 0.35
"""Distance between the places of a multi-position pin."""
SALT_STRENGTH = 20.0
_STEM_MM = 0.3
"""From the neck to crystals on the stem."""
_DROP_MM = (0.11, 0.16)
_SPLIT_DEG, _SPLIT_FRAC = (2.0, 8.0), (0.3, 0.5)
_ICE_BALLS, _GOLDEN_ANGLE = 14, 2.39996


def crystals_on(
    rng: np.random.Generator, more: np.random.Generator, pin: PinInDewar, truth: SampleTruth, loop: Loop
) -> tuple[Crystal, ...]:
    """The crystals of all samples on a pin.

    Args:
        rng: Chance for what every crystal has.
        more: Chance for what only some have, so that the others stay as they are.
        pin: Names the samples.
        truth: What is true of them.
        loop: Holds them.
    """
    crystals = []
    for sample in pin.samples:
        form = true_form(rng, more, sample.acronym, truth)
        for ordinal in range(truth.crystals):
            edges_mm = true_edges_mm(rng, truth)
            place = _place(rng, loop, sample.position if pin.multi else 0, ordinal, truth.crystals)
            if truth.crystal_on != "loop":
                place = _beside(more, loop)
            crystals.append(crystal_at(rng, more, place, edges_mm, form, truth))
    return tuple(crystals)


def true_edges_mm(rng: np.random.Generator, truth: SampleTruth) -> Array:
    """Edges of a crystal, longest first unless they are given (3,)."""
    if truth.size_um is not None:
        return np.array(truth.size_um) / 1000
    edges_mm = np.sort(rng.uniform(40.0, 90.0, 3))[::-1] / 1000
    return np.asarray(edges_mm / 3 if truth.salt else edges_mm)


def crystal_at(
    rng: np.random.Generator,
    more: np.random.Generator,
    centre_mm: Array,
    edges_mm: Array,
    form: Form,
    truth: SampleTruth,
) -> Crystal:
    """One crystal of a form."""
    half_size_mm = as_vector(edges_mm / 2)
    body, lattice = random_rotation(rng), random_rotation(rng)
    mosaicity_deg = truth.mosaicity_deg or float(rng.uniform(0.1, 0.3))
    b_factor_a2 = float(rng.uniform(15.0, 25.0))
    return Crystal(
        centre_mm=as_vector(centre_mm),
        half_size_mm=half_size_mm,
        box_rotation=as_matrix(body),
        cell=form.cell,
        space_group=form.space_group,
        orientation=as_matrix(lattice),
        mosaicity_deg=mosaicity_deg,
        b_factor_a2=b_factor_a2 if truth.b_factor_a2 is None else truth.b_factor_a2,
        d_min_a=truth.d_min_a or (0.8 if truth.salt else float(rng.uniform(1.7, 2.2))),
        strength=0.0 if truth.no_diffraction else SALT_STRENGTH if truth.salt else 1.0,
        faces=faces_of(truth.shape or form.shape, half_size_mm),
        second=_second(more, lattice, truth) if truth.split else None,
        absorbers=tuple(truth.absorbers.items()),
    )


def true_form(rng: np.random.Generator, more: np.random.Generator, acronym: str, truth: SampleTruth) -> Form:
    """What a crystal is made of: what its name says, unless something else is true."""
    form = form_for(acronym, rng)
    if truth.wrong_slot:
        # What hangs there is something else, and tells so by its cell.
        others = [other for other in FORMS.values() if other != form_of(acronym)]
        form = others[int(more.integers(len(others)))]
    if truth.salt:
        return SALT
    if truth.cell is not None and truth.space_group is not None:
        return Form(truth.cell, truth.space_group, "box")
    return form


def _second(rng: np.random.Generator, orientation: Array, truth: SampleTruth) -> Lattice:
    axis = rng.normal(size=3)
    angle_deg = truth.split_deg or rng.uniform(*_SPLIT_DEG)
    turn = Rotation.from_rotvec(np.radians(angle_deg) * axis / np.linalg.norm(axis)).as_matrix()
    return Lattice(as_matrix(turn @ orientation), truth.split_frac or float(rng.uniform(*_SPLIT_FRAC)))


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


def _beside(rng: np.random.Generator, loop: Loop) -> Array:
    """Centre of a crystal on the stem, near the neck."""
    local = np.array([_STEM_MM, *rng.uniform(-0.03, 0.03, 2)])
    return np.asarray(np.array(loop.neck_mm) + np.array(loop.rotation) @ local)


def drop_around(rng: np.random.Generator, loop: Loop) -> Drop:
    """A drop that hangs on the stem."""
    rotation = np.array(loop.rotation)
    centre = np.array(loop.neck_mm) + _STEM_MM * rotation[:, 0]
    half_axes = rng.uniform(*_DROP_MM, 3) * [1.3, 1.0, 1.0]
    return Drop(as_vector(centre), as_vector(half_axes), loop.rotation)


def ice_over(rng: np.random.Generator, loop: Loop) -> tuple[Ice, ...]:
    """Balls of ice that cover most of a loop, set out like the seeds of a sunflower."""
    rotation, balls = np.array(loop.rotation), []
    for ordinal in range(_ICE_BALLS):
        angle, out = _GOLDEN_ANGLE * ordinal + rng.uniform(-0.3, 0.3), np.sqrt((ordinal + 0.5) / _ICE_BALLS)
        along = loop.length_mm * (0.42 * out * np.cos(angle) - 0.54)
        local = np.array([along, 0.42 * loop.width_mm * out * np.sin(angle), rng.uniform(-0.04, 0.04)])
        radius = rng.uniform(0.16, 0.24) * loop.width_mm
        balls.append(Ice(as_vector(np.array(loop.neck_mm) + rotation @ local), float(radius)))
    return tuple(balls)


def random_rotation(rng: np.random.Generator) -> Array:
    """Any rotation, all of them equally likely, (3, 3)."""
    quaternion = rng.normal(size=4)
    return np.asarray(Rotation.from_quat(quaternion / np.linalg.norm(quaternion)).as_matrix())
