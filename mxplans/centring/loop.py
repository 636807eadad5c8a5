"""The loop in three dimensions, from silhouettes around a full turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from mxplans.centring.axis import AxisFit, fit_axis
from mxplans.centring.silhouette import Silhouette
from mxplans.geometry import Camera
from mxplans.model.acquisition import Pose

Array = npt.NDArray[np.float64]

NECK_FRACTION = 0.4  # the loop ends where the outline is narrower than this part of its widest
LOOP_LENGTH_MAX_MM = 0.9
RESIDUAL_MAX_MM = 0.06


@dataclass(frozen=True)
class LoopView:
    """One image: where the goniometer stood, through which camera, what was seen."""

    pose: Pose
    camera: Camera
    silhouette: Silhouette


@dataclass(frozen=True)
class LoopCentred:
    """The loop was found.

    Attributes:
        pose: Motors that put its centre on the omega axis and into the beam; omega shows the flat face.
        tip_x_mm: Motor x that puts its tip into the beam.
        axis_offset_mm: Height of the beam below the omega axis.
        length_um: Along omega, from the tip to the neck.
        flat_um: Across, on the flat face.
        edge_um: Across, seen on the edge.
        sigma_um: Standard error of y and z.
        views_used: Of all views.
    """

    pose: Pose
    tip_x_mm: float
    axis_offset_mm: float
    length_um: float
    flat_um: float
    edge_um: float
    sigma_um: float
    views_used: int

    def values(self) -> dict[str, float | int]:
        """The values of its event."""
        return {
            "optical_x_mm": self.pose.x_mm,
            "optical_y_mm": self.pose.y_mm,
            "optical_z_mm": self.pose.z_mm,
            "optical_omega_flat_deg": self.pose.omega_deg,
            "optical_tip_x_mm": self.tip_x_mm,
            "optical_axis_offset_mm": self.axis_offset_mm,
            "optical_length_um": self.length_um,
            "optical_flat_um": self.flat_um,
            "optical_edge_um": self.edge_um,
            "optical_sigma_um": self.sigma_um,
            "optical_views_used": self.views_used,
        }


@dataclass(frozen=True)
class LoopNotFound:
    """It was not; `empty` when no image showed anything."""

    empty: bool
    reason: str
    evidence: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Outline:
    """What one view says about the loop: column offsets and heights in mm from the beam."""

    x_mm: Array
    middle_mm: Array
    width_mm: Array


def locate_loop(views: Sequence[LoopView]) -> LoopCentred | LoopNotFound:
    """Find the loop that all views show; the translations must be the same in all of them.

    The tip is the left end of the outline, the neck the first place behind the widest one where the outline is narrow.
    The middle between them, fitted over omega, is the centre; how the width changes with omega gives the flat face.

    Args:
        views: At 6 angles or more over a full turn.
    """
    seen = [view for view in views if view.silhouette.present]
    largest_um2 = max((view.silhouette.area_um2 for view in views), default=0.0)
    evidence = {
        "largest_area_um2": largest_um2,
        "threshold_um2": views[0].silhouette.threshold_um2 if views else 0.0,
        "views": len(views),
        "views_with_object": len(seen),
    }
    if not seen or largest_um2 < evidence["threshold_um2"]:
        return LoopNotFound(
            True, f"nothing to be seen in {len(views)} images; largest object {largest_um2:.0f} um2", evidence
        )
    if len(seen) < max(4, len(views) // 2):
        return LoopNotFound(False, f"an object in {len(seen)} of {len(views)} images only", evidence)
    outlines = [_outline(view) for view in seen]
    tip_mm, length_mm = _extent(outlines)
    omega_deg = np.array([view.pose.omega_deg for view in seen])
    middles, widths = _middle_and_width(outlines, tip_mm, length_mm)
    fit = fit_axis(omega_deg, middles)
    evidence |= {"residual_um": fit.residual_mm * 1000, "views_used": float(fit.kept.sum())}
    if fit.residual_mm > RESIDUAL_MAX_MM:
        return LoopNotFound(
            False,
            f"the outlines do not turn about one axis: {fit.residual_mm * 1000:.0f} um off; "
            f"allowed are {RESIDUAL_MAX_MM * 1000:.0f} um",
            evidence,
        )
    return _centred(seen[0].pose, fit, tip_mm, length_mm, omega_deg, widths)


def _outline(view: LoopView) -> _Outline:
    first, last = view.silhouette.extents()
    columns = np.flatnonzero(~np.isnan(first))
    scale_mm = view.camera.um_per_px / 1000
    return _Outline(
        x_mm=np.asarray((columns - view.camera.beam_x_px) * scale_mm, dtype=np.float64),
        middle_mm=((first[columns] + last[columns]) / 2 - view.camera.beam_y_px) * scale_mm,
        width_mm=(last[columns] - first[columns] + 1) * scale_mm,
    )


def _extent(outlines: Sequence[_Outline]) -> tuple[float, float]:
    """Tip (mm right of the beam) and length of the loop, from the views together."""
    tips = np.array([outline.x_mm[0] for outline in outlines])
    tip_mm = float(np.median(tips))
    lengths = []
    for outline in outlines:
        near = (outline.x_mm - tip_mm) < LOOP_LENGTH_MAX_MM
        width, x_mm = outline.width_mm[near], outline.x_mm[near]
        widest = int(width.argmax())
        narrow = np.flatnonzero(width[widest:] < NECK_FRACTION * width[widest])
        end = widest + int(narrow[0]) if len(narrow) else len(width) - 1
        lengths.append((width[widest], x_mm[end] - tip_mm))
    # The widest views see the loop's face; on the edge the stem is as thick as the loop and says nothing.
    lengths.sort(reverse=True)
    face = [length for _, length in lengths[: max(2, len(lengths) // 2)]]
    return tip_mm, float(np.clip(np.median(face), 0.02, LOOP_LENGTH_MAX_MM))


def _middle_and_width(outlines: Sequence[_Outline], tip_mm: float, length_mm: float) -> tuple[Array, Array]:
    """Height of the loop's middle, and its largest extent across, for each view (n,)."""
    middles, widths = [], []
    for outline in outlines:
        inside = (outline.x_mm >= tip_mm) & (outline.x_mm <= tip_mm + length_mm)
        if not inside.any():
            inside = np.zeros_like(outline.x_mm, dtype=bool)
            inside[0] = True
        middle, width = outline.middle_mm[inside], outline.width_mm[inside]
        middles.append(float((middle * width).sum() / width.sum()))
        widths.append(float((middle + width / 2).max() - (middle - width / 2).min()))
    return np.array(middles), np.array(widths)


