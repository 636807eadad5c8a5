"""Before a scan: energy, orientation, distance and beam as its sweep asks, only what has to change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bluesky.utils import MsgGenerator

from mxplans.errors import LimitExceeded
from mxplans.model.sweeps import Position, Sweep
from mxplans.plans.scanning import prepare_beam
from mxplans.plans.waiting import ENERGY_TIMEOUT_S, MOVE_TIMEOUT_S, set_and_wait, value_of
from mxplans.profile import Collection
from mxplans.roles import Beamline, Movable
from mxplans.schedule.limits import distance_of_resolution_mm

ORIENTING = ("kappa", "phi", "chi")
ENERGY_TOLERANCE_EV = 0.5
"""Half the least step that is asked of a monochromator; closer is the same energy."""


def oriented_by(bl: Beamline) -> list[Movable]:
    """The axes besides omega that turn the sample, those that the goniometer has."""
    axes = (getattr(bl.goniometer, axis, None) for axis in ORIENTING)
    return [axis for axis in axes if axis is not None]


def check_axes(bl: Beamline, sweeps: Iterable[Sweep]) -> None:
    """See that the goniometer has every axis that is asked for, before anything moves.

    Raises:
        LimitExceeded: If it lacks one.
    """
    has = [axis for axis in ORIENTING if getattr(bl.goniometer, axis, None) is not None]
    for sweep in sweeps:
        for axis, value_deg in zip(ORIENTING, sweep.orientation, strict=True):
            if value_deg is not None and axis not in has:
                raise LimitExceeded(
                    f"{axis} at {value_deg:g} deg is asked for; this goniometer has omega and "
                    f"{', '.join(has) or 'nothing else'}: leave {axis} out"
                )


def present_position(bl: Beamline) -> MsgGenerator[Position]:
    """Where the sample stands."""
    gonio = bl.goniometer
    x, y, z = ((yield from value_of(gonio.x)), (yield from value_of(gonio.y)), (yield from value_of(gonio.z)))
    return Position(x_mm=x, y_mm=y, z_mm=z)


def move_to_position(bl: Beamline, position: Position) -> MsgGenerator[None]:
    """All three translations at the same time."""
    gonio = bl.goniometer
    yield from set_and_wait(MOVE_TIMEOUT_S, gonio.x, position.x_mm, gonio.y, position.y_mm, gonio.z, position.z_mm)


def prepare_sweep(
    bl: Beamline, sweep: Sweep, settings: Collection, detector_radius_mm: float | None = None
) -> MsgGenerator[None]:
    """Bring the beamline to what a sweep asks for; the shutter is closed throughout.

    Args:
        bl: The beamline.
        sweep: What it leaves open stays as it is.
        settings: Aperture and distance of a sweep that names none.
        detector_radius_mm: Where a resolution that is asked for is to be; None where that is not known.

    Raises:
        LimitExceeded: If a resolution is asked for that the detector cannot have.
    """
    yield from prepare_beam(bl, sweep.aperture or settings.aperture, sweep.transmission_frac)
    yield from set_energy(bl, sweep.energy_ev)
    distance_mm = yield from distance_for(bl, sweep, settings, detector_radius_mm)
    moves: list[Any] = [bl.detector_distance, distance_mm]
    for axis, value_deg in zip(ORIENTING, sweep.orientation, strict=True):
        if value_deg is not None:
            moves += [getattr(bl.goniometer, axis), value_deg]
    yield from set_and_wait(MOVE_TIMEOUT_S, *moves)


def distance_for(
    bl: Beamline, sweep: Sweep, settings: Collection, detector_radius_mm: float | None
) -> MsgGenerator[float]:
    """The detector's distance for a sweep (mm): its own, that of its resolution, or the profile's.

    Raises:
        LimitExceeded: If a resolution is asked for that the detector cannot have.
    """
    if sweep.distance_mm is not None or sweep.resolution_a is None:
        return sweep.distance_mm or settings.distance_mm
    energy_ev = sweep.energy_ev or (yield from value_of(bl.beam.energy))
    radius_mm = detector_radius_mm or 0.0
    distance_mm = distance_of_resolution_mm(sweep.resolution_a, energy_ev, radius_mm)
    if distance_mm <= 0:
        raise LimitExceeded(
            f"a resolution of {sweep.resolution_a:g} A at {energy_ev:g} eV is asked for; a detector of radius "
            f"{radius_mm:g} mm has it at no distance: give a distance, or another resolution"
        )
    return distance_mm


def set_energy(bl: Beamline, energy_ev: float | None) -> MsgGenerator[None]:
    """Change the energy if it is another one; None leaves it."""
    if energy_ev is None:
        return
    present_ev = yield from value_of(bl.beam.energy)
    if abs(present_ev - energy_ev) > ENERGY_TOLERANCE_EV:
        yield from set_and_wait(ENERGY_TIMEOUT_S, bl.beam.energy, energy_ev)
