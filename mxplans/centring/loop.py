"""The loop in three dimensions, from outlines around a turn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mxplans.centring.axis import AxisFit, fit_axis
from mxplans.centring.failures import LoopNotFound, OpticalFailure
from mxplans.centring.neck import PIN_WIDTH_MM, loop_length_mm, stem_seen, width_profile, without_pin
from mxplans.centring.outline import LoopView, Outline, outline_of, sample_height_mm, whole
from mxplans.model.acquisition import Pose, Vector

Array = npt.NDArray[np.float64]

RESIDUAL_MAX_MM = 0.06
VIEWS_MIN = 4
STRAIGHT = (1.0, 0.0, 0.0)
"""A straight pin lies along omega, as long as no axis above omega is turned."""
CLEAREST_PERCENT = 10
"""Of the views. Edges of clear liquid are dark as well, but from the flat face its middle is not; ice is dark from all."""
INNER = (0.1, 0.9)
"""Part of the loop in which its middle line is straight: neither tip nor neck."""


@dataclass(frozen=True)
class LoopCentred:
    """The loop was found. Places are in the frame of the sample: where they stand with motors x, y and z at 0.

    Attributes:
        centre_mm: Half way between its tip and its neck.
        covariance_mm2: Of the centre, (3, 3).
        tip_mm: Its end away from the pin.
        axis: How the omega axis and the centre's height fit, for predictions.
        omega_flat_deg: At which its flat face is seen.
        length_um: Along omega, from the tip to the neck.
        flat_um: Across, on the flat face.
        edge_um: Across, seen on the edge.
        bend_deg: Between the mount, as far as it is seen, and where a straight pin would lie.
        opaque_frac: Part of the loop in which most of the light is lost, from the sides that are clearest.
        views_used: Of all views.
        views_whole: Part of the views that show something, in which the end of the loop is inside the image.
        tip_in_image: False when the loop reaches the image's border: it is longer than what was seen, so move it in
            and look again.
        neck_in_image: False when it ends where the views end: its length is that of what was seen.
    """

    centre_mm: Vector
    covariance_mm2: Array
    tip_mm: Vector
    axis: AxisFit
    omega_flat_deg: float
    length_um: float
    flat_um: float
    edge_um: float
    bend_deg: float
    opaque_frac: float
    views_used: int
    views_whole: float
    tip_in_image: bool = True
    neck_in_image: bool = True

    @property
    def pose(self) -> Pose:
        """Motors that put its centre on the omega axis and into the beam; omega shows the flat face."""
        x, y, z = self.centre_mm
        return Pose(x_mm=-x, y_mm=-y, z_mm=-z, omega_deg=self.omega_flat_deg)

    @property
    def neck_mm(self) -> Vector:
        """Where it ends, at the pin's side."""
        x, y, z = (2 * middle - tip for middle, tip in zip(self.centre_mm, self.tip_mm, strict=True))
        return x, y, z

    @property
    def axis_offset_mm(self) -> float:
        """Height of the beam below the omega axis."""
        return -self.axis.axis_mm

    @property
    def sigma_um(self) -> Vector:
        """Standard errors of the centre along x, y and z."""
        x, y, z = np.sqrt(np.diag(self.covariance_mm2)) * 1000
        return float(x), float(y), float(z)

    def values(self) -> dict[str, float | int]:
        """The values of its event."""
        x_um, y_um, z_um = self.sigma_um
        return {
            "optical_x_mm": self.pose.x_mm,
            "optical_y_mm": self.pose.y_mm,
            "optical_z_mm": self.pose.z_mm,
            "optical_omega_flat_deg": self.pose.omega_deg,
            "optical_tip_x_mm": -self.tip_mm[0],
            "optical_axis_offset_mm": self.axis_offset_mm,
            "optical_length_um": self.length_um,
            "optical_flat_um": self.flat_um,
            "optical_edge_um": self.edge_um,
            "optical_sigma_x_um": x_um,
            "optical_sigma_y_um": y_um,
            "optical_sigma_z_um": z_um,
            "optical_bend_deg": self.bend_deg,
            "optical_opaque_frac": self.opaque_frac,
            "optical_views_used": self.views_used,
        }