def _centred(
    pose: Pose, fit: AxisFit, tip_mm: float, length_mm: float, omega_deg: Array, widths_mm: Array
) -> LoopCentred:
    # Turning by half a turn shows the same width, hence the double angle.
    double = np.radians(2 * omega_deg)
    design = np.stack([np.ones_like(double), np.cos(double), np.sin(double)], axis=1)
    (mean, cos_part, sin_part), *_ = np.linalg.lstsq(design, widths_mm, rcond=None)
    flat_deg = float(np.degrees(np.arctan2(sin_part, cos_part)) / 2) % 180.0
    swing = float(np.hypot(cos_part, sin_part))
    centre_x_mm = tip_mm + length_mm / 2
    return LoopCentred(
        pose=Pose(
            x_mm=pose.x_mm - centre_x_mm, y_mm=pose.y_mm - fit.y_mm, z_mm=pose.z_mm - fit.z_mm, omega_deg=flat_deg
        ),
        tip_x_mm=pose.x_mm - tip_mm,
        axis_offset_mm=-fit.axis_mm,
        length_um=length_mm * 1000,
        flat_um=float(mean + swing) * 1000,
        edge_um=max(float(mean - swing), float(widths_mm.min())) * 1000,
        sigma_um=float(np.sqrt(max(fit.covariance_mm2[0, 0], fit.covariance_mm2[1, 1]))) * 1000,
        views_used=int(fit.kept.sum()),
    )
