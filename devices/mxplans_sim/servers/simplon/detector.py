"""The detector's state machine: what it may do when, and which frames belong to which series."""

from __future__ import annotations

import datetime
import math
from pathlib import Path
from typing import Any

from mxplans_sim.clock import Clock
from mxplans_sim.diffraction.panel import Panel
from mxplans_sim.diffraction.spots import PHYSICS
from mxplans_sim.servers.simplon.armed import LastImage, SeriesState
from mxplans_sim.servers.simplon.exposure import Exposure
from mxplans_sim.servers.simplon.faults import SimplonFaults
from mxplans_sim.servers.simplon.parameters import WHOLE, detector_config, monitor_config, stream_config
from mxplans_sim.servers.simplon.pool import Pool
from mxplans_sim.servers.simplon.series import SINGLE_AXIS, Rendered, Series
from mxplans_sim.servers.simplon.triggers import Timing, Triggers, Watch
from mxplans_sim.servers.simplon.writer import FileWriter
from mxplans_sim.settings import DetectorSettings
from mxplans_sim.settings.diffraction import DiffractionSettings
from mxplans_sim.settings.goniometer import GoniometerSettings
from mxplans_sim.world.burst import Burst

SERIES_KEPT = 12  # whose spots can still be asked for


class StateError(RuntimeError):
    """A command that the present state does not allow."""


