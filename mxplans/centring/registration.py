"""A point of the sample, from where it is seen in two or more images at any omega, kappa, chi and phi.

What a camera sees is linear in the sample's coordinates, so the fit is closed and brings its covariance. Views from one
direction give a line instead of a point.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2 as chi2_distribution

from mxplans.errors import InvalidInput
from mxplans.geometry import REST, Camera, GoniometerGeometry, Orientation, view_of
from mxplans.model.acquisition import Pose

Array = npt.NDArray[np.float64]

GATE_SIGMA = 4.0
"""A click that the others contradict by more is told."""
SIGMA_MOST_UM = 100.0
"""Where the clicks leave more uncertainty than this in some direction, they give a line and no point."""
ANGLE_STEP_DEG = 5.0
"""Of the angles of omega among which the one to add is chosen."""


@dataclass(frozen=True)
class Sighting:
    """Where a point was seen: column and row (index = centre of a pixel), through which camera, where the axes stood.

    Attributes:
        x_px: Column.
        y_px: Row.
        camera: The view.
        pose: Motors.
        orientation: Axes above omega.
        sigma_px: Standard error of column and row.
    """

    x_px: float
    y_px: float
    camera: Camera
    pose: Pose
    orientation: Orientation = REST
    sigma_px: float = 2.0

    def __post_init__(self) -> None:
        """Refuse what is no place in an image."""
        if not (math.isfinite(self.x_px) and math.isfinite(self.y_px)):
            raise InvalidInput(
                f"a point was seen at column {self.x_px}, row {self.y_px} px; allowed are finite numbers: click again"
            )
        if not 0 < self.sigma_px < math.inf:
            raise InvalidInput(f"a click's standard error is {self.sigma_px} px; allowed is any above 0: 2 px is usual")


@dataclass(frozen=True, eq=False)
class Registered:
    """A point.

    Attributes:
        point_mm: In the sample's frame (3,).
        covariance_mm2: (3, 3).
        axis_offset_mm: Height of the beam below the omega axis, fitted or as the geometry has it.
        axis_sigma_mm: Its standard error, 0 when it was not fitted.
        chi2: Sum of squared residuals over their variance.
        freedom: Degrees of freedom; 0 when nothing is left to judge by.
        residual_px: Seen minus fitted, columns and rows (n, 2).
        left_out_sigma: How far each click is from what the others say, in standard errors (n,); NaN where they do not
            give a point.
        flagged: Clicks, from 0, that the others contradict; several when it cannot be told which of them is wrong.
    """

    point_mm: Array
    covariance_mm2: Array
    axis_offset_mm: float
    axis_sigma_mm: float
    chi2: float
    freedom: int
    residual_px: Array
    left_out_sigma: Array
    flagged: tuple[int, ...]

    @property
    def sigma_um(self) -> Array:
        """Standard errors along the sample's axes (3,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance_mm2)) * 1000)


@dataclass(frozen=True, eq=False)
class LineOnly:
    """All clicks are from one direction: the point is somewhere on a line.

    Attributes:
        point_mm: Of the line, that next to the omega axis and the beam (3,), sample's frame.
        direction: Unit vector (3,), sample's frame.
        covariance_mm2: Across the line (3, 3); 0 along it.
        add_omega_deg: Where a further click tells most, with the axes above omega as at the last click.
        reason: For people.
    """

    point_mm: Array
    direction: Array
    covariance_mm2: Array
    add_omega_deg: float
    reason: str


@dataclass(frozen=True, eq=False)
class _Equations:
    """Rows (n, 2, p) and goals (n, 2), each over its standard error; p is 3, or 4 with the axis' height."""

    rows: Array
    goals: Array

    @property
    def normal(self) -> Array:
        return np.asarray(np.einsum("nij,nik->jk", self.rows, self.rows))

    def without(self, index: int) -> _Equations:
        return _Equations(np.delete(self.rows, index, axis=0), np.delete(self.goals, index, axis=0))

    def solved(self) -> tuple[Array, Array, Array]:
        """Solution (p,), covariance (p, p), residuals (n, 2)."""
        covariance = np.linalg.inv(self.normal)
        solution = covariance @ np.einsum("nij,ni->j", self.rows, self.goals)
        return np.asarray(solution), np.asarray(covariance, dtype=np.float64), self.goals - self.rows @ solution

    @property
    def weakest_um(self) -> float:
        """Largest standard error of any direction."""
        return 1000 / math.sqrt(max(float(np.linalg.eigvalsh(self.normal)[0]), 1e-12))


def register(
    sightings: Sequence[Sighting],
    geometry: GoniometerGeometry,
    *,
    fit_axis_offset: bool = False,
    model_sigma_um: float = 0.0,
) -> Registered | LineOnly:
    """Weighted linear least squares over all clicks.

    Args:
        sightings: One or more; two at least, from different directions, give a point.
        geometry: The goniometer.
        fit_axis_offset: Take the height of the beam over the omega axis as a fourth unknown; needs three directions.
        model_sigma_um: What axes and calibration add to each coordinate (run-out), standard error.

    Raises:
        InvalidInput: If there is no click, or the model's error is none.
    """
    if not sightings or not 0 <= model_sigma_um < math.inf:
        raise InvalidInput(
            f"{len(sightings)} clicks, model error {model_sigma_um} um; allowed are one click or more, and 0 um or more"
        )
    equations = _equations(sightings, geometry, fit_axis_offset)
    if equations.weakest_um > SIGMA_MOST_UM:
        return _line(sightings, geometry, equations, fit_axis_offset)
    solution, covariance, residual = equations.solved()
    left_out, flagged = _left_out(equations)
    return Registered(
        point_mm=solution[:3],
        covariance_mm2=covariance[:3, :3] + (model_sigma_um / 1000) ** 2 * np.eye(3),
        axis_offset_mm=float(solution[3]) if fit_axis_offset else geometry.axis_offset_mm,
        axis_sigma_mm=float(np.sqrt(covariance[3, 3])) if fit_axis_offset else 0.0,
        chi2=float((residual**2).sum()),
        freedom=residual.size - len(solution),
        residual_px=residual * np.array([[sighting.sigma_px] for sighting in sightings]),
        left_out_sigma=left_out,
        flagged=flagged,
    )


