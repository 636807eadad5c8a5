"""The loop in three dimensions, from silhouettes around a full turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from mxplans.centring.axis import AxisFit, fit_axis
from mxplans.centring.silhouette import Silhouette
from mxplans.geometry import Camera
from mxplans.model.acquisition import Pose

Array = npt.NDArray[np.float64]

NECK_FRACTION = 0.2  # the loop ends where it is wider than its stem by less than this part of what it is at most
PIN_WIDTH_MM = 0.45  # what is wider and reaches the pin's side is metal
TIP_MARGIN_PX = 2.0
TIP_SPREAD_MM = 0.04  # omega does not change where the tip is along the axis: other views show something else
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
        tip_in_image: False when the loop reaches the image's left border: it is longer than what was seen, so move
            the sample to the right and look again.
    """

    pose: Pose
    tip_x_mm: float
    axis_offset_mm: float
    length_um: float
    flat_um: float
    edge_um: float
    sigma_um: float
    views_used: int
    tip_in_image: bool = True

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
    leaves_image: bool


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
    seen, outlines = _whole(seen)
    evidence["views_whole"] = len(seen)
    if len(seen) < 4:
        return LoopNotFound(False, f"the loop's end is inside the image in {len(seen)} views; 4 are needed", evidence)
    profile_mm = _without_pin(_profile(outlines))
    if not len(profile_mm):
        return LoopNotFound(True, "a pin without a loop", evidence)
    tip_mm = float(np.median([outline.x_mm[0] for outline in outlines]))
    length_mm = _length(profile_mm, seen[0].camera.um_per_px / 1000)
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
    found = _centred(seen[0].pose, fit, tip_mm, length_mm, omega_deg, widths)
    border_mm = seen[0].camera.offset_mm(TIP_MARGIN_PX, 0)[0]
    return replace(found, tip_in_image=tip_mm > border_mm)


def _outline(view: LoopView) -> _Outline:
    first, last = view.silhouette.extents()
    columns = np.flatnonzero(~np.isnan(first))
    scale_mm = view.camera.um_per_px / 1000
    near = columns[: max(1, round(0.1 / scale_mm))]
    near_first, near_last = first[near], last[near]
    return _Outline(
        x_mm=np.asarray((columns - view.camera.beam_x_px) * scale_mm, dtype=np.float64),
        middle_mm=((first[columns] + last[columns]) / 2 - view.camera.beam_y_px) * scale_mm,
        width_mm=(last[columns] - first[columns] + 1) * scale_mm,
        leaves_image=bool((near_first <= 0).any() or (near_last >= len(view.silhouette.mask) - 1).any()),
    )


def _whole(views: Sequence[LoopView]) -> tuple[list[LoopView], list[_Outline]]:
    """The views whose loop is inside the image, with their outlines: its end is off the border, and where it should be."""
    pairs = [(view, _outline(view)) for view in views]
    inside = [pair for pair in pairs if not pair[1].leaves_image]
    if inside:
        tip_mm = float(np.median([outline.x_mm[0] for _, outline in inside]))
        inside = [pair for pair in inside if abs(pair[1].x_mm[0] - tip_mm) < TIP_SPREAD_MM]
    return [view for view, _ in inside], [outline for _, outline in inside]


def _profile(outlines: Sequence[_Outline]) -> Array:
    """Width (mm) behind the tip, pixel by pixel, as far as all views reach: root mean square over the views.

    The mean square of a flat loop's width is the same whatever the angles are, if they are equally spaced.
    """
    reach = min(len(outline.width_mm) for outline in outlines)
    return np.asarray(np.sqrt(np.mean([outline.width_mm[:reach] ** 2 for outline in outlines], axis=0)))


def _without_pin(profile_mm: Array) -> Array:
    """Cut the metal off the right end; nothing is left of a pin without a loop."""
    thin = np.flatnonzero(profile_mm < PIN_WIDTH_MM)
    if not len(thin):
        return profile_mm[:0]
    # A blunt end becomes as wide as a pin at once; a loop takes longer.
    if profile_mm[-1] >= PIN_WIDTH_MM and thin[-1] < 0.05 * len(profile_mm):
        return profile_mm[:0]
    return profile_mm[: thin[-1] + 1]


def _length(profile_mm: Array, mm_per_px: float) -> float:
    """From the tip to the neck: where the outline has become nearly as narrow as its stem."""
    loop = profile_mm[: max(1, round(LOOP_LENGTH_MAX_MM / mm_per_px))]
    widest = int(loop.argmax())
    stem_mm = float(np.percentile(profile_mm[widest:], 20))
    narrow = np.flatnonzero(profile_mm[widest:] <= stem_mm + NECK_FRACTION * (loop[widest] - stem_mm))
    length_mm = (widest + int(narrow[0])) * mm_per_px
    return float(np.clip(length_mm, 0.02, LOOP_LENGTH_MAX_MM))


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
    # Turning by half a turn shows the same width, hence the double angle. The squares follow it exactly, for an
    # elliptic cross-section: w^2 = flat^2 cos^2 + edge^2 sin^2.
    double = np.radians(2 * omega_deg)
    design = np.stack([np.ones_like(double), np.cos(double), np.sin(double)], axis=1)
    (mean, cos_part, sin_part), *_ = np.linalg.lstsq(design, widths_mm**2, rcond=None)
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
        flat_um=float(np.sqrt(mean + swing)) * 1000,
        edge_um=float(np.sqrt(max(mean - swing, widths_mm.min() ** 2))) * 1000,
        sigma_um=float(np.sqrt(max(fit.covariance_mm2[0, 0], fit.covariance_mm2[1, 1]))) * 1000,
        views_used=int(fit.kept.sum()),
    )
