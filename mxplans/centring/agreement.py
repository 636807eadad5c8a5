"""Whether a look from a new side shows the loop where earlier ones foretell it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mxplans.centring.loop import LoopCentred, middle_height_mm
from mxplans.centring.outline import LoopView, outline_of, sample_height_mm
from mxplans.model.acquisition import Pose
from mxplans.model.detection import PinSide

MARGIN_PX = 15.0
SIGMAS = 2.0
TRUE_UM = 3.0
"""Run-out of an axis, and what an outline is off by blur: nothing is asked to agree better, times `SIGMAS`."""


@dataclass(frozen=True)
class Agreement:
    """How far off the loop is in a view, um: along omega (its tip) and across (its middle); and what is allowed.

    Both are infinite when the view shows nothing.
    """

    along_um: float
    across_um: float
    allowed_um: float

    @property
    def off_um(self) -> float:
        """The larger of the two."""
        return max(self.along_um, self.across_um)

    @property
    def within(self) -> bool:
        """Whether it agrees."""
        return self.off_um <= self.allowed_um


def fits(found: LoopCentred, view: LoopView) -> bool:
    """Whether a loop in the middle of the beam is inside an image of this zoom from its tip to its neck."""
    if view.opaque is None:
        return True
    half_px = found.length_um / 2 / view.camera.um_per_px + MARGIN_PX
    return bool(half_px < min(view.camera.beam_x_px, view.opaque.shape[1] - 1 - view.camera.beam_x_px))


def room_for_neck(found: LoopCentred, view: LoopView) -> Pose | None:
    """Motors that put the tip just inside the image, so that as much as can be is seen behind it; None if it is there."""
    if view.opaque is None:
        return None
    right = view.pin_side is PinSide.RIGHT
    column = MARGIN_PX if right else view.opaque.shape[1] - 1 - MARGIN_PX
    x_mm = view.camera.offset_mm(column, 0.0)[0] - found.tip_mm[0]
    if abs(x_mm - view.pose.x_mm) * 1000 < MARGIN_PX * view.camera.um_per_px:
        return None
    return found.pose.model_copy(update={"x_mm": x_mm})


def agreement(found: LoopCentred, view: LoopView) -> Agreement:
    """Compare what is foretold for the angle of a view with what it shows."""
    angle = math.radians(view.pose.omega_deg)
    design = np.array([math.cos(angle), -math.sin(angle), 1.0])
    foretold_um = 1000 * math.sqrt(float(design @ found.axis.covariance_mm2 @ design))
    allowed_um = SIGMAS * math.hypot(foretold_um, view.sigma_mm * 1000, TRUE_UM)
    outline = outline_of(view)
    if outline is None:
        return Agreement(math.inf, math.inf, allowed_um)
    height_mm = sample_height_mm(outline, middle_height_mm(outline, found.length_um / 1000))
    return Agreement(
        along_um=abs(outline.tip_x_mm - found.tip_mm[0]) * 1000,
        across_um=abs(height_mm - found.axis.height_mm(view.pose.omega_deg)) * 1000,
        allowed_um=allowed_um,
    )