class VirtualDetector:
    """Arms, takes the frames of bursts, has them drawn and written.

    Args:
        clock: Simulated time.
        detector: What it is like.
        data_dir: Where files go.
        seed: Of the noise and of bad pixels.
        watch: Gives frames at the detector's own times, for whatever its trigger does not follow image by image.
        physics: How crystals diffract.
        processes: Processes that draw frames; 0 to do it in this one.
        gonio: The goniometer, for the headers.

    Attributes:
        state: na, idle, configure, ready, acquire or error.
        config: Parameters of the detector.
        stream: Parameters of the stream.
        monitor: Parameters of the monitor.
        writer: The file writer.
        faults: What goes wrong.
        series: The latest series by sequence id.
        last: The latest frame.
    """

    def __init__(
        self,
        clock: Clock,
        detector: DetectorSettings,
        data_dir: Path,
        seed: int,
        watch: Watch,
        physics: DiffractionSettings = PHYSICS,
        processes: int = 1,
        gonio: GoniometerSettings = SINGLE_AXIS,
    ) -> None:
        self.state = "na"
        self.config = detector_config(detector)
        self.stream = stream_config()
        self.monitor = monitor_config()
        self.faults = SimplonFaults()
        self.writer = FileWriter(data_dir, self.faults, clock.now_s)
        self.series: dict[int, SeriesState] = {}
        self.last: LastImage | None = None
        self._clock = clock
        self._detector = detector
        self._seed = seed
        self._watch = watch
        self._physics = physics
        self._gonio = gonio
        self._sequence_id = 0
        self._pool = Pool(data_dir, processes, clock, self._on_rendered, self.writer.take, self._on_lost)

    def start(self) -> None:
        """Start the renderers; needs a running loop. Does nothing when they have been started."""
        if not self._pool.alive:
            self._pool.start()

    def stop(self) -> None:
        """End the renderers and wait for them. Does nothing when they were not started."""
        for series in self.series.values():
            series.stop(-math.inf)
        self._pool.stop()

    async def rendered(self) -> None:
        """Wait, without simulated time passing if that can be, until all exposed frames are drawn and written."""
        async with self._clock.standing():
            await self._pool.drained()

    async def settle(self) -> None:
        """What to do before somebody is told how far drawing and writing are: on a clock that can stand, wait for them.

        So they cost no simulated time there, whatever they really cost.
        """
        if math.isinf(self._clock.speed_up):
            await self.rendered()

    @property
    def armed(self) -> SeriesState | None:
        """The series that takes frames now."""
        state = self.series.get(self._sequence_id)
        return None if state is None or state.closed else state

    def put(self, name: str, value: Any) -> list[str]:
        """Set a parameter; see `Config.put`.

        Raises:
            StateError: If the detector is not initialised, or armed.
        """
        self._require("set a parameter", "idle")
        if name in self.faults.ignored:
            self.config.parameters[name].checked(name, value)
            return [name]
        return self.config.put(name, self.faults.moved(name, value))

    def initialize(self) -> None:
        """Make ready for use; also the way out of an error."""
        self._end_series(self._clock.now_s())
        self.writer.forgive()
        self.start()
        self.state = "idle"

    async def arm(self) -> int:
        """Get ready for triggers; returns the sequence id.

        Raises:
            StateError: If the detector is not idle, was disarmed meanwhile, or fails.
        """
        self._require("arm", "idle")
        sequence_id = self._open_series()
        self.state = "configure"
        await self._clock.sleep(self._detector.arm_s)
        if self.series[sequence_id].closed:
            raise StateError(f"arm of series {sequence_id} was interrupted in state {self.state}; arm again")
        before = self.series.get(sequence_id - 1)
        if self.faults.fails_to_arm(before is not None and not before.exposure.complete):
            self._end_series(self._clock.now_s())
            self.state = "error"
            raise StateError(f"arm of series {sequence_id} failed: the trigger unit does not answer; initialize")
        self.state = "ready"
        return sequence_id

    def _open_series(self) -> int:
        self._sequence_id += 1
        config, writer = self.config, self.writer.config
        stamp = datetime.datetime.fromtimestamp(self._clock.stamp_s(), datetime.UTC)
        config.move(data_collection_date=stamp.isoformat(timespec="milliseconds"))
        enabled = writer["mode"] == "enabled"
        series = Series(
            number=self._sequence_id,
            images=config["nimages"] * config["ntrigger"],
            name=writer["name_pattern"].replace("$id", str(self._sequence_id)) if enabled else None,
            images_per_file=writer["nimages_per_file"],
            compressed=writer["compression_enabled"],
            panel=Panel(self._detector, self._seed, config["roi_mode"] != WHOLE),
            physics=self._physics,
            config=config.values(),
            appendix=self.stream["header_appendix"],
            seed=self._seed,
            gonio=self._gonio,
        )
        exposure = Exposure(
            self._clock,
            series.images,
            self._physics,
            lambda first, burst: self._pool.render(series, first, burst),
            self._on_pause,
        )
        timing = Timing(
            mode=config["trigger_mode"],
            images=config["nimages"],
            triggers=config["ntrigger"],
            frame_time_s=config["frame_time"],
            count_time_s=config["count_time"],
            delay_s=config["trigger_start_delay"],
            shortest_s=series.panel.frame_time_min_s,
        )
        triggers = Triggers(self._clock, timing, self._physics, self._watch, self._take)
        self.series[self._sequence_id] = SeriesState(series, exposure, triggers)
        for old in sorted(self.series)[:-SERIES_KEPT]:
            del self.series[old]
        return self._sequence_id

    def trigger(self) -> None:
        """Take `nimages` frames, one every `frame_time`, of the sample as it stands or moves.

        Raises:
            StateError: If the detector is not armed, or waits for external triggers.
        """
        self._require("trigger", "ready")
        if self.config["trigger_mode"] != "ints":
            raise StateError("trigger is for trigger_mode ints; this series waits for external triggers")
        self.series[self._sequence_id].triggers.command()

    def on_burst(self, burst: Burst) -> None:
        """Hear the trigger pulses of a motion, if armed for them."""
        if self.state in ("ready", "acquire") and self.config["trigger_mode"] != "ints" and not self.faults.deaf:
            self.series[self._sequence_id].triggers.pulse(burst)

    def disarm(self) -> None:
        """End the series with the frames that are exposed by now; all of them are written.

        Raises:
            StateError: If the detector is not initialised, or in error.
        """
        self._require("disarm", "idle", "configure", "ready", "acquire")
        if not self.faults.sticks():
            self._end_series(self._clock.now_s())
            self.state = "idle"

    def abort(self) -> None:
        """End whatever it does at once; the frame that is being exposed is thrown away. Also ends an error.

        Raises:
            StateError: If the detector is not initialised.
        """
        self._require("abort", "idle", "configure", "ready", "acquire", "error")
        if not self.faults.sticks():
            self._end_series(self._clock.now_s())
            self.state = "idle" if self._pool.alive else "error"

    async def cancel(self) -> None:
        """End the series after the image that is being exposed.

        Raises:
            StateError: If the detector is not initialised, or in error.
        """
        self._require("cancel", "idle", "configure", "ready", "acquire")
        if self.faults.sticks():
            return
        sequence_id = self._sequence_id
        if self.state == "acquire":
            ends_s = self.series[sequence_id].exposure.image_ends_s
            await self._clock.sleep(ends_s - self._clock.now_s())
            if sequence_id == self._sequence_id and self.state == "acquire":
                self._end_series(ends_s)
        else:
            self._end_series(self._clock.now_s())
        if sequence_id == self._sequence_id and self.state in ("configure", "ready", "acquire"):
            self.state = "idle"

    def _require(self, action: str, *states: str) -> None:
        if self.state not in states:
            remedy = "; initialize first" if self.state in ("na", "error") else ""
            raise StateError(f"{action} in state {self.state}; allowed in {', '.join(states)}{remedy}")

    def _take(self, burst: Burst) -> None:
        series = self.series[self._sequence_id]
        if series.exposure.add(burst):
            self.state = "acquire"
            self.writer.expect(self._sequence_id)

    def _on_pause(self) -> None:
        """The frames of all bursts are over: the end of the series, or ready for the next internal trigger."""
        if self.state != "acquire":
            return
        if self.series[self._sequence_id].exposure.complete:
            self._close_series()
            self.state = "idle"
        elif self.config["trigger_mode"] == "ints" and not self.series[self._sequence_id].triggers.running:
            self.state = "ready"

    def _end_series(self, at_s: float) -> None:
        series = self.series.get(self._sequence_id)
        if series is not None and not series.closed:
            series.stop(at_s)
            self._close_series()

    def _close_series(self) -> None:
        self.series[self._sequence_id].closed = True
        self._pool.finish(self._sequence_id)

    def _on_rendered(self, series: Series, rendered: Rendered) -> int:
        state = self.series.get(series.number)
        if state is not None:
            state.spots.extend(rendered.spots)
        self.last = LastImage(series, rendered.first + len(rendered.spots) - 1, rendered.last)
        return self.faults.lose(len(rendered.spots))

    def _on_lost(self) -> None:
        self.state = "error"
        self.writer.forget()
        self.writer.error = "a rendering process ended by itself; initialize starts another one"
        for series in self.series.values():
            series.stop(-math.inf)
            series.closed = True