def _rows(
    sighting: Sighting, geometry: GoniometerGeometry, fit_axis_offset: bool, omega_deg: float | None = None
) -> tuple[Array, Array]:
    """Rows (2, p) and goals (2,) of a click, or of one like it at another omega, over its standard error."""
    pose = sighting.pose if omega_deg is None else sighting.pose.model_copy(update={"omega_deg": omega_deg})
    held = geometry.model_copy(update={"axis_offset_mm": 0.0}) if fit_axis_offset else geometry
    view = view_of(held, sighting.camera, pose, sighting.orientation)
    rows = view.rows_px
    if fit_axis_offset:
        rows = np.column_stack([rows, -sighting.camera.rows_px()[:, 1]])
    goals = np.array([sighting.x_px, sighting.y_px]) - view.origin_px
    return rows / sighting.sigma_px, goals / sighting.sigma_px


def _equations(sightings: Sequence[Sighting], geometry: GoniometerGeometry, fit_axis_offset: bool) -> _Equations:
    parts = [_rows(sighting, geometry, fit_axis_offset) for sighting in sightings]
    return _Equations(np.stack([rows for rows, _ in parts]), np.stack([goals for _, goals in parts]))


def _left_out(equations: _Equations) -> tuple[Array, tuple[int, ...]]:
    """How far each click is from what the others say, and which of them are likely wrong."""
    number = len(equations.goals)
    off = np.full(number, np.nan)
    rest_agrees = np.zeros(number, dtype=bool)
    for index in range(number if number > 1 else 0):
        others = equations.without(index)
        if others.weakest_um > SIGMA_MOST_UM:
            continue
        solution, covariance, residual = others.solved()
        rows = equations.rows[index]
        missed = equations.goals[index] - rows @ solution
        off[index] = math.sqrt(missed @ np.linalg.solve(np.eye(2) + rows @ covariance @ rows.T, missed))
        freedom = residual.size - len(solution)
        allowed = chi2_distribution.isf(chi2_distribution.sf(GATE_SIGMA**2, 1), freedom) if freedom else math.inf
        rest_agrees[index] = (residual**2).sum() <= allowed
    wrong = off > GATE_SIGMA
    told = wrong & rest_agrees
    return off, tuple(np.flatnonzero(told if told.any() else wrong).tolist())


def _most_telling_deg(
    last: Sighting, geometry: GoniometerGeometry, equations: _Equations, fit_axis_offset: bool
) -> float:
    """Omega, from -180 to below 180, at which a click like the last one makes the weakest direction strongest."""
    omega_deg, best = last.pose.omega_deg, -1.0
    for step in range(math.ceil(360 / ANGLE_STEP_DEG)):
        candidate_deg = last.pose.omega_deg + step * ANGLE_STEP_DEG
        rows, _ = _rows(last, geometry, fit_axis_offset, candidate_deg)
        gain = float(np.linalg.eigvalsh(equations.normal + rows.T @ rows)[0])
        if gain > best * (1 + 1e-6):  # equal but for rounding: the nearer one
            omega_deg, best = candidate_deg, gain
    return (omega_deg + 180.0) % 360.0 - 180.0


def _line(
    sightings: Sequence[Sighting], geometry: GoniometerGeometry, equations: _Equations, fit_axis_offset: bool
) -> LineOnly:
    three = _equations(sightings, geometry, False)
    if three.weakest_um > SIGMA_MOST_UM:
        equations, fit_axis_offset = three, False
        reason = f"all clicks ({len(sightings)}) are from one direction, which gives a line"
    else:
        reason = f"{len(sightings)} clicks leave open how high the omega axis is"
    last = sightings[-1]
    omega_deg = _most_telling_deg(last, geometry, equations, fit_axis_offset)
    values, vectors = np.linalg.eigh(equations.normal)
    strong = vectors[:, 1:] / np.sqrt(values[1:])
    direction = vectors[:3, 0] / np.linalg.norm(vectors[:3, 0])
    near = np.zeros(len(values))
    near[:3] = geometry.sample_mm(geometry.beam_mm, last.pose, last.orientation)
    if len(near) > 3:
        near[3] = geometry.axis_offset_mm
    off = np.einsum("nij,ni->j", equations.rows, equations.goals - equations.rows @ near)
    across = np.eye(3) - np.outer(direction, direction)
    return LineOnly(
        point_mm=(near + strong @ (strong.T @ off))[:3],
        direction=direction,
        covariance_mm2=across @ (strong @ strong.T)[:3, :3] @ across,
        add_omega_deg=omega_deg,
        reason=f"{reason}; click again at omega {omega_deg:g} deg",
    )
