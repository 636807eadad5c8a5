"""A point fixed on the goniometer, from its height in images at several omega."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

PRIOR_MM = (10.0, 10.0, 0.1)
"""What is known beforehand of y, z and c, standard errors: a goniometer's travel, and that the beam stands near the
axis. It decides where the views do not, as with all of them at one angle, and then the covariance says so."""
SIGMA_MM = 0.001
GATE = 4.0
_FLOOR = 3.0
"""The spread of the first fit is never taken as smaller, in standard errors."""


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

    @property
    def sigma_mm(self) -> float:
        """The larger standard error of y and z."""
        return float(np.sqrt(max(self.covariance_mm2[0, 0], self.covariance_mm2[1, 1])))

    def height_mm(self, omega_deg: float) -> float:
        """Height at another angle."""
        angle = np.radians(omega_deg)
        return float(self.axis_mm + self.y_mm * np.cos(angle) - self.z_mm * np.sin(angle))


def fit_axis(omega_deg: Array, height_mm: Array, sigma_mm: Array | float = SIGMA_MM) -> AxisFit:
    """Least squares with the outliers of a robust first fit left out.

    The fit is linear, so it has no starting values to go wrong and comes with a covariance. The first fit weights
    residuals down as Huber's does; views further off than four times the spread are then dropped.

    Args:
        omega_deg: Angles (n,), 4 or more.
        height_mm: Height below the beam in the image (n,).
        sigma_mm: Standard errors of the heights (n,), or one for all. Where the scatter says that they are larger,
            the covariance follows the scatter.

    Raises:
        ValueError: If there are fewer than 4 views.

    >>> w = np.arange(0.0, 360.0, 45.0)
    >>> v = 0.01 + 0.2 * np.cos(np.radians(w)) - 0.1 * np.sin(np.radians(w))
    >>> fit = fit_axis(w, v)
    >>> round(fit.y_mm, 5), round(fit.z_mm, 5), round(fit.axis_mm, 5)
    (0.2, 0.1, 0.01)
    """
    if len(omega_deg) < 4:
        raise ValueError(f"{len(omega_deg)} views; allowed are 4 or more: three unknowns and a check")
    angle = np.radians(omega_deg)
    sigma = np.broadcast_to(np.asarray(sigma_mm, dtype=np.float64), angle.shape)
    design = np.stack([np.cos(angle), -np.sin(angle), np.ones_like(angle)], axis=1) / sigma[:, None]
    height = height_mm / sigma
    kept = _inliers(design, height)
    solution, inverse = _solved(design[kept], height[kept])
    residual = height[kept] - design[kept] @ solution
    variance = max(float(residual @ residual) / max(int(kept.sum()) - 3, 1), 1.0)
    return AxisFit(
        y_mm=float(solution[0]),
        z_mm=float(solution[1]),
        axis_mm=float(solution[2]),
        covariance_mm2=variance * inverse,
        residual_mm=float(np.sqrt(np.mean((residual * sigma[kept]) ** 2))),
        kept=kept,
    )


def _solved(design: Array, height: Array) -> tuple[Array, Array]:
    """Solution and inverse of the normal matrix, with what is known beforehand."""
    inverse: Array = np.linalg.inv(design.T @ design + np.diag(1 / np.square(PRIOR_MM))).astype(np.float64)
    return np.asarray(inverse @ (design.T @ height)), inverse


def _inliers(design: Array, height: Array) -> npt.NDArray[np.bool_]:
    """Views that follow what most of them say; all of them where hardly any does."""
    count = len(height)
    weight = np.ones(count)
    # Three unknowns were fitted to few views, so residuals are smaller than errors.
    per_view = 1.4826 * np.sqrt(count / (count - 3))
    residual, spread = np.zeros(count), _FLOOR
    for _ in range(20):
        root = np.sqrt(weight)
        solution, _ = _solved(design * root[:, None], height * root)
        residual = np.abs(height - design @ solution)
        spread = max(per_view * float(np.median(residual)), _FLOOR)
        weight = np.minimum(1.0, 1.345 * spread / np.maximum(residual, 1e-12))
    kept = residual <= GATE * spread
    return kept if kept.sum() >= 4 else np.ones(count, dtype=bool)
