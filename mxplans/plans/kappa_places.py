"""Places of a sample that hold at another kappa and phi than that at which they were found.

A mini-kappa carries the sample away while it turns, so the motors that have a crystal in the beam are others in each
orientation. A smargon's are the same, since its controller keeps the point. What a sweep says itself of its translations
is of the orientation of that sweep, and stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bluesky.utils import MsgGenerator

from mxplans.errors import LimitExceeded
from mxplans.geometry import REST, AxisLimits, GoniometerGeometry, Orientation
from mxplans.model.acquisition import Pose
from mxplans.model.sweeps import Position, Sweep
from mxplans.plans.orienting import read_orientation, same_orientation
from mxplans.plans.waiting import value_of
from mxplans.roles import Beamline
from mxplans.schedule import ScheduledScan


@dataclass(frozen=True)
class FoundAt:
    """How the axes stood when places of a sample were found.

    Attributes:
        orientation: Axes above omega.
        omega_deg: At which what is there is in the beam; None: it is on the omega axis.
    """

    orientation: Orientation = REST
    omega_deg: float | None = None


def found_here(bl: Beamline) -> MsgGenerator[FoundAt]:
    """How the axes stand now."""
    orientation = yield from read_orientation(bl)
    omega_deg = yield from value_of(bl.goniometer.omega)
    return FoundAt(orientation, float(omega_deg))


def place_at(geometry: GoniometerGeometry, place: Position, found: FoundAt, orientation: Orientation) -> Position:
    """The motors that have the same point of the sample there in another orientation.

    >>> kappa = GoniometerGeometry(kind="mini-kappa", kappa_axis=(0, 0, 1), phi_point_mm=(0, 0, 0))
    >>> place_at(kappa, Position(x_mm=-0.1, y_mm=0, z_mm=0), FoundAt(), Orientation(kappa_deg=90)).xyz_mm
    (0.0, -0.1, 0.0)
    """
    if found.orientation == orientation:
        return place
    x_mm, y_mm, z_mm = place.xyz_mm
    pose = Pose(x_mm=x_mm, y_mm=y_mm, z_mm=z_mm, omega_deg=found.omega_deg or 0.0)
    moved = geometry.corrected(pose, found.orientation, orientation, on_axis=found.omega_deg is None)
    return Position(x_mm=moved.x_mm, y_mm=moved.y_mm, z_mm=moved.z_mm)


def asked_orientation(sweep: Sweep, present: Orientation) -> Orientation:
    """Where a sweep wants the axes above omega; what it leaves open stays as it is."""
    asked = {f"{axis}_deg": getattr(sweep, f"{axis}_deg") for axis in ("kappa", "chi", "phi")}
    return present.model_copy(update={name: value for name, value in asked.items() if value is not None})


def check_places(
    bl: Beamline,
    sweeps: Sequence[Sweep],
    groups: Iterable[Sequence[ScheduledScan]],
    homes: dict[int, Position],
    geometry: GoniometerGeometry,
    found: FoundAt,
    limits: AxisLimits,
) -> None:
    """See that every sweep can have its place in its orientation, before anything moves.

    Raises:
        LimitExceeded: If one cannot, or if nobody knows where its kappa takes the sample.
    """
    orientation = found.orientation
    for group in groups:
        sweep, home = sweeps[group[0].sweep_index], homes[group[0].sweep_index]
        orientation = asked_orientation(sweep, orientation)
        if sweep.start is not None or same_orientation(orientation, found.orientation):
            continue
        if geometry.kind == "single-axis" and getattr(bl.goniometer, "kappa", None) is not None:
            raise LimitExceeded(
                f"sweep {sweep.prefix} asks for kappa {orientation.kappa_deg:g} deg, phi {orientation.phi_deg:g} deg, and "
                "nobody knows where they take the sample: give the plan the profile's goniometer with its kappa axes, or "
                "give the sweep sampleX, sampleY and sampleZ"
            )
        if geometry.kind != "mini-kappa":
            continue
        x_mm, y_mm, z_mm = place_at(geometry, home, found, orientation).xyz_mm
        pose = Pose(x_mm=x_mm, y_mm=y_mm, z_mm=z_mm, omega_deg=sweep.omega_start_deg)
        limits.require(pose, orientation, f"sweep {sweep.prefix}")


def place_for(
    bl: Beamline, sweep: Sweep, home: Position, geometry: GoniometerGeometry, found: FoundAt
) -> MsgGenerator[Position]:
    """Where the sample is to stand for a sweep, with the axes above omega as they stand now."""
    if sweep.start is not None or geometry.kind != "mini-kappa":
        return home
    orientation = yield from read_orientation(bl)
    return home if same_orientation(orientation, found.orientation) else place_at(geometry, home, found, orientation)
