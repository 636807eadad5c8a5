"""The cameras that look at the sample."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, Field, model_validator

from mxplans_sim.settings.base import STRICT

Moment = Literal["begin", "middle", "end"]

_FIELD = {"Coarse": (2.4, 341.0, 254.0), "Fine": (1.2, 342.5, 252.5)}
"""Zoom levels of a picture of 680 x 512 pixels: um per pixel, beam mark."""
_FIELD_PX = (680, 512)


class ZoomLevel(BaseModel):
    """One zoom level. The index of a pixel is that of its centre."""

    model_config = STRICT

    name: str = Field(min_length=1, max_length=40)
    um_per_px: float = Field(gt=0.05, le=100, description="At the sample")
    beam_x_px: float = Field(description="Column of the beam")
    beam_y_px: float = Field(description="Row of the beam")


class CameraSettings(BaseModel):
    """A camera, its lens and its lights. Without zoom levels of its own it has two that show the same at any size."""

    model_config = STRICT

    name: str = Field("on-axis", min_length=1, max_length=40)
    width_px: int = Field(680, ge=64, le=4096)
    height_px: int = Field(512, ge=64, le=4096)
    zooms: tuple[ZoomLevel, ...] = Field((), description="Coarsest first")
    turn_deg: float = Field(
        0.0, ge=-360, le=360, description="How far it is turned about the spindle, from looking along the beam"
    )
    focus_mm: float = Field(0.0, ge=-50, le=50, description="Depth of the sharp plane, from the spindle's axis")
    focus_travel_mm: float = Field(3.0, gt=0, le=50, description="Travel of the focus to either side")
    focus_mm_s: float = Field(1.0, gt=0, le=100, description="Speed of the focus")
    focus_ramp_s: float = Field(0.1, gt=0, le=10, description="From rest to that")
    blur_frac: float = Field(0.02, ge=0, le=0.2, description="Blur over the distance from the sharp plane")
    frame_rate_hz: float = Field(30.0, gt=0, le=1000, description="Frames per second, as far as the exposure allows")
    latency_s: float = Field(0.0, ge=0, le=10, description="From the end of an exposure to when the frame is there")
    exposure_s: float = Field(0.01, gt=0, le=10)
    stamp: Moment = Field(
        "end", description="The moment of an exposure that the areaDetector's stamps tell; most drivers tell its end"
    )
    gain: float = Field(0.02, gt=0, le=1, description="Gray values per electron; makes pictures brighter and noisier")
    read_noise: float = Field(1.5, ge=0, description="Gray values, standard deviation")
    vignetting_frac: float = Field(0.65, ge=0, lt=1, description="Light lost in the farthest corner")
    dust: int = Field(8, ge=0, le=200, description="Specks on the sensor")
    saturation: int = Field(255, ge=1, le=255, description="Gray value that no pixel exceeds")
    backlight_frac: float = Field(1.0, ge=0, le=1, description="Level of the backlight when it is in")
    frontlight_frac: float = Field(0.0, ge=0, le=1, description="Level of the front light")

    @model_validator(mode="before")
    @classmethod
    def _same_field(cls, values: Any) -> Any:
        if not isinstance(values, dict) or values.get("zooms"):
            return values
        width, height = values.get("width_px", _FIELD_PX[0]), values.get("height_px", _FIELD_PX[1])
        if not (isinstance(width, int) and isinstance(height, int)) or width < 1:
            return values
        finer = width / _FIELD_PX[0]
        off_centre = ((x - (_FIELD_PX[0] - 1) / 2, y - (_FIELD_PX[1] - 1) / 2) for _, x, y in _FIELD.values())
        zooms = tuple(
            {
                "name": name,
                "um_per_px": um_per_px / finer,
                "beam_x_px": (width - 1) / 2 + x * finer,
                "beam_y_px": (height - 1) / 2 + y * finer,
            }
            for (name, (um_per_px, _, _)), (x, y) in zip(_FIELD.items(), off_centre, strict=True)
        )
        return values | {"zooms": zooms}

    @model_validator(mode="after")
    def _marks_in_the_picture(self) -> Self:
        names = [zoom.name for zoom in self.zooms]
        if len(set(names)) < len(names):
            raise ValueError(f"zoom levels {names} share a name; each needs its own")
        for zoom in self.zooms:
            if not (0 <= zoom.beam_x_px <= self.width_px - 1 and 0 <= zoom.beam_y_px <= self.height_px - 1):
                raise ValueError(
                    f"the beam mark of zoom {zoom.name} is {zoom.beam_x_px}, {zoom.beam_y_px}; "
                    f"it must be in a picture of {self.width_px} x {self.height_px} pixels"
                )
        return self

    def zoom(self, name: str) -> ZoomLevel:
        """A zoom level by its name.

        Raises:
            ValueError: If there is none of this name.
        """
        for zoom in self.zooms:
            if zoom.name == name:
                return zoom
        raise ValueError(f"no zoom {name!r} at camera {self.name}; choose one of {[zoom.name for zoom in self.zooms]}")


def side_camera() -> CameraSettings:
    """A coarse camera that looks at the pin from the side, at right angles to the beam and to the spindle."""
    zoom = ZoomLevel(name="Fixed", um_per_px=12.0, beam_x_px=160.0, beam_y_px=239.5)
    return CameraSettings.model_validate(
        {"name": "side", "width_px": 640, "height_px": 480, "zooms": (zoom,), "turn_deg": 90.0, "dust": 3}
    )
