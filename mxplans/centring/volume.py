"""What X-ray centring has found, in the words of MXLIMS: PointCloud and VolumeScan."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mxplans.centring.crystals import CrystalsFound, XrayCandidate
from mxplans.centring.scores import GridView
from mxplans.errors import InvalidInput
from mxplans.model.acquisition import Pose
from mxplans.model.clouds import PointCloud
from mxplans.model.jobs import VolumeScan


def result_volume(found: CrystalsFound, views: Sequence[GridView]) -> PointCloud | None:
    """The crystals as points around the best one; None without any.

    `coordinates` are travel of the centring motors (mm): `position` and those of a point bring it into the beam.
    `grouping` counts the crystals from 1, best first. `intensities` are photons of all views; `reflection_counts` and
    `resolutions` those of the box over which the crystal stands, in the view that shows most.
    """
    if not found.candidates:
        return None
    best = found.candidates[0].pose
    boxes = [[_box(view, crystal) for view in views] for crystal in found.candidates]
    counts = [max(int(view.n_spots[box]) for view, box in zip(views, places, strict=True)) for places in boxes]
    reached = [
        min((float(view.d_est_a[box]) for view, box in zip(views, places, strict=True) if view.d_est_a is not None),
            default=math.inf)
        for places in boxes
    ]  # fmt: skip
    return PointCloud(
        position=_position(best),
        coordinates=tuple(_travel(best, crystal.pose) for crystal in found.candidates),
        grouping=tuple(range(1, len(found.candidates) + 1)),
        intensities=tuple(crystal.total for crystal in found.candidates),
        # A list has a value for each point, so one that is not known leaves it out.
        resolutions=tuple(reached) if all(math.isfinite(d_a) for d_a in reached) else None,
        reflection_counts=tuple(counts),
    )


def volume_scan(
    uuid: str, views: Sequence[GridView], found: CrystalsFound, experiment_type: str = "Xray.centring"
) -> VolumeScan:
    """The job that some grids were: where, at which angles, what came out. Links and times are for who knows them.

    Args:
        uuid: Of the job, as in the metadata of its scans.
        views: The grids, in the order of scanning.
        found: What they show.
        experiment_type: Xray.centring, Xray.recentring or Xray.exploration.

    Raises:
        InvalidInput: If there is no grid.
    """
    if not views:
        raise InvalidInput("no grids; a volume scan has one or more")
    first = views[0].grid
    start_deg = first.centre.omega_deg
    turns = [view.grid.centre.omega_deg - start_deg for view in views]
    # The depth is what the grid shows that looks most nearly from the side; of a single grid it is nothing.
    side = max(range(len(views)), key=lambda k: round(abs(math.sin(math.radians(turns[k]))), 6))
    depth_mm = 0.0 if side == 0 else views[side].grid.rows * views[side].grid.row_step_um / 1000
    return VolumeScan(
        uuid=uuid,
        experiment_type=experiment_type,
        rotation_angles=tuple(turns),
        search_volume=PointCloud(position=_position(first.centre)),
        bounding_box_size=(
            max(view.grid.columns * view.grid.step_um for view in views) / 1000,
            first.rows * first.row_step_um / 1000,
            depth_mm,
        ),
        bounding_box_shape="Box",
        result_volume=result_volume(found, views),
    )


def _position(pose: Pose) -> dict[str, float]:
    return {"omega": pose.omega_deg, "sampleX": pose.x_mm, "sampleY": pose.y_mm, "sampleZ": pose.z_mm}


def _travel(origin: Pose, pose: Pose) -> tuple[float, float, float]:
    x, y, z = (b - a for a, b in zip(origin.xyz_mm, pose.xyz_mm, strict=True))
    return x, y, z


def _box(view: GridView, crystal: XrayCandidate) -> tuple[int, int]:
    """The box that a crystal stands over, or the nearest one."""
    row, column = view.grid.box(crystal.pose)
    return min(max(round(row), 0), view.grid.rows - 1), min(max(round(column), 0), view.grid.columns - 1)
