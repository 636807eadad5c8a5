"""The multi-channel analyser of the fluorescence detector: counting, dead time, presets.

The counts of a channel are drawn once per acquisition and grow with what is expected, so that they do not depend on how
often somebody looks.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import poisson

from mxplans_sim.clock import Clock
from mxplans_sim.world.actuator import Actuator
from mxplans_sim.world.fluorescence import Fluorescence
from mxplans_sim.world.hooks import FaultSource
from mxplans_sim.world.observable import Observable
from mxplans_sim.world.seeding import rng_for

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

OUT, IN = "Out", "In"
_STEP_S = 0.5
"""Simulated seconds after which changes of the beam are taken up at the latest."""
_LONGEST_S = 1e6


@dataclass(frozen=True)
class Light:
    """What falls on the sample.

    Attributes:
        flux_hz: Photons per second.
        energy_ev: Their energy.
        bandwidth_ev: Width of that, FWHM.
        elements: That it meets, mmol/l; None when it meets nothing.
    """

    flux_hz: float
    energy_ev: float
    bandwidth_ev: float
    elements: Mapping[str, float] | None


class Spectrometer:
    """Counts while it acquires and its detector is in.

    Args:
        fluorescence: What the detector sees per photon.
        light: Tells what falls on the sample now.
        clock: Simulated time.
        seed: Of the counting statistics.
        faults: Asked by the slide.

    Attributes:
        slide: Brings the detector in.
        acquiring: Whether it counts.
        preset_real_s: Ends an acquisition after this time; 0 for none.
        preset_live_s: Ends it when it has been ready for counts for this time; 0 for none.
        real_s: Time of counting since it was erased.
        live_s: The part of it in which it was ready for counts.
        changed: Tells of all of these and of the counts.
    """

    def __init__(
        self,
        fluorescence: Fluorescence,
        light: Callable[[], Light],
        clock: Clock,
        seed: int,
        faults: FaultSource | None = None,
    ) -> None:
        settings = fluorescence.settings
        self.fluorescence = fluorescence
        self.slide = Actuator("fluorescence_detector", (OUT, IN), settings.travel_s, clock, faults)
        self.changed = Observable()
        self.acquiring = False
        self.preset_real_s = 1.0
        self.preset_live_s = 0.0
        self._light = light
        self._clock = clock
        self._seed = seed
        self._erasures = 0
        self._since_s = 0.0
        self._seen: Light | None = None
        self._rate: tuple[Light | None, Array] = (None, np.zeros(settings.channels))
        self._task: asyncio.Task[None] | None = None
        self._clear()
        self.slide.changed.subscribe(self.look)

    @property
    def dead_frac(self) -> float:
        """Part of the time in which it was not ready for counts."""
        return 1 - self.live_s / self.real_s if self.real_s > 0 else 0.0

    @property
    def counts(self) -> Counts:
        """Counts in each channel since it was erased."""
        return np.asarray(poisson.ppf(self._luck, self._expected), dtype=np.int64)

    async def acquire(self) -> None:
        """Count until a preset is reached or somebody stops it; the counts are added to those that are there."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._count())
        task = self._task
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()

    async def stop(self) -> None:
        """End counting."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def erase(self) -> None:
        """Forget all counts and times."""
        self._clear()
        if self.acquiring:
            self._since_s, self._seen = self._clock.now_s(), self._light()
        await self.changed.notify()

    def look(self) -> None:
        """Count what has come until now; from now on the light is as it is now."""
        if self.acquiring:
            now_s = self._clock.now_s()
            self._add(max(0.0, now_s - self._since_s))
            self._since_s, self._seen = now_s, self._light()

    def _clear(self) -> None:
        self._erasures += 1
        channels = self.fluorescence.settings.channels
        self.real_s = self.live_s = 0.0
        self._expected = np.zeros(channels)
        self._luck = rng_for(self._seed, "spectrum", self._erasures).uniform(size=channels)

    async def _count(self) -> None:
        self._since_s, self._seen = self._clock.now_s(), self._light()
        self.acquiring = True
        try:
            await self.changed.notify()
            while (left_s := self._left_s()) > 0:
                await self._clock.sleep(min(left_s, _STEP_S))
                self.look()
                await self.changed.notify()
        except asyncio.CancelledError:
            self.look()
        finally:
            self.acquiring = False
            await self.changed.notify()

    def _left_s(self) -> float:
        """Real time that is left of the presets, as the light is now."""
        left_s = _LONGEST_S
        if self.preset_real_s > 0:
            left_s = self.preset_real_s - self.real_s
        if self.preset_live_s > 0:
            left_s = min(left_s, (self.preset_live_s - self.live_s) / self._live_frac(self._rates().sum()))
        return left_s if left_s > 1e-9 else 0.0

    def _add(self, duration_s: float) -> None:
        rates_hz = self._rates()
        # Who sleeps in real time wakes up late; what comes after the preset is not counted.
        duration_s = min(duration_s, self._left_s())
        live_frac = self._live_frac(float(rates_hz.sum()))
        self._expected += rates_hz * live_frac * duration_s
        self.real_s += duration_s
        self.live_s += live_frac * duration_s

    def _live_frac(self, rate_hz: float) -> float:
        """Part of the counts that find the detector ready, each of them making it busy anew."""
        return max(math.exp(-rate_hz * self.fluorescence.settings.dead_time_s), 1e-6)

    def _rates(self) -> Array:
        """Counts per second and channel that would be there without dead time."""
        light = self._seen
        if light is None or light.flux_hz <= 0 or light.elements is None or self.slide.state != IN:
            return np.zeros(self.fluorescence.settings.channels)
        known, per_photon = self._rate
        if known is None or (known.energy_ev, known.elements) != (light.energy_ev, light.elements):
            per_photon = self.fluorescence.spectrum(light.elements, light.energy_ev, light.bandwidth_ev)
            self._rate = light, per_photon
        return per_photon * light.flux_hz