def locate_loop(views: Sequence[LoopView], pin_axis: Vector = STRAIGHT) -> LoopCentred | LoopNotFound:
    """Find the loop that all views show; zoom and motors may differ from view to view.

    The tip is the end of the outline away from the pin, the neck the first place behind the widest one where the outline
    is narrow. The middle between them, fitted over omega, is the centre; how the width changes with omega gives the flat
    face.

    Args:
        views: At 6 angles or more, best over a full turn.
        pin_axis: Along which a straight pin lies at omega 0, to the right; not along omega where axes above it are turned.
    """
    outlines = [outline for outline in map(outline_of, views) if outline is not None]
    evidence: dict[str, float] = {"views": len(views), "views_with_object": len(outlines)}
    if not outlines:
        evidence |= _largest(views)
        return LoopNotFound(OpticalFailure.EMPTY, f"nothing to be seen in {len(views)} images", evidence)
    inside = whole(outlines)
    evidence["views_whole"] = len(inside)
    if len(inside) < VIEWS_MIN:
        reason = f"the loop's end is inside the image in {len(inside)} views; {VIEWS_MIN} are needed"
        return LoopNotFound(OpticalFailure.OUT_OF_VIEW, reason, evidence)
    reach_mm, seen_mm = width_profile(inside)
    depth_mm, width_mm = without_pin(reach_mm, seen_mm)
    if not len(depth_mm):
        narrowest_um = float(min(outline.width_mm.min() for outline in inside)) * 1000
        evidence |= {"narrowest_um": narrowest_um, "pin_width_um": PIN_WIDTH_MM * 1000}
        return LoopNotFound(OpticalFailure.EMPTY, "a pin without a loop", evidence)
    length_mm = loop_length_mm(depth_mm, width_mm)
    lines = [_middle_line(outline, length_mm) for outline in inside]
    fit = _fit(inside, [line.middle_mm for line in lines])
    evidence |= {"residual_um": fit.residual_mm * 1000, "views_used": float(fit.kept.sum())}
    if fit.residual_mm > RESIDUAL_MAX_MM:
        reason = (
            f"the outlines do not turn about one axis: {fit.residual_mm * 1000:.0f} um off; allowed are "
            f"{RESIDUAL_MAX_MM * 1000:.0f} um"
        )
        return LoopNotFound(OpticalFailure.UNSTEADY, reason, evidence)
    found = _centred(outlines, inside, lines, fit, length_mm, pin_axis)
    pin_seen = len(depth_mm) < len(reach_mm)
    return replace(found, neck_in_image=pin_seen or stem_seen(depth_mm, width_mm, length_mm))


def _largest(views: Sequence[LoopView]) -> dict[str, float]:
    """Of what detectors did not take for a mount, as far as they say."""
    said = [view.detection.evidence for view in views]
    return {
        name: max(float(each[name]) for each in said if name in each)
        for name in ("largest_area_um2", "threshold_um2")
        if any(name in each for each in said)
    }


@dataclass(frozen=True)
class _MiddleLine:
    """The middle of a loop in one view: its height half way, how it rises towards the pin, and its extent across."""

    middle_mm: float
    rise: float
    extent_mm: float
    opaque_frac: float


def _middle_line(outline: Outline, length_mm: float) -> _MiddleLine:
    depth_mm, middle, width = outline.depth_mm, outline.middle_mm, outline.width_mm
    loop = depth_mm <= length_mm
    inner = loop & (depth_mm >= INNER[0] * length_mm) & (depth_mm <= INNER[1] * length_mm)
    inner = inner if inner.sum() >= 2 else loop
    rise, start = np.polyfit(depth_mm[inner], middle[inner], 1) if inner.sum() >= 2 else (0.0, middle[0])
    extent_mm = (middle[loop] + width[loop] / 2).max() - (middle[loop] - width[loop] / 2).min()
    opaque = float((outline.opaque_frac[loop] * width[loop]).sum() / width[loop].sum())
    return _MiddleLine(float(start + rise * length_mm / 2), float(rise), float(extent_mm), opaque)


def middle_height_mm(outline: Outline, length_mm: float) -> float:
    """Height in the image of the middle of a loop that is so long."""
    return _middle_line(outline, length_mm).middle_mm


def _fit(outlines: Sequence[Outline], heights_mm: Sequence[float]) -> AxisFit:
    omega_deg = np.array([outline.view.pose.omega_deg for outline in outlines])
    sigma_mm = np.array([outline.view.sigma_mm for outline in outlines])
    at_zero = [sample_height_mm(outline, height) for outline, height in zip(outlines, heights_mm, strict=True)]
    return fit_axis(omega_deg, np.array(at_zero), sigma_mm)


