"""What X-ray centring has found, in the motors' coordinates, and its events: one for each crystal, one for each line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from bluesky import plan_stubs as bps
from bluesky.utils import MsgGenerator

from mxplans.centring import CrystalsFound, GridView, LineOfSight, PinLayout, XrayCandidate, pin_position_of
from mxplans.centring.volume import result_volume
from mxplans.geometry import GoniometerGeometry, Orientation, motor_change_mm, motors_pose
from mxplans.model.acquisition import Pose
from mxplans.plans import documents
from mxplans.plans.record import record

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Crystal:
    """A crystal as it is told.

    Attributes:
        candidate: Where it is, in the motors' coordinates.
        rank: From 1, the best first.
        pin_position: Of a multi-position pin, from 1 at its base; None on no position or on a pin with one loop.
        n_spots: In the box over which it stands, of the view that shows most.
        d_est_a: Resolution there; None where that is not known.
    """

    candidate: XrayCandidate
    rank: int
    pin_position: int | None = None
    n_spots: int = 0
    d_est_a: float | None = None

    def values(self, chosen: bool) -> dict[str, float | list[float]]:
        """The values of its event; a position and a resolution that are not known are 0.

        Args:
            chosen: Whether the experiment goes on with it.
        """
        return self.candidate.values() | {
            "xrc_rank": self.rank,
            "xrc_chosen": int(chosen),
            "xrc_pin_position": self.pin_position or 0,
            "xrc_n_spots": self.n_spots,
            "xrc_d_est_angstrom": self.d_est_a or 0.0,
        }


def crystals_told(
    found: CrystalsFound,
    views: Sequence[GridView],
    geometry: GoniometerGeometry,
    orientation: Orientation,
    layout: PinLayout | None = None,
) -> tuple[Crystal, ...]:
    """Crystals that grids show, with what is known of each.

    Args:
        found: In the frame of the grids.
        views: The grids.
        geometry: Axes of the goniometer.
        orientation: Of the axes above omega while the grids were scanned.
        layout: Of a multi-position pin, in the motor x of all axes above omega at 0.
    """
    told = []
    for rank, candidate in enumerate(found.candidates, start=1):
        volume = result_volume(CrystalsFound((candidate,), found.reason), views)
        motors = in_motors(candidate, geometry, orientation)
        position = None if layout is None else pin_position_of(_at_rest(motors, geometry, orientation), layout)
        resolutions = None if volume is None else volume.resolutions
        counts = None if volume is None else volume.reflection_counts
        told.append(
            Crystal(motors, rank, position, counts[0] if counts else 0, resolutions[0] if resolutions else None)
        )
    return tuple(told)


def in_motors(candidate: XrayCandidate, geometry: GoniometerGeometry, orientation: Orientation) -> XrayCandidate:
    """A crystal of the frame that turns with omega alone, as the motors see it: only a smargon's are of another frame."""
    if geometry.kind != "smargon":
        return candidate
    back = geometry.mount(orientation).T
    covariance = back @ np.array(candidate.covariance_um2) @ back.T
    sigma = np.sqrt(np.diag(covariance))
    rows = [(float(row[0]), float(row[1]), float(row[2])) for row in covariance]
    return replace(
        candidate,
        pose=motors_pose(geometry, candidate.pose, orientation),
        sigma_um=(float(sigma[0]), float(sigma[1]), float(sigma[2])),
        covariance_um2=(rows[0], rows[1], rows[2]),
    )


def rest_pose(pose: Pose, geometry: GoniometerGeometry, orientation: Orientation) -> Pose:
    """Motors for what is in the beam if all axes above omega stood at 0: a pin lies along omega then."""
    return geometry.pose_for(geometry.sample_mm(geometry.beam_mm, pose, orientation), pose.omega_deg)


def _at_rest(motors: XrayCandidate, geometry: GoniometerGeometry, orientation: Orientation) -> XrayCandidate:
    return replace(motors, pose=rest_pose(motors.pose, geometry, orientation))


def tell_crystals(crystals: Sequence[Crystal], chosen: Crystal | None) -> MsgGenerator[None]:
    """One event for each crystal, the best first."""
    for crystal in crystals:
        yield from record(documents.XRC_RESULT, crystal.values(crystal is chosen))
        # After a pause none is told twice.
        yield from bps.checkpoint()


def tell_lines(
    lines: Sequence[LineOfSight], geometry: GoniometerGeometry, orientation: Orientation
) -> MsgGenerator[None]:
    """One event for each line of sight on which there must be a crystal."""
    for number, line in enumerate(lines, start=1):
        yield from record(documents.XRC_LINE, _line_values(line, number, geometry, orientation))
        yield from bps.checkpoint()


def _line_values(
    line: LineOfSight, number: int, geometry: GoniometerGeometry, orientation: Orientation
) -> Mapping[str, float]:
    pose = motors_pose(geometry, line.pose, orientation)
    along: Array = motor_change_mm(np.array([0.0, 0.0, 1.0]), line.pose.omega_deg)
    if geometry.kind == "smargon":
        along = geometry.mount(orientation).T @ along
    return {
        **replace(line, pose=pose).values(),
        **{f"xrc_line_direction_{axis}": float(value) for axis, value in zip("xyz", along, strict=True)},
        "xrc_line_view": line.view,
        "xrc_line_number": number,
        "xrc_line_n_truncated": len(line.truncated),
    }
