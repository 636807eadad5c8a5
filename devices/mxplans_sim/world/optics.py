"""Pictures of a specimen, as a camera with its lights takes them.

A picture depends on what it is asked for, and on nothing else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from mxplans_sim.settings.camera import CameraSettings, ZoomLevel
from mxplans_sim.world.goniometer import turn
from mxplans_sim.world.light import Lens, layers
from mxplans_sim.world.placement import Placement
from mxplans_sim.world.seeding import rng_for
from mxplans_sim.world.shadow import Shadow, cast_shadow
from mxplans_sim.world.specimen import Specimen
from mxplans_sim.world.thickness import Map, View

Image = npt.NDArray[np.uint8]
ON_AXIS = CameraSettings.model_validate({})

WHITE = 215.0
"""Gray value in the middle of an empty field, with the exposure time and the gain below."""
REFERENCE_EXPOSURE_S = 0.01
REFERENCE_GAIN = 0.02
BLACK = 4.0
_STRAY_FRAC = 0.01
"""Light of the hutch, over that of the backlight."""
_FIELD_FRAC = 0.03
"""What an empty field sends back of the front light."""
JPEG_QUALITY = 85
_SPARE = 256
"""Rows and columns of noise that one frame does not use."""
_SPINDLE = np.array([1.0, 0.0, 0.0])


@dataclass(frozen=True)
class Exposure:
    """How one frame is taken.

    Attributes:
        back_frac: Level of the backlight.
        front_frac: Level of the front light.
        exposure_s: How long.
        gain: Gray values per electron.
        saturation: Gray value that no pixel exceeds.
        focus_mm: Depth of the sharp plane; the camera's own when None.
        background_shift_px: How far dust and vignetting have wandered, columns and rows.
    """

    back_frac: float = 1.0
    front_frac: float = 0.0
    exposure_s: float = REFERENCE_EXPOSURE_S
    gain: float = REFERENCE_GAIN
    saturation: int = 255
    focus_mm: float | None = None
    background_shift_px: tuple[float, float] = (0.0, 0.0)

    def dimmed(self, factor: float) -> Exposure:
        """The same with all lights at a part of their level."""
        return replace(self, back_frac=self.back_frac * factor, front_frac=self.front_frac * factor)


class Viewer:
    """A camera's eye.

    Args:
        seed: Of dust and noise.
        settings: The camera.
    """

    def __init__(self, seed: int, settings: CameraSettings = ON_AXIS) -> None:
        self.settings = settings
        self._seed = seed
        self._field = _field(settings, rng_for(seed, "field", settings.name))
        spared = (settings.height_px + _SPARE, settings.width_px + _SPARE)
        self._grains = rng_for(seed, "grain", settings.name).standard_normal(spared, dtype=np.float32)

    def view(self, zoom: ZoomLevel, beam_y_mm: float) -> View:
        """What a zoom level shows when the beam stands at x = 0 and this height."""
        settings = self.settings
        seen_y_mm = beam_y_mm * math.cos(math.radians(settings.turn_deg))
        mm_per_px = zoom.um_per_px / 1000
        return View(settings.width_px, settings.height_px, mm_per_px, zoom.beam_x_px, zoom.beam_y_px, seen_y_mm)

    def shadow(self, specimen: Specimen, placement: Placement, zoom: ZoomLevel, beam_y_mm: float) -> Shadow:
        """What stands before the camera, for masks of the truth."""
        return cast_shadow(specimen, self._seen(placement), self.view(zoom, beam_y_mm))

    def take(
        self,
        specimen: Specimen | None,
        placement: Placement,
        zoom: ZoomLevel,
        beam_y_mm: float,
        exposure: Exposure,
        frame: int,
    ) -> Image:
        """Take a picture.

        Args:
            specimen: What there is to see.
            placement: Where it stands.
            zoom: The zoom level.
            beam_y_mm: Height of the beam, to which the beam mark belongs.
            exposure: Lights and sensor.
            frame: Number of the frame, which tells its noise.

        Returns:
            Gray values (height, width).
        """
        field = self._field
        if any(exposure.background_shift_px):
            field = _shifted(field, exposure.background_shift_px)
        light = field * np.float32(WHITE * max(exposure.back_frac, _STRAY_FRAC))
        if specimen is not None:
            self._cast(light, self.shadow(specimen, placement, zoom, beam_y_mm), exposure)
        if exposure.front_frac:
            light += np.float32(WHITE * _FIELD_FRAC * exposure.front_frac)
        return self._read_out(light, exposure, frame)

    def _seen(self, placement: Placement) -> Placement:
        if not self.settings.turn_deg:
            return placement
        camera = turn(_SPINDLE, self.settings.turn_deg)
        return Placement(camera @ placement.rotation, camera @ placement.shift_mm)

    def _cast(self, light: Map, shadow: Shadow, exposure: Exposure) -> None:
        """Take from the light in an empty field what a specimen takes, and add what it sends back."""
        focus_mm = self.settings.focus_mm if exposure.focus_mm is None else exposure.focus_mm
        found = list(layers(shadow, Lens(focus_mm, self.settings.blur_frac), exposure.front_frac > 0))
        for layer in found:
            light[layer.box] *= layer.passed
        for layer in found:
            if layer.returned is not None:
                light[layer.box] += np.float32(WHITE * exposure.front_frac) * layer.returned

    def _read_out(self, light: Map, exposure: Exposure, frame: int) -> Image:
        """Gray values with the noise of photons and of the sensor."""
        light *= np.float32(exposure.exposure_s / REFERENCE_EXPOSURE_S * exposure.gain / REFERENCE_GAIN)
        noise = light * np.float32(exposure.gain)
        noise += np.float32(self.settings.read_noise**2)
        cv2.sqrt(noise, noise)
        noise *= self._grain(frame)
        light += np.float32(BLACK)
        gray = np.asarray(cv2.add(light, noise, dtype=cv2.CV_8U), dtype=np.uint8)
        return gray if exposure.saturation >= 255 else np.minimum(gray, np.uint8(exposure.saturation))

    def _grain(self, frame: int) -> Map:
        """Normal noise of one frame: a part of a larger field, as that is much quicker than to draw it anew."""
        height, width = self._field.shape
        row, column, flip = rng_for(self._seed, "frame", self.settings.name, frame).integers([_SPARE, _SPARE, 4])
        part = self._grains[row : row + height, column : column + width]
        return part[:: 1 if flip & 1 else -1, :: 1 if flip & 2 else -1]


def jpeg(pixels: Image, quality: int = JPEG_QUALITY) -> bytes:
    """A picture as a JPEG file."""
    return bytes(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])


def _field(settings: CameraSettings, rng: np.random.Generator) -> Map:
    """The empty field, about 1 in its middle: vignetting and fixed specks of dust."""
    width, height = settings.width_px, settings.height_px
    x, y = np.arange(width, dtype=np.float32)[None, :], np.arange(height, dtype=np.float32)[:, None]
    middle_x, middle_y = 0.52 * width, 0.5 * height
    farthest = middle_x**2 + middle_y**2
    light = np.exp(
        np.float32(math.log(1 - settings.vignetting_frac) / farthest) * ((x - middle_x) ** 2 + (y - middle_y) ** 2)
    )
    finer = width / 680
    for _ in range(settings.dust):
        column, row, radius = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(1.5, 4) * finer
        light *= 1 - rng.uniform(0.03, 0.12) * np.exp(-((x - column) ** 2 + (y - row) ** 2) / (2 * radius**2))
    return np.asarray(light, dtype=np.float32)


def _shifted(field: Map, shift_px: tuple[float, float]) -> Map:
    motion = np.array([[1.0, 0.0, shift_px[0]], [0.0, 1.0, shift_px[1]]])
    moved = cv2.warpAffine(field, motion, field.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, dtype=np.float32)
