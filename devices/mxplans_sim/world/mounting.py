"""Pins and loops, and the errors with which they are made and put on."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from mxplans_sim.settings.samples import SampleTruth
from mxplans_sim.world.growing import PITCH_MM
from mxplans_sim.world.specimen import (
    PIN_BEGINS_MM,
    PIN_LENGTH_MM,
    Crystal,
    Lattice,
    Loop,
    Matrix,
    Pin,
    Specimen,
    Vector,
    as_matrix,
    as_vector,
)

Array = npt.NDArray[np.float64]

_REACH_MM = 0.44
"""Farthest that a loop's ends may be from the axis: the coarse view shows 0.61 mm to either side."""
_MAX_TILT_DEG = 10.0
_BEND_DEG = (12.0, 30.0)
_LENGTH_ERROR_MM = (0.7, 1.0)
_KNEE_MM = (1.5, 3.0)
"""Where a bent pin has its knee, from its end."""


def loop_on(rng: np.random.Generator, offset_x: float, places: int) -> Loop:
    """A loop at a mount with errors, its tip in reach of the coarse view.

    Args:
        rng: Chance.
        offset_x: Of its neck.
        places: Of a multi-position pin; 0 for others.
    """
    length = float(rng.uniform(0.26, 0.42)) if not places else PITCH_MM * places + 0.1
    width = float(rng.uniform(0.2, 0.3)) if not places else 0.3
    while True:
        neck = np.array([offset_x, *rng.normal(0.0, 0.2, 2)])
        tilt = math.radians(min(abs(rng.normal(0.0, 5.0)), _MAX_TILT_DEG))
        towards = rng.uniform(0.0, 2 * np.pi)
        phi = rng.uniform(0.0, 2 * np.pi)
        tilted = Rotation.from_rotvec(tilt * np.array([0.0, math.cos(towards), math.sin(towards)]))
        rotation = (tilted * Rotation.from_rotvec([phi, 0.0, 0.0])).as_matrix()
        tip = neck - length * rotation[:, 0]
        if max(np.hypot(*neck[1:]), np.hypot(*tip[1:])) < _REACH_MM:
            break
    thickness = float(rng.uniform(0.045, 0.06))
    return Loop(as_vector(neck), length, width, as_matrix(rotation), thickness)


def straight_pin(behind_mm: float, loop: Loop | None) -> Pin:
    """A pin along x, half as far from the axis as its loop, whose metal begins this far behind the usual place."""
    y, z = (0.0, 0.0) if loop is None else (loop.neck_mm[1] / 2, loop.neck_mm[2] / 2)
    begins = PIN_BEGINS_MM + behind_mm
    return Pin(((begins, y, z), (begins + PIN_LENGTH_MM, y, z)))


def misplaced(specimen: Specimen, rng: np.random.Generator, truth: SampleTruth) -> Specimen:
    """The specimen with the errors of length and bend that are true of its pin."""
    if truth.too_long or truth.too_short:
        error_mm = float(rng.uniform(*_LENGTH_ERROR_MM)) * (1 if truth.too_long else -1)
        specimen = _stretched(specimen, error_mm)
    bend_deg = float(rng.uniform(*_BEND_DEG)) if truth.bend_deg is None else truth.bend_deg
    if truth.bent or truth.bend_deg:
        specimen = bent(specimen, bend_deg, float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(*_KNEE_MM)))
    return specimen


def _stretched(specimen: Specimen, longer_mm: float) -> Specimen:
    moved = _moved(specimen, np.eye(3), np.array([-longer_mm, 0.0, 0.0]))
    if specimen.pin is not None and moved.pin is not None:
        # The end has moved, the base has not.
        moved = replace(moved, pin=Pin((moved.pin.path_mm[0], *specimen.pin.path_mm[1:]), specimen.pin.radius_mm))
    return replace(moved, mount=replace(specimen.mount, length_error_mm=longer_mm))


def bent(specimen: Specimen, bend_deg: float, towards: float, knee_mm: float) -> Specimen:
    """The specimen on a pin that is bent somewhere; all that is in front of the knee turns about it.

    Args:
        specimen: On a straight pin.
        bend_deg: By how much.
        towards: Direction around the pin, rad.
        knee_mm: From the end of the metal to the knee.

    Raises:
        ValueError: If it has no pin.
    """
    pin = specimen.pin
    if pin is None:
        raise ValueError(f"specimen {specimen.name} has no pin that could be bent; choose one on a pin")
    knee = np.array(pin.path_mm[0]) + [knee_mm, 0.0, 0.0]
    turn = Rotation.from_rotvec(math.radians(bend_deg) * np.array([0.0, math.cos(towards), math.sin(towards)]))
    rotation = np.asarray(turn.as_matrix())
    moved = _moved(specimen, rotation, knee - rotation @ knee)
    end = as_vector(rotation @ (np.array(pin.path_mm[0]) - knee) + knee)
    path = (end, as_vector(knee), *pin.path_mm[1:])
    return replace(moved, pin=Pin(path, pin.radius_mm), mount=replace(specimen.mount, bend_deg=bend_deg))


def _moved(specimen: Specimen, rotation: Array, shift_mm: Array) -> Specimen:
    """All bodies of a specimen turned about the origin and shifted."""

    def place(point: Vector) -> Vector:
        return as_vector(rotation @ np.array(point) + shift_mm)

    def turned(matrix: Matrix) -> Matrix:
        return as_matrix(rotation @ np.array(matrix))

    def crystal(old: Crystal) -> Crystal:
        second = None if old.second is None else Lattice(turned(old.second.orientation), old.second.volume_frac)
        return replace(
            old,
            centre_mm=place(old.centre_mm),
            box_rotation=turned(old.box_rotation),
            orientation=turned(old.orientation),
            second=second,
        )

    loop, pin = specimen.loop, specimen.pin
    return replace(
        specimen,
        loop=None if loop is None else replace(loop, neck_mm=place(loop.neck_mm), rotation=turned(loop.rotation)),
        crystals=tuple(crystal(old) for old in specimen.crystals),
        pin=None if pin is None else Pin(tuple(place(point) for point in pin.path_mm), pin.radius_mm),
        drops=tuple(
            replace(drop, centre_mm=place(drop.centre_mm), rotation=turned(drop.rotation)) for drop in specimen.drops
        ),
        ice=tuple(replace(ice, centre_mm=place(ice.centre_mm)) for ice in specimen.ice),
    )
