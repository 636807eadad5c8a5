"""What a look at the sample shows: images on their way to a detector, and what it found in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


class Notion(StrEnum):
    """What a detector may tell apart. Masks may overlap: a crystal lies in its loop, and all of it is foreground."""

    FOREGROUND = "foreground"
    CRYSTAL = "crystal"
    LOOP_INSIDE = "loop_inside"
    LOOP = "loop"
    STEM = "stem"
    PIN = "pin"


class PinSide(StrEnum):
    """The side of the image from which the pin enters."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True)
class Look:
    """One on-axis image with what is known of it.

    Attributes:
        image: Grey (height, width) or colour (height, width, 3).
        um_per_px: Scale at the sample.
        pin_side: Where the pin enters.
        background: The same view without a sample, of the same shape; None where there is none.
    """

    image: Image
    um_per_px: float
    pin_side: PinSide = PinSide.RIGHT
    background: Image | None = None


@dataclass(frozen=True)
class Box:
    """First and last column and row of something, px, both of them within it."""

    x_first: int
    y_first: int
    x_last: int
    y_last: int


@dataclass(frozen=True)
class Detection:
    """What a detector saw in one look. What it does not say is not there: None, and never the middle of the image.

    Attributes:
        detector: Which one says so.
        masks: By notion, each (height, width) of the image; only notions that were found.
        tip_px: Column and row of the end away from the pin; index = centre of a pixel.
        box_px: Around the foreground.
        centroid_px: Column and row of the middle of what should be in the beam: crystal, else loop, else foreground.
        score: How sure it is, 0 to 1.
        reason: Why nothing was found, for people.
        evidence: Numbers by name, units as suffixes. `answer_used` is False where the detector could not tell anything
            of the sample: its image or its service's answer was no use.
    """

    detector: str
    masks: Mapping[Notion, Mask] = field(default_factory=dict)
    tip_px: tuple[float, float] | None = None
    box_px: Box | None = None
    centroid_px: tuple[float, float] | None = None
    score: float = 0.0
    reason: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def present(self) -> bool:
        """Whether something stands there."""
        return Notion.FOREGROUND in self.masks

    @property
    def answered(self) -> bool:
        """Whether it says anything of the sample: that it is there, or that it is not.

        >>> Detection("murko", evidence={"answer_used": False}).answered
        False
        """
        return self.present or bool(self.evidence.get("answer_used", True))


@dataclass(frozen=True)
class StampedFrame:
    """A frame of a running camera.

    Attributes:
        time_s: When its exposure was half over, on the clock that stamps the goniometer's positions too, s since 1970.
        image: Grey (height, width).
    """

    time_s: float
    image: Image


@dataclass(frozen=True)
class AngleTrack:
    """Omega during a turn: angles (n,) in deg at times (n,) in s since 1970, which increase."""

    time_s: npt.NDArray[np.float64]
    omega_deg: npt.NDArray[np.float64]

    def at(self, time_s: float) -> float:
        """Omega at a time, deg, between the two readings around it.

        >>> AngleTrack(np.array([0.0, 1.0]), np.array([0.0, 90.0])).at(0.5)
        45.0
        """
        return float(np.interp(time_s, self.time_s, self.omega_deg))

    def covers(self, time_s: float) -> bool:
        """Whether a time lies within the turn.

        >>> AngleTrack(np.array([0.0, 1.0]), np.array([0.0, 90.0])).covers(1.5)
        False
        """
        return bool(self.time_s[0] <= time_s <= self.time_s[-1])
