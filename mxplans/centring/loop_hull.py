"""The model of a loop: the hull of its silhouettes, from its tip to its neck."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mxplans.centring.hull import Hull, HullNotFound
from mxplans.centring.hull_carve import HullView, carve
from mxplans.centring.loop import LoopCentred
from mxplans.centring.outline import LoopView, outline_of, whole
from mxplans.geometry import REST, GoniometerGeometry, Orientation, motors_pose
from mxplans.model.detection import Mask, Notion


def loop_hull(
    views: Sequence[LoopView],
    found: LoopCentred,
    geometry: GoniometerGeometry,
    orientation: Orientation = REST,
    views_most: int = 18,
) -> Hull | HullNotFound:
    """The hull of a loop that was located in views around a turn.

    Args:
        views: As they were given to `locate_loop`.
        found: What it said.
        geometry: Axes of the goniometer; the hull is in the frame of the sample.
        orientation: Where the axes above omega stood.
        views_most: Of those in which the loop is whole, at equal steps of their order.
    """
    outlines = whole([outline for outline in map(outline_of, views) if outline is not None])
    count = min(views_most, len(outlines))
    chosen = [outlines[index].view for index in np.linspace(0, len(outlines) - 1, count).round().astype(int)]
    # The camera's beam is where the beam stands, which is not where the axis does.
    level = geometry.model_copy(update={"axis_offset_mm": found.axis_offset_mm})
    return carve(
        [
            HullView(_loop_only(view, found), view.camera, motors_pose(geometry, view.pose, orientation), orientation)
            for view in chosen
        ],
        level,
    )


def _loop_only(view: LoopView, found: LoopCentred) -> Mask:
    """The silhouette between the tip and the neck."""
    mask = view.detection.masks[Notion.FOREGROUND].copy()
    ends_mm = [found.tip_mm[0] + view.pose.x_mm, found.neck_mm[0] + view.pose.x_mm]
    first, last = sorted(view.camera.pixel(x_mm, 0.0)[0] for x_mm in ends_mm)
    columns = np.arange(mask.shape[1])
    mask[:, (columns < first - 1) | (columns > last)] = False
    return mask
