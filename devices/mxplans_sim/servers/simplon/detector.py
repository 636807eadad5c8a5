"""The detector's state machine: what it may do when, and which frames belong to which series."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mxplans_sim.clock import Clock
from mxplans_sim.servers.simplon.config import detector_config, writer_config
from mxplans_sim.servers.simplon.link import RendererLink
from mxplans_sim.servers.simplon.series import (
    Analysed,
    CloseSeries,
    Expose,
    OpenSeries,
    SpotTable,
    StopSeries,
    Written,
)
from mxplans_sim.settings import DetectorSettings
from mxplans_sim.world.burst import Burst

SERIES_KEPT = 50  # whose spots can still be asked for


class StateError(RuntimeError):
    """A command that the present state does not allow."""


@dataclass
class SeriesState:
    """One armed series."""

    number: int
    taken: int = 0
    spots: list[SpotTable] = field(default_factory=list)
    closed: bool = False
    written: bool = False


class VirtualDetector:
    """Arms, takes the frames of bursts, has them rendered by a process of its own.

    Args:
        clock: Simulated time.
        detector: What it is like.
        data_dir: Where files go.
        seed: Of the noise.
        static_burst: Gives frames of the sample at rest, for internal triggers.
    """

    def __init__(
        self,
        clock: Clock,
        detector: DetectorSettings,
        data_dir: Path,
        seed: int,
        static_burst: Callable[[int, float], Burst],
    ) -> None:
        self.state = "na"
        self.config = detector_config(detector)
        self.writer = writer_config()
        self.files: list[str] = []
        self.writer_error = ""
        self.series: dict[int, SeriesState] = {}
        self._clock = clock
        self._detector = detector
        self._seed = seed
        self._static_burst = static_burst
        self._sequence_id = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._renderer = RendererLink(data_dir, self._on_message, self._on_renderer_lost)

    def start(self) -> None:
        """Start the rendering process; needs a running loop."""
        self._renderer.start()

    def stop(self) -> None:
        """End the rendering process and wait for it. Does nothing when it was not started."""
        for task in self._tasks:
            task.cancel()
        self._renderer.stop()

    @property
    def writer_state(self) -> str:
        """Whether files of a series are still being written."""
        if self.writer_error:
            return "error"
        busy = any(series.taken and not series.written for series in self.series.values())
        return "acquire" if busy else "ready"

    def put(self, name: str, value: Any) -> list[str]:
        """Set a parameter; see `Config.put`.

        Raises:
            StateError: If the detector is not initialised, or armed.
        """
        self._require("set a parameter", "idle")
        return self.config.put(name, value)

    def initialize(self) -> None:
        """Make ready for use; also the way out of an error."""
        self._end_series()
        self.writer_error = ""
        if not self._renderer.alive:
            self._renderer.start()
        self.state = "idle"

    async def arm(self) -> int:
        """Get ready for triggers; returns the sequence id.

        Raises:
            StateError: If the detector is not idle, or was disarmed meanwhile.
        """
        self._require("arm", "idle")
        sequence_id = self._open_series()
        self.state = "configure"
        await self._clock.sleep(self._detector.arm_s)
        if self.series[sequence_id].closed:
            raise StateError(f"arm of series {sequence_id} was interrupted in state {self.state}; arm again")
        self.state = "ready"
        return sequence_id

    def _open_series(self) -> int:
        self._sequence_id += 1
        config, writer = self.config.values(), self.writer.values()
        series = SeriesState(config["nimages"] * config["ntrigger"])
        self.series[self._sequence_id] = series
        for old in sorted(self.series)[:-SERIES_KEPT]:
            del self.series[old]
        enabled = writer["mode"] == "enabled"
        self._renderer.send(
            OpenSeries(
                series=self._sequence_id,
                number=series.number,
                name=writer["name_pattern"].replace("$id", str(self._sequence_id)) if enabled else None,
                images_per_file=writer["nimages_per_file"],
                compressed=writer["compression_enabled"],
                detector=self._detector,
                config=config,
                seed=self._seed,
            )
        )
        return self._sequence_id

    def trigger(self) -> None:
        """Take `nimages` frames of the sample at rest.

        Raises:
            StateError: If the detector is not armed, or waits for external triggers.
        """
        self._require("trigger", "ready")
        if self.config.parameters["trigger_mode"].value != "ints":
            raise StateError("trigger is for trigger_mode ints; this series waits for external triggers")
        number = self.config.parameters["nimages"].value
        self._take(self._static_burst(number, self.config.parameters["frame_time"].value))

    def on_burst(self, burst: Burst) -> None:
        """Take the frames of a motion, if armed for them."""
        if self.state in ("ready", "acquire") and self.config.parameters["trigger_mode"].value == "exts":
            self._take(burst)

    def disarm(self) -> None:
        """End the series with the frames that are exposed by now.

        Raises:
            StateError: If the detector is not initialised, or in error.
        """
        self._require("disarm", "idle", "configure", "ready", "acquire")
        self._end_series()
        self.state = "idle"

    def _require(self, action: str, *states: str) -> None:
        if self.state not in states:
            remedy = "; initialize first" if self.state in ("na", "error") else ""
            raise StateError(f"{action} in state {self.state}; allowed in {', '.join(states)}{remedy}")

    def _take(self, burst: Burst) -> None:
        series = self.series[self._sequence_id]
        count = min(len(burst), series.number - series.taken)
        if count <= 0:
            return
        self.state = "acquire"
        begins_in_s = burst.ends_at_s - len(burst) * burst.exposure_s - self._clock.now_s()
        self._renderer.send(
            Expose(
                series=self._sequence_id,
                first=series.taken + 1,
                count=count,
                burst=burst,
                begins_s=time.monotonic() + begins_in_s / self._clock.speed_up,
                frame_s=burst.exposure_s / self._clock.speed_up,
            )
        )
        series.taken += count
        self._later(self._after(begins_in_s + count * burst.exposure_s, self._sequence_id, series.taken))

    async def _after(self, duration_s: float, sequence_id: int, taken: int) -> None:
        """When the frames of a burst are over: the end of the series, or ready for the next internal trigger."""
        await self._clock.sleep(duration_s)
        if sequence_id != self._sequence_id or self.state != "acquire":
            return
        if taken == self.series[sequence_id].number:
            self._close_series()
            self.state = "idle"
        elif self.config.parameters["trigger_mode"].value == "ints":
            self.state = "ready"

    def _end_series(self) -> None:
        series = self.series.get(self._sequence_id)
        if series is not None and not series.closed:
            self._renderer.interrupt(StopSeries(self._sequence_id, time.monotonic()))
            self._close_series()

    def _close_series(self) -> None:
        self.series[self._sequence_id].closed = True
        self._renderer.send(CloseSeries(self._sequence_id))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _on_message(self, message: Any) -> None:
        series = self.series.get(message.series)
        self.files += message.files
        if isinstance(message, Analysed) and series is not None:
            series.spots.extend(message.spots)
        elif isinstance(message, Written):
            self.writer_error = message.error or self.writer_error
            if series is not None:
                series.written = True

    def _on_renderer_lost(self) -> None:
        self.state = "error"
        self.writer_error = self.writer_error or "the rendering process ended by itself; initialize starts another one"
        for series in self.series.values():
            series.closed = series.written = True
