"""Rows of grids and of what X-ray centring found in them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from mxplans_lims.executed import ExecutedSweep
from mxplans_lims.records import GridRecord, SampleRecord, Snapshot, XrayCentre
from mxplans_lims.targets.ispyb.groups import Group, groups_of
from mxplans_lims.targets.ispyb.row import PLACE, SAMPLE, Row, told
from mxplans_lims.targets.ispyb.rows_collections import collection_key
from mxplans_lims.targets.ispyb.site import Told
from mxplans_lims.targets.ispyb.units import mm_to_um, um_to_mm

_SIZES = ("xrc_size_along_um", "xrc_size_a_um", "xrc_size_b_um")


def grid_row(given: Told, sweep: ExecutedSweep, grid: GridRecord) -> Row:
    """Boxes of a grid: steps in mm, and the corner of the first one in a picture of the same view, where there is one."""
    values = {
        "dx_mm": um_to_mm(grid.step_um),
        "dy_mm": um_to_mm(grid.row_step_um),
        "steps_x": float(grid.columns),
        "steps_y": float(grid.rows),
        "orientation": "vertical" if grid.sweep.get("scanAxis") == "vertical" else "horizontal",
        "snaked": int(grid.snake),
        "meshAngle": grid.centre["omega_deg"],
        **_in_picture(given.record, grid),
    }
    return Row(
        key=f"grid/{sweep.uuid}",
        table="GridInfo",
        values=told(values),
        links={"dataCollectionId": collection_key(sweep)},
        natural=("dataCollectionId",),
    )


def _in_picture(record: SampleRecord, grid: GridRecord) -> dict[str, Any]:
    """The point of a picture is what is in the beam, and there the middle of a grid stands when it is scanned."""
    picture = _view(record.snapshots, grid)
    if picture is None:
        return {}
    scale = picture.um_per_px
    return {
        "micronsPerPixelX": scale,
        "micronsPerPixelY": scale,
        "snapshot_offsetXPixel": picture.point_x_px - grid.columns * grid.step_um / scale / 2,
        "snapshot_offsetYPixel": picture.point_y_px - grid.rows * grid.row_step_um / scale / 2,
    }


def _view(pictures: Sequence[Snapshot], grid: GridRecord) -> Snapshot | None:
    """The last picture before the grid that shows the same side, to within a degree."""
    turn = [(picture, (picture.omega_deg - grid.centre["omega_deg"] + 180) % 360 - 180) for picture in pictures]
    seen = [picture for picture, angle in turn if abs(angle) <= 1.0 and picture.time <= grid.start]
    return seen[-1] if seen else None


def centring_rows(given: Told) -> tuple[Row, ...]:
    """What the last X-ray centring found: each crystal with its strength, best first; none for one that found nothing."""
    record = given.record
    group = _told_group(record)
    if group is None:
        return ()
    grids = [sweep.grid for sweep in group.sweeps if sweep.grid is not None]
    views = _views(grids)
    ended = all(grid.exit_status == "success" for grid in grids)
    key = f"centring/{group.uid}"
    status = "success" if record.crystals else "failed" if ended or record.complete else "pending"
    head = Row(
        key=key,
        table="XrayCentring",
        values={"status": status, "xrayCentringType": "3d" if len(views) > 1 else "2d"},
        links={"dataCollectionGroupId": group.key},
        natural=("dataCollectionGroupId",),
    )
    return (head, *(_crystal_row(given, key, rank, views) for rank in range(1, len(record.crystals) + 1)))


def _told_group(record: SampleRecord) -> Group | None:
    """The grids that the crystals were seen in: the last that were part of a centring, before they were told."""
    centrings = [
        group for group in groups_of(record) if group.what == "grids" and group.sweeps and _centres(record, group)
    ]
    when = min((crystal.time for crystal in record.crystals), default=None)
    seen = [group for group in centrings if when is None or group.sweeps[0].start <= when]
    return seen[-1] if seen else None


def _centres(record: SampleRecord, group: Group) -> bool:
    grid = group.sweeps[0].grid
    return grid is not None and (grid.volume_scan_uuid is not None or bool(record.crystals))


def _views(grids: Sequence[GridRecord]) -> list[GridRecord]:
    """The largest grid of each side, at most two: a grid that grew is there twice."""
    sides: dict[float, GridRecord] = {}
    for grid in grids:
        side = round(grid.centre["omega_deg"] % 180, 1)
        if side not in sides or grid.rows * grid.columns >= sides[side].rows * sides[side].columns:
            sides[side] = grid
    return list(sides.values())[:2]


def _crystal_row(given: Told, key: str, rank: int, views: Sequence[GridRecord]) -> Row:
    """Place and extent counted in boxes: X along the rows of the first grid, Y across them, Z across those of the second.

    On a pin with several positions a crystal belongs to another sample than ours, unless it is at our position.
    """
    crystal = given.record.crystals[rank - 1]
    ours = given.record.objects.get("PinPosition", {}).get("positionInPin")
    mine = not crystal.values.get("xrc_pin_position") or crystal.values["xrc_pin_position"] == ours
    face, side = views[0], views[-1]
    steps = [(face.step_um, face.columns), (face.row_step_um, face.rows), (side.row_step_um, side.rows)]
    offsets = [
        mm_to_um(crystal.x_mm - face.centre["x_mm"]),
        _across_um(crystal, face),
        _across_um(crystal, side) if len(views) > 1 else 0.0,
    ]
    sizes = [float(crystal.values.get(name) or 0.0) for name in _SIZES]
    values: dict[str, Any] = {"totalCount": crystal.values.get("xrc_total")}
    boxes = 1
    for axis, offset, size, (step, count) in zip("XYZ", offsets, sizes, steps, strict=True):
        middle = offset / step + count / 2
        values[f"centreOfMass{axis}"] = middle
        values[f"maxVoxel{axis}"] = min(max(math.floor(middle), 0), count - 1)
        low, high = middle - size / step / 2, middle + size / step / 2
        values |= {f"boundingBoxMin{axis}": low, f"boundingBoxMax{axis}": high}
        boxes *= math.floor(high) - math.floor(low) + 1
    values["numberOfVoxels"] = boxes
    return Row(
        key=f"{key}/{rank}",
        table="XrayCentringResult",
        values=told(values),
        links={"xrayCentringId": key, **({"blSampleId": SAMPLE} if mine else {})},
        natural=("xrayCentringId", PLACE),
    )


def _across_um(crystal: XrayCentre, grid: GridRecord) -> float:
    """How far a crystal stands from a grid's middle, across its rows, when omega is that of the grid."""
    omega = math.radians(grid.centre["omega_deg"])
    y, z = crystal.y_mm - grid.centre["y_mm"], crystal.z_mm - grid.centre["z_mm"]
    return mm_to_um(y * math.cos(omega) - z * math.sin(omega))
