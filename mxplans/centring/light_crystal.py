"""The crystal as a detector sees it with light: its centre in three dimensions, where most views show one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mxplans.centring.axis import fit_axis
from mxplans.centring.loop import VIEWS_MIN
from mxplans.centring.loop_limits import MOTORS_AT_0
from mxplans.centring.outline import LoopView, sample_height
from mxplans.geometry import GoniometerGeometry, Orientation
from mxplans.model.acquisition import Pose, Vector
from mxplans.model.detection import Mask, Notion

Array = npt.NDArray[np.float64]

SEEN_MIN = 0.5
"""Part of the views that must show a crystal. With fewer it is a matter of chance, and left to X-rays."""
RESIDUAL_MAX_MM = 0.03
"""Beyond that they do not show one thing that turns about the axis: reflections, now this crystal and now that."""


@dataclass(frozen=True)
class LightCrystal:
    """A crystal was seen. Its place is where it stands with motors x, y and z at 0, as a loop's is.

    Attributes:
        centre_mm: Its place.
        covariance_mm2: Of the place, (3, 3).
        views_used: How many views count.
        seen_frac: Part of the views that show it.
        residual_um: Root mean square of the heights over the views that count.
    """

    centre_mm: Vector
    covariance_mm2: Array
    views_used: int
    seen_frac: float
    residual_um: float

    @property
    def sigma_mm(self) -> Vector:
        """Standard errors along x, y and z."""
        x, y, z = np.sqrt(np.diag(self.covariance_mm2))
        return float(x), float(y), float(z)

    def in_sample(self, geometry: GoniometerGeometry, orientation: Orientation) -> LightCrystal:
        """The same in the frame of the sample, when the axes above omega stood so."""
        centre = geometry.sample_mm(self.centre_mm, MOTORS_AT_0, orientation)
        turned = geometry.mount(orientation)
        x, y, z = (float(each) for each in centre)
        return replace(self, centre_mm=(x, y, z), covariance_mm2=turned.T @ self.covariance_mm2 @ turned)

    def values(self) -> dict[str, float | int]:
        """The values of its event."""
        axes = ("x", "y", "z")
        places = {f"optical_crystal_{axis}_mm": each for axis, each in zip(axes, self.centre_mm, strict=True)}
        sigmas = {f"optical_crystal_sigma_{axis}_mm": each for axis, each in zip(axes, self.sigma_mm, strict=True)}
        return {
            **places,
            **sigmas,
            "optical_crystal_seen_frac": self.seen_frac,
            "optical_crystal_residual_um": self.residual_um,
            "optical_crystal_views_used": self.views_used,
        }

    def pose(self, omega_deg: float) -> Pose:
        """Motors that put it on the omega axis and into the beam."""
        x, y, z = self.centre_mm
        return Pose(x_mm=-x, y_mm=-y, z_mm=-z, omega_deg=omega_deg)


def crystal_by_light(views: Sequence[LoopView]) -> LightCrystal | None:
    """Where the crystal is that at least half of the views show; None where they do not, or not one and the same.

    The height of its centroid is fitted over omega; along the axis, which omega does not change, it is the median.

    Args:
        views: At 6 angles or more, best over a full turn; zoom and motors may differ.

    Source:
        One rotation axis, linear: v = c + y cos w - z sin w, as for the loop.
    """
    seen = [(view, mask) for view in views if (mask := _crystal(view)) is not None]
    if len(seen) < max(VIEWS_MIN, SEEN_MIN * len(views)):
        return None
    places = np.array([_centroid_mm(view, mask) for view, mask in seen])
    omega_deg = np.array([view.pose.omega_deg for view, _ in seen])
    sigma_mm = np.array([view.sigma_mm for view, _ in seen])
    fit = fit_axis(omega_deg, places[:, 1], sigma_mm)
    if fit.residual_mm > RESIDUAL_MAX_MM:
        return None
    along_mm = places[fit.kept, 0]
    covariance_mm2 = np.zeros((3, 3))
    covariance_mm2[0, 0] = _median_variance(along_mm, sigma_mm[fit.kept])
    covariance_mm2[1:, 1:] = fit.covariance_mm2[:2, :2]
    return LightCrystal(
        centre_mm=(float(np.median(along_mm)), fit.y_mm, fit.z_mm),
        covariance_mm2=covariance_mm2,
        views_used=int(fit.kept.sum()),
        seen_frac=len(seen) / len(views),
        residual_um=fit.residual_mm * 1000,
    )


def _crystal(view: LoopView) -> Mask | None:
    mask = view.detection.masks.get(Notion.CRYSTAL)
    return mask if mask is not None and mask.any() else None


def _centroid_mm(view: LoopView, mask: Mask) -> tuple[float, float]:
    """Where the middle of a mask is along omega and across, as it would be with the motors at 0."""
    rows, columns = np.nonzero(mask)
    scale_mm = view.camera.um_per_px / 1000
    x_mm = (float(columns.mean()) - view.camera.beam_x_px) * scale_mm
    y_mm = (float(rows.mean()) - view.camera.beam_y_px) * scale_mm
    return x_mm - view.pose.x_mm, sample_height(view.pose, y_mm)


def _median_variance(values_mm: Array, sigma_mm: Array) -> float:
    """Of the median of values: what they scatter by, no less than what each is said to be off by."""
    spread_mm = 1.4826 * float(np.median(np.abs(values_mm - np.median(values_mm))))
    each_mm = max(spread_mm, float(np.median(sigma_mm)))
    return float(np.pi / 2 * each_mm**2 / len(values_mm))