def _centred(
    seen: Sequence[Outline],
    inside: Sequence[Outline],
    lines: Sequence[_MiddleLine],
    fit: AxisFit,
    length_mm: float,
    pin_axis: Vector,
) -> LoopCentred:
    omega_deg = np.array([outline.view.pose.omega_deg for outline in inside])
    best_mm = min(outline.view.sigma_mm for outline in inside)
    sharp = [outline for outline in inside if outline.view.sigma_mm == best_mm]
    tip_x_mm = float(np.median([outline.tip_x_mm for outline in sharp]))
    sign = 1.0 if inside[0].x_mm[-1] >= inside[0].x_mm[0] else -1.0
    flat_deg, flat_mm, edge_mm = flat_and_edge(omega_deg, np.array([line.extent_mm for line in lines]))
    rise_y, rise_z = _direction(omega_deg, np.array([line.rise for line in lines]))
    tip_mm = (tip_x_mm, fit.y_mm - rise_y * length_mm / 2, fit.z_mm - rise_z * length_mm / 2)
    covariance_mm2 = np.zeros((3, 3))
    covariance_mm2[0, 0] = best_mm**2 * 2  # tip and neck, each as good as a height
    covariance_mm2[1:, 1:] = fit.covariance_mm2[:2, :2]
    return LoopCentred(
        centre_mm=(tip_x_mm + sign * length_mm / 2, fit.y_mm, fit.z_mm),
        covariance_mm2=covariance_mm2,
        tip_mm=tip_mm,
        axis=fit,
        omega_flat_deg=flat_deg,
        length_um=length_mm * 1000,
        flat_um=flat_mm * 1000,
        edge_um=edge_mm * 1000,
        bend_deg=_bend_deg(inside, omega_deg, pin_axis),
        opaque_frac=float(np.percentile([line.opaque_frac for line in lines], CLEAREST_PERCENT)),
        views_used=int(fit.kept.sum()),
        views_whole=len(inside) / len(seen),
        tip_in_image=sum(outline.tip_in_image for outline in inside) > len(inside) / 2,
    )


def flat_and_edge(omega_deg: Array, extent_mm: Array) -> tuple[float, float, float]:
    """The angle (deg, 0 to 180) at which a flat body looks largest, and its extents across there and on the edge, mm.

    Half a turn shows the same extent, hence the double angle. The squares follow it exactly, for an elliptic
    cross-section: w^2 = flat^2 cos^2 + edge^2 sin^2.

    >>> w = np.arange(0.0, 360.0, 10.0)
    >>> seen = np.sqrt(0.3**2 * np.cos(np.radians(w - 40)) ** 2 + 0.1**2 * np.sin(np.radians(w - 40)) ** 2)
    >>> [round(value, 6) for value in flat_and_edge(w, seen)]
    [40.0, 0.3, 0.1]
    """
    double = np.radians(2 * omega_deg)
    design = np.stack([np.ones_like(double), np.cos(double), np.sin(double)], axis=1)
    (mean, cos_part, sin_part), *_ = np.linalg.lstsq(design, extent_mm**2, rcond=None)
    flat_deg = math.degrees(math.atan2(sin_part, cos_part)) / 2 % 180.0
    swing = math.hypot(cos_part, sin_part)
    return flat_deg, math.sqrt(mean + swing), math.sqrt(max(mean - swing, float(extent_mm.min()) ** 2))


def _direction(omega_deg: Array, rise: Array) -> tuple[float, float]:
    """How much y and z change per length along the loop, from the rise seen at each angle."""
    angle = np.radians(omega_deg)
    (y, z), *_ = np.linalg.lstsq(np.stack([np.cos(angle), -np.sin(angle)], axis=1), rise, rcond=None)
    return float(y), float(z)


def _bend_deg(outlines: Sequence[Outline], omega_deg: Array, pin_axis: Vector) -> float:
    """Between where a straight pin lies and the line through all that is seen of the mount."""
    rises = [float(np.polyfit(outline.x_mm, outline.middle_mm, 1)[0]) for outline in outlines]
    seen, straight = np.array([1.0, *_direction(omega_deg, np.array(rises))]), np.array(pin_axis)
    off = np.linalg.norm(np.cross(seen, straight))
    return math.degrees(math.atan2(float(off), float(seen @ straight)))
