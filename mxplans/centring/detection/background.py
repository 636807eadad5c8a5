"""The view without a sample: how it is made of several frames, and whether it still holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mxplans.centring.detection.usable import as_gray, dark_frac, saturated_frac, shrunk, what_is_wrong
from mxplans.errors import InvalidInput
from mxplans.model.detection import Image, Mask

FRAMES_MIN = 5
"""So that a flake of ice that falls through the view is in fewer than half of them."""
CORRELATION_MIN = 0.98
RESIDUAL_MAX_FRAC = 0.02
"""A flat field has no structure that could correlate; then it holds if it fits to a third of the least contrast."""
STEP_PX = 8
BORDER_FRAC = 0.125
OUTLIER_SIGMAS = 4.0
OUTLIER_FRAC = 0.06


class ViewKey(NamedTuple):
    """What a background belongs to; the light's level is rounded to a hundredth."""

    camera: str
    zoom: str
    light_frac: float

    @classmethod
    def of(cls, camera: str, zoom: str, light_frac: float) -> ViewKey:
        """The key of a view."""
        return cls(camera, zoom, round(float(light_frac), 2))


@dataclass(frozen=True)
class Statistics:
    """Of the frames a background was made of.

    Attributes:
        frames: How many.
        mean: Grey value.
        noise: Standard deviation of a pixel over the frames, median of all pixels, grey values.
        dark_frac: Part that is black.
        saturated_frac: Part that is full.
    """

    frames: int
    mean: float
    noise: float
    dark_frac: float
    saturated_frac: float


class Freshness(NamedTuple):
    """How well a background fits an image where no sample is."""

    correlation: float
    residual_frac: float

    @property
    def fresh(self) -> bool:
        """Whether it still holds."""
        return self.correlation >= CORRELATION_MIN or self.residual_frac <= RESIDUAL_MAX_FRAC


@dataclass(frozen=True, eq=False)
class Background:
    """The view of a camera without a sample.

    Attributes:
        image: Median of the frames, as the camera gives them: (height, width) or (height, width, 3).
        camera: Its name.
        zoom: Name of the zoom level.
        light_frac: Level of the light.
        time_s: When the last frame was taken, s since 1970.
        statistics: Of the frames.
    """

    image: Image
    camera: str
    zoom: str
    light_frac: float
    time_s: float
    statistics: Statistics

    @classmethod
    def of(cls, frames: Sequence[Image], camera: str, zoom: str, light_frac: float, time_s: float) -> Background:
        """Make it of frames that were taken with the goniometer empty.

        Raises:
            InvalidInput: If there are too few frames, or they are no images of one shape.
        """
        if len(frames) < FRAMES_MIN:
            raise InvalidInput(f"background of {camera}: {len(frames)} frames; take {FRAMES_MIN} or more")
        for frame in frames:
            if (wrong := what_is_wrong(frame)) or frame.shape != frames[0].shape:
                wrong = wrong or f"frames of the shapes {frames[0].shape} and {frame.shape}; they must be alike"
                raise InvalidInput(f"background of {camera}: {wrong}; take the frames again")
        stack = np.stack(list(frames))
        image = np.median(stack, axis=0).astype(np.uint8)
        gray = as_gray(image)
        noise = float(np.median(stack[:, ::STEP_PX, ::STEP_PX].std(axis=0)))
        statistics = Statistics(len(frames), float(gray.mean()), noise, dark_frac(gray), saturated_frac(gray))
        return cls(image, camera, zoom, light_frac, time_s, statistics)

    @property
    def key(self) -> ViewKey:
        """What it belongs to."""
        return ViewKey.of(self.camera, self.zoom, self.light_frac)

    def values(self) -> dict[str, str | float | int]:
        """The values of its event."""
        return {
            "background_camera": self.camera,
            "background_zoom": self.zoom,
            "background_light_frac": self.light_frac,
            "background_mean": self.statistics.mean,
            "background_noise": self.statistics.noise,
            "background_frames": self.statistics.frames,
        }

    def fresh(self, image: Image) -> bool:
        """Whether it still fits an image, wherever in it a sample is.

        Raises:
            InvalidInput: If the image has another shape.
        """
        return freshness(image, self.image).fresh


def freshness(image: Image, background: Image) -> Freshness:
    """Compare an image with a background along its border, without the part that a sample covers.

    How bright the light is as a whole does not count.

    Raises:
        InvalidInput: If they are no images or of different sizes.
    """
    require_fits(image, background)
    small, behind = (shrunk(as_gray(each), STEP_PX) for each in (image, background))
    border = _border(small.shape)
    values, light = small[border].astype(np.float64) + 1.0, behind[border].astype(np.float64) + 1.0
    logs = np.log(values / light)
    # A quarter of the border, at least, shows no sample; what is darker by half than that may be one.
    lit = logs[logs >= np.percentile(logs, 75) - np.log(2)]
    change = float(np.median(lit))
    spread = 1.4826 * float(np.median(np.abs(lit - change)))
    kept = np.abs(logs - change) <= max(OUTLIER_SIGMAS * spread, OUTLIER_FRAC)
    values, light = values[kept], light[kept]
    residual = values / (float(np.median(values / light)) * light) - 1
    scale = float(values.std() * light.std())
    covariance = float(((values - values.mean()) * (light - light.mean())).mean())
    return Freshness(covariance / scale if scale > 0 else 0.0, float(np.sqrt((residual**2).mean())))


def require_fits(image: Image, background: Image) -> None:
    """Refuse a background that is none of an image.

    Raises:
        InvalidInput: If it is no image, or of another size.
    """
    for name, each in (("image", image), ("background", background)):
        if wrong := what_is_wrong(each):
            raise InvalidInput(f"{name}: {wrong}")
    if image.shape[:2] != background.shape[:2]:
        raise InvalidInput(
            f"the background has {_size(background)}, the image {_size(image)}; they must be alike: take a background "
            "with this camera and this region of interest"
        )


def _size(image: Image) -> str:
    return f"{image.shape[1]} x {image.shape[0]} px"


def _border(shape: tuple[int, ...]) -> Mask:
    thick = max(1, round(BORDER_FRAC * min(shape)))
    border: npt.NDArray[np.bool_] = np.ones(shape, dtype=bool)
    border[thick:-thick, thick:-thick] = False
    return border
