"""Where the grids of X-ray centring lie: pure, no device is asked. All in the frame that turns with omega alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mxplans.centring import GridView, LineOfSight
from mxplans.centring.blobs import Side
from mxplans.geometry import GoniometerGeometry, GridPlan, Orientation, spindle_pose
from mxplans.plans.optical import OpticalCentre
from mxplans.profile import XrayCentring

BEYOND_BOXES = 2
"""Empty boxes that show the background, on each side of what a narrow grid is about."""
QUARTER_DEG = 90.0


def grid_over(
    optical: OpticalCentre,
    settings: XrayCentring,
    geometry: GoniometerGeometry,
    orientation: Orientation,
    turn_deg: float,
    step_um: float,
) -> GridPlan:
    """The grid over a loop at an angle from its flat face, laid from its model, or from its sizes if it has none.

    Args:
        optical: The loop.
        settings: Margins and bounds.
        geometry: Axes of the goniometer.
        orientation: Of the axes above omega, which stand as they did when the loop was centred.
        turn_deg: From the flat face; the sizes are known for 0 and 90 deg, and for what lies between the larger counts.
        step_um: Of the boxes.
    """
    omega_deg = optical.pose.omega_deg + turn_deg
    if optical.hull is not None:
        level = geometry.model_copy(update={"axis_offset_mm": optical.axis_offset_mm})
        extent = optical.hull.grid_extent(level, omega_deg, orientation)
        centre, width_um, height_um = extent.spindle, extent.width_um, extent.height_um
    else:
        there = optical.pose.model_copy(update={"omega_deg": omega_deg})
        centre, width_um = spindle_pose(geometry, there, orientation), optical.length_um
        heights = {0.0: optical.flat_um, QUARTER_DEG: optical.edge_um}
        height_um = heights.get(turn_deg % 180.0, max(heights.values()))
    return GridPlan.covering(centre, _bounded_um(width_um, settings), _bounded_um(height_um, settings), step_um)


def _bounded_um(size_um: float, settings: XrayCentring) -> float:
    return min(max(size_um + 2 * settings.margin_um, settings.grid_min_um), settings.grid_max_um)


def narrowed(grid: GridPlan, lines: Sequence[LineOfSight]) -> GridPlan:
    """As much of a grid, along omega, as lines of sight stand in, and some boxes beyond: a line for a single crystal.

    The middles of its boxes are where the lines are seen from the other side, so that it need not share their columns.
    """
    ends_mm = [
        line.pose.x_mm + sign * (line.size_um[0] / 2 + line.sigma_um[0]) / 1000 for line in lines for sign in (-1, 1)
    ]
    low, high = min(ends_mm), max(ends_mm)
    columns = round((high - low) * 1000 / grid.step_um) + 1 + 2 * BEYOND_BOXES
    centre = grid.centre.model_copy(update={"x_mm": (low + high) / 2})
    return replace(grid, centre=centre, columns=columns, vertical=columns < grid.rows)


def beside(grid: GridPlan, side: Side, boxes: int) -> GridPlan:
    """The strip of so many boxes that goes on behind an edge of a grid.

    >>> from mxplans.model.acquisition import Pose
    >>> grid = GridPlan(Pose(x_mm=0, y_mm=0, z_mm=0, omega_deg=0), 4, 3, 20.0)
    >>> strip = beside(grid, "right", 2)
    >>> strip.columns, strip.rows, round(strip.centre.x_mm, 6)
    (2, 3, -0.06)
    """
    row, column = (grid.rows - 1) / 2, (grid.columns - 1) / 2
    off = (boxes + 1) / 2
    if side in ("left", "right"):
        column = -off if side == "left" else grid.columns - 1 + off
        return replace(grid, centre=grid.pose(row, column), columns=boxes)
    row = -off if side == "top" else grid.rows - 1 + off
    return replace(grid, centre=grid.pose(row, column), rows=boxes)


def joined(view: GridView, strip: GridView, side: Side) -> GridView:
    """A grid and the strip `beside` it as one."""
    axis = 1 if side in ("left", "right") else 0
    order = (strip, view) if side in ("left", "top") else (view, strip)
    boxes = strip.grid.columns if axis else strip.grid.rows
    off = (-boxes if side in ("left", "top") else boxes) / 2
    row, column = (view.grid.rows - 1) / 2, (view.grid.columns - 1) / 2
    centre = view.grid.pose(row + (0 if axis else off), column + (off if axis else 0))
    quality = [each.quality for each in order if each.quality is not None]
    reached = [each.d_est_a for each in order if each.d_est_a is not None]
    return GridView(
        replace(
            view.grid,
            centre=centre,
            columns=view.grid.columns + (boxes if axis else 0),
            rows=view.grid.rows + (0 if axis else boxes),
        ),
        np.concatenate([each.score for each in order], axis=axis),
        np.concatenate([each.n_spots for each in order], axis=axis),
        np.concatenate(quality, axis=axis) if len(quality) == len(order) else None,
        np.concatenate(reached, axis=axis) if len(reached) == len(order) else None,
    )
