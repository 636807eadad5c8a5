"""From what a plan asks of a goniometer to a command of the exporter. Nothing here talks to anybody.

A standard scan turns omega where the sample stands, a four-dimensional one moves along a straight line as well, a raster
runs lines along omega, one below the other. `total_uturn_range` of a raster lies between its first line and its last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mxplans.errors import InvalidInput, LimitExceeded
from mxplans.geometry.rotation import rotation_x
from mxplans.model.acquisition import ScanMotion
from mxplans.model.device_settings import Sign

SCAN_NUMBER = 1
"""For the controller's log only."""
_STRAIGHT_MM = 1e-6


Axis: TypeAlias = Literal["omega", "x", "y", "z", "kappa", "phi"]
"""Roles of motors."""


class Wire(BaseModel):
    """A motor of the controller in a role, and its sense: motor = sign x role."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    motor: str = Field(min_length=1, description="Its name at the controller")
    sign: Sign = Field(default=1, description="motor = sign x role")


STANDARD_WIRING: Mapping[str, Wire] = {
    "omega": Wire(motor="Omega"),
    "x": Wire(motor="AlignmentY"),
    "y": Wire(motor="CentringY"),
    "z": Wire(motor="CentringX", sign=-1),
    "kappa": Wire(motor="Kappa"),
    "phi": Wire(motor="Phi"),
}
"""With omega across the beam: x along omega; y down and z along the beam at omega 0."""


@dataclass(frozen=True)
class Command:
    """A scan as the controller takes it.

    Attributes:
        method: To call.
        arguments: In their order.
        frames: What ScanNumberOfFrames must be.
        start: Where motors must stand before, by name.
    """

    method: str
    arguments: tuple[bool | int | float, ...]
    frames: int
    start: Mapping[str, float] = field(default_factory=dict)


def wiring(axes: Mapping[str, Mapping[str, object]] | None) -> Mapping[str, Wire]:
    """The wiring of a profile, the usual one for what it does not say.

    Raises:
        InvalidInput: If a role or a key is unknown, or a sign is neither 1 nor -1.
    """
    unknown = set(axes or {}) - set(STANDARD_WIRING)
    if unknown:
        raise InvalidInput(f"axes {', '.join(sorted(unknown))} are not known; allowed are {', '.join(STANDARD_WIRING)}")
    try:
        given = {role: Wire.model_validate(wire) for role, wire in (axes or {}).items()}
    except ValidationError as error:
        raise InvalidInput(f"axes: {error}; write motor and sign (1 or -1) for each axis") from error
    return {**STANDARD_WIRING, **given}


def command_for(motion: ScanMotion, wires: Mapping[str, Wire], alignment_z_mm: float) -> Command:
    """The command that runs a motion.

    Args:
        motion: What a plan asks for.
        wires: Motors by role.
        alignment_z_mm: Where the vertical alignment stands; scans leave it there.

    Raises:
        LimitExceeded: If the controller has no scan of this form.
    """
    if not any(motion.step_mm) and not any(motion.row_step_mm):
        return _standard(motion, wires)
    if motion.rows == 1:
        return _helical(motion, wires, alignment_z_mm)
    return _raster(motion, wires, alignment_z_mm)


def _standard(motion: ScanMotion, wires: Mapping[str, Wire]) -> Command:
    if motion.rows > 1 and not motion.snake:
        raise LimitExceeded(
            f"{motion.rows} passes in the same direction are asked for; the goniometer turns back and forth: "
            "use snake, or one scan for each pass"
        )
    omega, images = wires["omega"], motion.images_per_row
    arguments = (
        SCAN_NUMBER,
        images,
        omega.sign * motion.start.omega_deg,
        omega.sign * motion.step_omega_deg * images,
        motion.exposed_s,
        motion.rows,
    )
    start = {
        wires[role].motor: wires[role].sign * value
        for role, value in zip(("x", "y", "z"), motion.start.xyz_mm, strict=True)
    }
    return Command("startScanEx2", arguments, images, start)


def _helical(motion: ScanMotion, wires: Mapping[str, Wire], alignment_z_mm: float) -> Command:
    omega, images = wires["omega"], motion.images_per_row
    begin = np.array(motion.start.xyz_mm)
    end = begin + images * np.array(motion.step_mm)
    arguments = (
        omega.sign * motion.start.omega_deg,
        omega.sign * motion.step_omega_deg * images,
        motion.exposed_s,
        *_places(begin, wires, alignment_z_mm),
        *_places(end, wires, alignment_z_mm),
    )
    return Command("startScan4DEx", arguments, images)


def _raster(motion: ScanMotion, wires: Mapping[str, Wire], alignment_z_mm: float) -> Command:
    across_mm = rotation_x(motion.start.omega_deg) @ np.array(motion.row_step_mm)
    line_mm = np.array(motion.step_mm)
    if np.abs(line_mm[1:]).max() > _STRAIGHT_MM or max(abs(across_mm[0]), abs(across_mm[2])) > _STRAIGHT_MM:
        raise LimitExceeded(
            f"a grid with steps of {tuple(motion.step_mm)} mm along its rows and {tuple(motion.row_step_mm)} mm between them "
            f"is asked for at omega {motion.start.omega_deg:g} deg; the goniometer runs lines along omega, one below the "
            "other in the image: lay the grid out like that"
        )
    omega, images = wires["omega"], motion.images_per_row
    places = _places(np.array(motion.start.xyz_mm), wires, alignment_z_mm)
    arguments = (
        omega.sign * motion.step_omega_deg * images,
        wires["x"].sign * float(line_mm[0]) * images,
        float(across_mm[1]) * (motion.rows - 1),
        omega.sign * motion.start.omega_deg,
        *places,
        motion.rows,
        images,
        images * motion.exposure_s,
        motion.snake,
        True,
        True,
    )
    return Command("startRasterScanEx", arguments, images)


def _places(
    xyz_mm: np.ndarray[tuple[int, ...], np.dtype[np.float64]], wires: Mapping[str, Wire], alignment_z_mm: float
) -> tuple[float, float, float, float]:
    """AlignmentY, AlignmentZ, CentringX and CentringY where x, y, z are."""
    by_motor = {
        wires[role].motor: wires[role].sign * float(value) for role, value in zip(("x", "y", "z"), xyz_mm, strict=True)
    }
    try:
        return by_motor["AlignmentY"], alignment_z_mm, by_motor["CentringX"], by_motor["CentringY"]
    except KeyError as missing:
        raise InvalidInput(f"axes: no role has the motor {missing}, which scans need; correct the wiring") from missing
