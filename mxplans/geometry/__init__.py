"""Frames of reference and all conversions between them."""

from mxplans.geometry.camera import Camera
from mxplans.geometry.grid import GridPlan
from mxplans.geometry.rotation import height_row, motor_change_mm, rotation_x

__all__ = ["Camera", "GridPlan", "height_row", "motor_change_mm", "rotation_x"]
