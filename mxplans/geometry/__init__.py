"""Frames of reference and all conversions between them."""

from mxplans.geometry.alignment import Alignment, align_to_spindle, nearest_alignment
from mxplans.geometry.camera import Camera
from mxplans.geometry.goniometer import REST, GoniometerGeometry, Orientation, Stand
from mxplans.geometry.grid import GridPlan
from mxplans.geometry.limits import AxisLimits
from mxplans.geometry.rotation import height_row, motor_change_mm, rotation_about, rotation_x
from mxplans.geometry.spindle import motors_pose, spindle_pose
from mxplans.geometry.view import View, view_of

__all__ = [
    "REST",
    "Alignment",
    "AxisLimits",
    "Camera",
    "GoniometerGeometry",
    "GridPlan",
    "Orientation",
    "Stand",
    "View",
    "align_to_spindle",
    "height_row",
    "motor_change_mm",
    "motors_pose",
    "nearest_alignment",
    "rotation_about",
    "rotation_x",
    "spindle_pose",
    "view_of",
]
