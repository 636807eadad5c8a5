"""Translations in the frame that turns with omega alone, whatever stands on omega.

Centring with light turns omega only, so it works in that frame and knows nothing of kappa, chi and phi. A smargon's x, y
and z are the sample's own, turned by chi and phi; those of other goniometers are of this frame already.
"""

from __future__ import annotations

import numpy as np

from mxplans.geometry.goniometer import Array, GoniometerGeometry, Orientation
from mxplans.model.acquisition import Pose


def spindle_pose(geometry: GoniometerGeometry, pose: Pose, orientation: Orientation) -> Pose:
    """Motors as translations that turn with omega alone."""
    return _with(pose, _mount(geometry, orientation) @ np.array(pose.xyz_mm))


def motors_pose(geometry: GoniometerGeometry, pose: Pose, orientation: Orientation) -> Pose:
    """The motors of translations that turn with omega alone.

    >>> from mxplans.geometry.goniometer import Orientation
    >>> smargon, chi = GoniometerGeometry(kind="smargon"), Orientation(chi_deg=30)
    >>> pose = Pose(x_mm=0.1, y_mm=0.2, z_mm=0.3, omega_deg=5)
    >>> there = spindle_pose(smargon, motors_pose(smargon, pose, chi), chi)
    >>> bool(np.allclose(there.xyz_mm, pose.xyz_mm))
    True
    """
    return _with(pose, _mount(geometry, orientation).T @ np.array(pose.xyz_mm))


def _mount(geometry: GoniometerGeometry, orientation: Orientation) -> Array:
    return geometry.mount(orientation) if geometry.kind == "smargon" else np.eye(3)


def _with(pose: Pose, xyz_mm: Array) -> Pose:
    x, y, z = (float(value) for value in xyz_mm)
    return Pose(x_mm=x, y_mm=y, z_mm=z, omega_deg=pose.omega_deg)
