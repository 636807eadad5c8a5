"""The cameras as they are asked for pictures: they run freely, with frames by number and stamp."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from mxplans_sim.settings.camera import CameraSettings, ZoomLevel
from mxplans_sim.world.frame_clock import FrameClock
from mxplans_sim.world.hooks import Parameters
from mxplans_sim.world.kinematics import Axis
from mxplans_sim.world.lamp import Lamp
from mxplans_sim.world.observable import Observable
from mxplans_sim.world.optics import Exposure, Image, Viewer
from mxplans_sim.world.placement import Placement
from mxplans_sim.world.specimen import Specimen
from mxplans_sim.world.unsteady import shake_mm
from mxplans_sim.world.whole import Whole

FRAMES_KEPT = 20
SATURATING = 4.0
"""Factor of the light when a fault saturates the camera and does not say by how much."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One frame, and what it was taken of.

    Attributes:
        number: Counts the frames that somebody had, from 1.
        frame: Counts the frames that the camera has exposed, from 0.
        stamp_s: When its exposure began, seconds since 1970.
        end_stamp_s: When that ended; on an accelerated clock the exposure is shorter by these stamps than it is set.
        pixels: Gray values (height, width), uint8.
        specimen: What was on the goniometer.
        placement: How it stood in the middle of the exposure.
        zoom: The zoom level.
    """

    number: int
    frame: int
    stamp_s: float
    end_stamp_s: float
    pixels: Image
    specimen: Specimen | None
    placement: Placement
    zoom: ZoomLevel


class Controls:
    """What can be set at a camera, whoever looks through it.

    Args:
        world: Where it stands.
        settings: The camera.

    Attributes:
        frames: When it exposes.
        gain: Gray values per electron.
        back: The lamp behind the sample, whose light is seen while the backlight is in.
        front: The lamp before the sample.
        focus: Depth of the sharp plane from the spindle's axis, mm along the camera's view.
    """

    def __init__(self, world: Whole, settings: CameraSettings) -> None:
        self.frames = FrameClock(world.clock, settings.frame_rate_hz, settings.exposure_s, settings.latency_s)
        self.gain = settings.gain
        self.back = Lamp("backlight", settings.backlight_frac)
        self.front = Lamp("front light", settings.frontlight_frac)
        limits = settings.focus_mm - settings.focus_travel_mm, settings.focus_mm + settings.focus_travel_mm
        self.focus = Axis(
            "focus",
            world.clock,
            settings.focus_mm,
            settings.focus_mm_s,
            settings.focus_ramp_s,
            limits,
            0.0,
            world.faults,
        )


class Camera:
    """A camera that exposes frame after frame; only those that somebody asks for are worked out.

    Args:
        world: What it looks at.
        settings: The camera.
        level: Gives the name of the present zoom level.
        controls: Those of another one that looks through the same lens; its own when None.

    Attributes:
        settings: The camera.
        controls: Exposure, gain, lights and focus.
        eye: Takes the pictures.
        last: The latest frame that somebody had, None before the first.
        recent: The latest of them, oldest first.
        changed: Tells of a new frame.
    """

    def __init__(
        self, world: Whole, settings: CameraSettings, level: Callable[[], str], controls: Controls | None = None
    ) -> None:
        self.settings = settings
        self.controls = Controls(world, settings) if controls is None else controls
        self.eye = Viewer(world.settings.seed, settings)
        self.last: Picture | None = None
        self.recent: deque[Picture] = deque(maxlen=FRAMES_KEPT)
        self.changed = Observable()
        self._world = world
        self._level = level
        self._turn = asyncio.Lock()
        self._number = 0

    @property
    def exposure_s(self) -> float:
        """How long a frame is exposed."""
        return self.controls.frames.exposure_s

    @exposure_s.setter
    def exposure_s(self, exposure_s: float) -> None:
        self.controls.frames.exposure_s = exposure_s

    @property
    def gain(self) -> float:
        """Gray values per electron."""
        return self.controls.gain

    @gain.setter
    def gain(self, gain: float) -> None:
        self.controls.gain = gain

    @property
    def level(self) -> ZoomLevel:
        """The present zoom level."""
        return self.settings.zoom(self._level())

    async def take(self) -> Picture:
        """The first frame whose exposure begins no sooner than now; a frozen camera gives the last one again."""
        async with self._turn:
            return await self._picture(self.controls.frames.next())

    async def latest(self) -> Picture:
        """The latest frame that is there, which may be older than what has just moved; waits for the very first only."""
        async with self._turn:
            return await self._picture(max(self.controls.frames.latest(), 0))

    def stamps_s(self) -> tuple[int, float, float]:
        """Number and stamp of the latest frame that is there, and the stamp of now; seconds since 1970."""
        frame = max(self.controls.frames.latest(), 0)
        if self.last is not None and self._fault("camera_frozen") is not None:
            return self.last.frame, self.last.stamp_s, self._world.clock.stamp_s()
        return frame, self._stamp_s(self.controls.frames.begins_s(frame)), self._world.clock.stamp_s()

    async def _picture(self, frame: int) -> Picture:
        frames, clock = self.controls.frames, self._world.clock
        begins_s = frames.begins_s(frame)
        middle_s, ends_s, there_s = (
            begins_s + frames.exposure_s / 2,
            begins_s + frames.exposure_s,
            frames.there_s(frame),
        )
        if self.last is not None and (frame <= self.last.frame or self._fault("camera_frozen") is not None):
            await clock.sleep(there_s - clock.now_s())
            return self.last
        await clock.sleep(middle_s - clock.now_s())
        picture = await self._develop(frame, (self._stamp_s(begins_s), self._stamp_s(ends_s)), middle_s)
        await clock.sleep(there_s - clock.now_s())
        self.last = picture
        self.recent.append(picture)
        await self.changed.notify()
        return picture

    async def _develop(self, frame: int, stamps_s: tuple[float, float], at_s: float) -> Picture:
        world = self._world
        self._number += 1
        number, level = self._number, self.level
        specimen, placement, exposure = world.specimen, world.placement_at(at_s), self.exposure
        if specimen is not None and specimen.vibration_um:
            shake = shake_mm(specimen, world.settings.seed, self.settings.name, number)
            placement = Placement(placement.rotation, placement.shift_mm + shake)
        beam_y_mm = world.beam.axis_offset_mm
        # The noise goes by the frames that somebody had: so it does not depend on how fast the clock runs.
        pixels = await world.clock.compute(
            lambda: self.eye.take(specimen, placement, level, beam_y_mm, exposure, number)
        )
        return Picture(number, frame, *stamps_s, pixels, specimen, placement, level)

    def _stamp_s(self, at_s: float) -> float:
        """The stamp of a simulated time near now."""
        clock = self._world.clock
        rate = 1.0 if math.isinf(clock.speed_up) else clock.speed_up
        return clock.stamp_s() + (at_s - clock.now_s()) / rate

    @property
    def exposure(self) -> Exposure:
        """Lights and sensor as they are now, with what is wrong with them."""
        controls = self.controls
        exposure = Exposure(
            back_frac=controls.back.frac if self._world.backlight_in else 0.0,
            front_frac=controls.front.frac,
            exposure_s=controls.frames.exposure_s,
            gain=controls.gain,
            saturation=self.settings.saturation,
            focus_mm=controls.focus.position,
        )
        if (dim := self._fault("camera_dim")) is not None:
            exposure = exposure.dimmed(float(dim["factor"]))
        if (bright := self._fault("camera_saturated")) is not None:
            exposure = replace(exposure, gain=exposure.gain * float(bright.get("factor", SATURATING)))
        if (shift := self._fault("background_shift")) is not None:
            exposure = replace(exposure, background_shift_px=(float(shift["x_px"]), float(shift["y_px"])))
        return exposure

    def _fault(self, kind: str) -> Parameters | None:
        return self._world.faults.active(kind, sample=self._world.sample_name, camera=self.settings.name)
