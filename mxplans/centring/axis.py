"""A point fixed on the goniometer, from its height in images at several omega."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class AxisFit:
    """v(w) = c + y cos w - z sin w.

    Attributes:
        y_mm: Place of the point relative to the omega axis, motor y at omega 0.
        z_mm: As above, along the beam at omega 0.
        axis_mm: Height c of the omega axis below the beam.
        covariance_mm2: Of (y, z, c), (3, 3).
        residual_mm: Root mean square over the views that were kept.
        kept: Which views count, (n,).
    """

    y_mm: float
    z_mm: float
    axis_mm: float
    covariance_mm2: Array
    residual_mm: float
    kept: npt.NDArray[np.bool_]


def fit_axis(omega_deg: Array, height_mm: Array, gate: float = 4.0, floor_mm: float = 0.003) -> AxisFit:
    """Least squares with the outliers of a robust first fit left out.

    The fit is linear, so it has no starting values to go wrong and comes with a covariance. The first fit weights
    residuals down as Huber's does; views further off than `gate` times the spread are then dropped.

    Args:
        omega_deg: Angles (n,), at least 4 distinct ones.
        height_mm: Height below the beam in the image (n,).
        gate: In units of the spread of the first fit.
        floor_mm: The spread is never taken as smaller; about a pixel.

    Raises:
        ValueError: If there are fewer than 4 views.

    >>> w = np.arange(0.0, 360.0, 45.0)
    >>> v = 0.01 + 0.2 * np.cos(np.radians(w)) - 0.1 * np.sin(np.radians(w))
    >>> fit = fit_axis(w, v)
    >>> round(fit.y_mm, 6), round(fit.z_mm, 6), round(fit.axis_mm, 6)
    (0.2, 0.1, 0.01)
    """
    if len(omega_deg) < 4:
        raise ValueError(f"{len(omega_deg)} views; allowed are 4 or more: three unknowns and a check")
    angle = np.radians(omega_deg)
    design = np.stack([np.cos(angle), -np.sin(angle), np.ones_like(angle)], axis=1)
    weight = np.ones(len(angle))
    solution = np.zeros(3)
    spread = floor_mm
    # Three unknowns were fitted to few views, so residuals are smaller than errors.
    per_view = 1.4826 * np.sqrt(len(angle) / (len(angle) - 3))
    for _ in range(20):
        root = np.sqrt(weight)
        solution, *_ = np.linalg.lstsq(design * root[:, None], height_mm * root, rcond=None)
        residual = np.abs(height_mm - design @ solution)
        spread = max(per_view * float(np.median(residual)), floor_mm)
        weight = np.minimum(1.0, 1.345 * spread / np.maximum(residual, 1e-12))
    kept = np.abs(height_mm - design @ solution) <= gate * spread
    if kept.sum() < 4:
        kept = np.ones(len(angle), dtype=bool)
    solution, *_ = np.linalg.lstsq(design[kept], height_mm[kept], rcond=None)
    residual = height_mm[kept] - design[kept] @ solution
    freedom = max(int(kept.sum()) - 3, 1)
    variance = max(float(residual @ residual) / freedom, (floor_mm / 3) ** 2)
    covariance = variance * np.linalg.inv(design[kept].T @ design[kept])
    return AxisFit(
        y_mm=float(solution[0]),
        z_mm=float(solution[1]),
        axis_mm=float(solution[2]),
        covariance_mm2=covariance,
        residual_mm=float(np.sqrt(np.mean(residual**2))),
        kept=kept,
    )
