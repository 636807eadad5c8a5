"""The fit of one or several Gaussians to a piece of a map, as a beam sees compact crystals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

ROUNDS = 25
MODEL_FRAC = 0.02
"""Of the height: by so much no crystal is a Gaussian, however many photons there are."""
SIGMA_MIN_BOX, SIGMA_MAX_BOX = 0.3, 3.0
CHI2_MAX = 2.0
SHIFT_MAX_BOX = 1.5


@dataclass(frozen=True)
class Gaussian:
    """One of a fit, in boxes: height exp(-(a dr^2 + 2 b dr dc + c dc^2) / 2).

    Attributes:
        row: Centre.
        column: Centre.
        height: Photons.
        shape: (2, 2), second moments: row, row-column, column.
        errors: Of row and column, by the covariance of the fit.
    """

    row: float
    column: float
    height: float
    shape: Array
    errors: tuple[float, float]

    @property
    def total(self) -> float:
        """Sum over all boxes of a plane."""
        return float(2 * np.pi * self.height * np.sqrt(np.linalg.det(self.shape)))

    def at(self, rows: Array, columns: Array) -> Array:
        """Photons at some places."""
        apart = np.stack([rows - self.row, columns - self.column])
        exponent = -0.5 * (apart * np.linalg.solve(self.shape, apart)).sum(axis=0)
        return np.asarray(self.height * np.exp(exponent))


def fit_gaussians(rows: Array, columns: Array, net: Array, noise: Array, seeds: Array) -> list[Gaussian] | None:
    """Fit all blobs of a connected region at once.

    Gauss-Newton with Levenberg's damping on the photons, weighted by what the model expects (so that counts near zero
    do not pull). The background is known and taken off before.

    Args:
        rows: Of the boxes (n,), those around the region included.
        columns: Of the boxes (n,).
        net: Photons less background (n,).
        noise: Variance of the background (n,).
        seeds: First guesses (k, 5): row, column, height, sigma along rows, sigma along columns.

    Returns:
        None where Gaussians are the wrong model: not compact (sigma beyond 0.3 to 3 boxes), reduced chi squared of 2 or
        more, or a centre that left its seed by more than 1.5 boxes.
    """
    if len(net) <= 6 * len(seeds):
        return None
    values = np.array([(r, c, h, 1 / sr**2, 0.0, 1 / sc**2) for r, c, h, sr, sc in seeds]).ravel()
    solved = _solve(rows, columns, net, noise, values)
    if solved is None:
        return None
    values, covariance, chi2 = solved
    found = [_gaussian(one, block, chi2) for one, block in zip(values.reshape(-1, 6), _blocks(covariance), strict=True)]
    good = [one for one in found if one is not None]
    shifts = [max(abs(one.row - seed[0]), abs(one.column - seed[1])) for one, seed in zip(good, seeds, strict=False)]
    if len(good) < len(found) or chi2 >= CHI2_MAX or max(shifts) > SHIFT_MAX_BOX:
        return None
    return good


def _solve(rows: Array, columns: Array, net: Array, noise: Array, values: Array) -> tuple[Array, Array, float] | None:
    damping, cost = 1e-2, np.inf
    normal: Array = np.zeros((len(values), len(values)))
    gradient: Array = np.zeros(len(values))
    step: Array = np.zeros(len(values))
    for _ in range(ROUNDS):
        model, slopes = _model(rows, columns, values + step)
        variance = _variance(model, noise)
        misfit = float(((net - model) ** 2 / variance + np.log(variance)).sum())
        if np.isfinite(misfit) and misfit <= cost:
            values, done = values + step, cost - misfit < 1e-3
            cost, damping = misfit, damping / 5
            normal = np.asarray((slopes / variance) @ slopes.T)
            gradient = np.asarray((slopes / variance) @ (net - model))
            if done:
                break
        else:
            damping *= 10
        try:
            step = np.asarray(np.linalg.solve(normal + damping * np.diag(np.diag(normal) + 1e-12), gradient))
        except np.linalg.LinAlgError:
            return None
    model, _ = _model(rows, columns, values)
    variance = _variance(model, noise)
    chi2 = float(((net - model) ** 2 / variance).sum()) / (len(net) - len(values))
    try:
        return values, np.asarray(np.linalg.inv(normal)), chi2
    except np.linalg.LinAlgError:
        return None


def _variance(model: Array, noise: Array) -> Array:
    """Of counts: Poisson's, the background's, and what a crystal differs from a Gaussian."""
    return np.asarray(np.maximum(model, 0) + noise + (MODEL_FRAC * model.max()) ** 2 + 0.5)


def _model(rows: Array, columns: Array, values: Array) -> tuple[Array, Array]:
    """Expected photons (n,) and their slopes (6 k, n)."""
    row, column, height, a, b, c = (part[:, None] for part in values.reshape(-1, 6).T)
    dr, dc = rows - row, columns - column
    exponent = np.clip(-0.5 * (a * dr**2 + 2 * b * dr * dc + c * dc**2), -50.0, 50.0)
    bell = np.exp(exponent)
    light = height * bell
    slopes = np.stack(
        [
            light * (a * dr + b * dc),
            light * (b * dr + c * dc),
            bell,
            -0.5 * light * dr**2,
            -light * dr * dc,
            -0.5 * light * dc**2,
        ],
        axis=1,
    )
    return light.sum(axis=0), slopes.reshape(-1, len(rows))


def _blocks(covariance: Array) -> list[Array]:
    return [covariance[k : k + 2, k : k + 2] for k in range(0, len(covariance), 6)]


def _gaussian(values: Array, block: Array, chi2: float) -> Gaussian | None:
    """None unless it is a hill of allowed width."""
    row, column, height, a, b, c = values
    determinant = a * c - b * b
    if not (height > 0 and a > 0 and determinant > 0):
        return None
    shape = np.array([[c, -b], [-b, a]]) / determinant
    widths = np.sqrt(np.diag(shape))
    variances = np.diag(block) * max(chi2, 1.0)
    if widths.min() <= SIGMA_MIN_BOX or widths.max() >= SIGMA_MAX_BOX or not (variances > 0).all():
        return None
    errors = np.sqrt(variances)
    return Gaussian(float(row), float(column), float(height), shape, (float(errors[0]), float(errors[1])))
