"""The outline of a mount in one image: where it begins, how wide it is, how dark; measured from its tip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mxplans.geometry import Camera, height_row
from mxplans.model.acquisition import Pose
from mxplans.model.detection import Detection, Mask, Notion, PinSide

Array = npt.NDArray[np.float64]

NEAR_TIP_MM = 0.1
BORDER_PX = 2
TIP_SPREAD_MM = 0.04
"""Omega does not change where the tip is along the axis: views that differ more show something else."""


@dataclass(frozen=True)
class LoopView:
    """One image: where the goniometer stood, through which camera, what was seen.

    Attributes:
        pose: Of the motors during the exposure.
        camera: Scale and beam of the image.
        detection: What a detector found in it.
        pin_side: Where the pin enters the image.
        opaque: Where most of the light is lost, (height, width); None where nobody said.
        sigma_mm: Standard error of heights in it.
    """

    pose: Pose
    camera: Camera
    detection: Detection
    pin_side: PinSide = PinSide.RIGHT
    opaque: Mask | None = None
    sigma_mm: float = 0.003


@dataclass(frozen=True)
class Outline:
    """What one view says, column by column from the tip towards the pin; n columns, mm from the beam.

    It ends where the mount leaves the image above or below.

    Attributes:
        view: Which one.
        x_mm: Place of each column in the image, to the right (n,).
        middle_mm: Height of its middle, downwards (n,).
        width_mm: From its first to its last row (n,).
        opaque_frac: Part of it in which most of the light is lost (n,).
        tip_in_image: Whether the tip is off the border at which it would leave the image.
        cut: Whether it leaves the image above or below near its tip.
    """

    view: LoopView
    x_mm: Array
    middle_mm: Array
    width_mm: Array
    opaque_frac: Array
    tip_in_image: bool
    cut: bool

    @property
    def tip_x_mm(self) -> float:
        """Place of the tip along omega, in the frame of the sample."""
        return float(self.x_mm[0]) - self.view.pose.x_mm

    @property
    def depth_mm(self) -> Array:
        """Distance of each column behind the tip, along omega."""
        return np.asarray(np.abs(self.x_mm - self.x_mm[0]))

    def at(self, depth_mm: Array, values: Array) -> Array:
        """Values of the columns at other depths; NaN beyond the last column."""
        return np.asarray(np.interp(depth_mm, self.depth_mm, values, right=np.nan))


def outline_of(view: LoopView) -> Outline | None:
    """The outline of what a view shows; None when it shows nothing."""
    mask = view.detection.masks.get(Notion.FOREGROUND)
    if mask is None or not mask.any():
        return None
    columns = np.flatnonzero(mask.any(axis=0))
    if view.pin_side is PinSide.LEFT:
        columns = columns[::-1]
    first = mask.argmax(axis=0)[columns]
    last = len(mask) - 1 - mask[::-1].argmax(axis=0)[columns]
    scale_mm = view.camera.um_per_px / 1000
    cut = np.flatnonzero((first <= 0) | (last >= len(mask) - 1))
    near = max(1, round(NEAR_TIP_MM / scale_mm))
    whole_to = int(cut[0]) if len(cut) and cut[0] >= near else len(columns)
    columns, first, last = columns[:whole_to], first[:whole_to], last[:whole_to]
    border = BORDER_PX if view.pin_side is PinSide.RIGHT else mask.shape[1] - 1 - BORDER_PX
    inside = columns[0] > border if view.pin_side is PinSide.RIGHT else columns[0] < border
    dark = np.zeros(len(columns)) if view.opaque is None else (view.opaque & mask).sum(axis=0)[columns]
    return Outline(
        view=view,
        x_mm=np.asarray((columns - view.camera.beam_x_px) * scale_mm, dtype=np.float64),
        middle_mm=((first + last) / 2 - view.camera.beam_y_px) * scale_mm,
        width_mm=(last - first + 1) * scale_mm,
        opaque_frac=dark / mask.sum(axis=0)[columns],
        tip_in_image=bool(inside),
        cut=bool(len(cut) and cut[0] < near),
    )


def whole(outlines: Sequence[Outline]) -> list[Outline]:
    """Those whose end is inside the image, above and below, and where it is in most of them."""
    inside = [outline for outline in outlines if not outline.cut]
    if not inside:
        return []
    usual_mm = float(np.median([outline.tip_x_mm for outline in inside]))
    return [outline for outline in inside if abs(outline.tip_x_mm - usual_mm) < TIP_SPREAD_MM]


def sample_height_mm(outline: Outline, height_mm: float) -> float:
    """A height in the image as it would be with motors y and z at 0."""
    return sample_height(outline.view.pose, height_mm)


def sample_height(pose: Pose, height_mm: float) -> float:
    """As `sample_height_mm`, of an image that was taken with the motors there.

    >>> sample_height(Pose(x_mm=0.0, y_mm=0.1, z_mm=0.2, omega_deg=90.0), 0.3)
    0.5
    """
    return height_mm - float(height_row(pose.omega_deg) @ np.array(pose.xyz_mm[1:]))
