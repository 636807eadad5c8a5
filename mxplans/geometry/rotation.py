"""Rotation about omega, in the image frame: x right along omega, y down, z along the beam.

A point s of the sample (goniometer frame) stands in the laboratory at R_x(omega) (s + m), m being the motors' x, y, z.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def rotation_x(omega_deg: float) -> Array:
    """Rotation matrix about x: y' = y cos w - z sin w, z' = y sin w + z cos w.

    >>> bool(np.allclose(rotation_x(90) @ [0, 1, 0], [0, 0, 1]))
    True
    """
    cos, sin = math.cos(math.radians(omega_deg)), math.sin(math.radians(omega_deg))
    return np.array([[1.0, 0.0, 0.0], [0.0, cos, -sin], [0.0, sin, cos]])


def rotation_about(axis: npt.ArrayLike, angle_deg: float) -> Array:
    """Right-handed rotation matrix about a unit vector (3,), by the quaternion of half the angle.

    >>> bool(np.allclose(rotation_about([1.0, 0.0, 0.0], 30.0), rotation_x(30.0)))
    True
    """
    half = math.radians(angle_deg) / 2
    w, (x, y, z) = math.cos(half), math.sin(half) * np.asarray(axis, dtype=np.float64)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def motor_change_mm(shift_mm: Array, omega_deg: float) -> Array:
    """Change of the motors that shifts the sample by `shift_mm` (3,) in the laboratory at an omega.

    >>> motor_change_mm(np.array([0.1, 0.2, 0.0]), 0.0).tolist()
    [0.1, 0.2, 0.0]
    """
    return np.asarray(rotation_x(omega_deg).T @ shift_mm, dtype=np.float64)


def height_row(omega_deg: float) -> Array:
    """Row (2,) that takes motor y and z to the height in the image: (cos w, -sin w)."""
    return rotation_x(omega_deg)[1, 1:]
