"""From a scheduled scan to the motion of the goniometer: pure, no device is asked."""

from __future__ import annotations

from dataclasses import replace

from mxplans.geometry import GoniometerGeometry, GridPlan, Orientation, spindle_pose
from mxplans.model.acquisition import Pose, ScanMotion
from mxplans.model.sweeps import GRIDS, Position, Sweep
from mxplans.schedule import ScheduledScan


def motion_of(sweep: Sweep, scan: ScheduledScan, home: Position) -> ScanMotion:
    """The motion of one scan of a sweep.

    Args:
        sweep: What is asked for.
        scan: Which of its images.
        home: Where the sample stands, for a sweep that does not say.

    Returns:
        A motion of just as many images as the scan has.
    """
    if sweep.sweep_type in GRIDS:
        return grid_of(sweep, home).motion(sweep.exposure_s)
    begin = sweep.start or home
    end = sweep.end if sweep.sweep_type == "helical" and sweep.end is not None else begin
    step_x, step_y, step_z = ((b - a) / sweep.number_images for a, b in zip(begin.xyz_mm, end.xyz_mm, strict=True))
    done = scan.first_image - 1
    return ScanMotion(
        start=Pose(
            x_mm=begin.x_mm + done * step_x,
            y_mm=begin.y_mm + done * step_y,
            z_mm=begin.z_mm + done * step_z,
            omega_deg=scan.start_deg,
        ),
        step_mm=(step_x, step_y, step_z),
        step_omega_deg=sweep.image_width_deg,
        images_per_row=scan.number_images,
        exposure_s=sweep.exposure_s,
    )


def laid_grid(sweep: Sweep, home: Position, geometry: GoniometerGeometry, orientation: Orientation) -> GridPlan:
    """The grid of a sweep in the frame that turns with omega alone, in which its rows lie along omega.

    Args:
        sweep: A line or a mesh.
        home: Motors, where the sample stands, for a sweep that does not say.
        geometry: Axes of the goniometer.
        orientation: Of the axes above omega.
    """
    grid = grid_of(sweep, home)
    return replace(grid, centre=spindle_pose(geometry, grid.centre, orientation))


def grid_of(sweep: Sweep, home: Position) -> GridPlan:
    """The grid of a line or mesh sweep, around where it begins or where the sample stands.

    Raises:
        ValueError: If the sweep is no grid.
    """
    if sweep.step_um is None:
        raise ValueError(f"a {sweep.sweep_type} sweep has no boxes")
    x, y, z = (sweep.start or home).xyz_mm
    along, across = sweep.images_per_line, sweep.number_lines
    line_step_um = sweep.line_step_um or sweep.step_um
    return GridPlan(
        centre=Pose(x_mm=x, y_mm=y, z_mm=z, omega_deg=sweep.omega_start_deg),
        columns=across if sweep.vertical else along,
        rows=along if sweep.vertical else across,
        step_um=line_step_um if sweep.vertical else sweep.step_um,
        height_um=sweep.step_um if sweep.vertical else line_step_um,
        vertical=sweep.vertical,
        snake=sweep.snake,
    )
