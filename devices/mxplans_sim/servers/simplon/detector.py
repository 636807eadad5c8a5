"""The detector's state machine: what it may do when, and which frames belong to which series."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from mxplans_sim.clock import Clock
from mxplans_sim.servers.simplon.config import detector_config, writer_config
from mxplans_sim.servers.simplon.renderer import run_renderer
from mxplans_sim.servers.simplon.series import Analysed, CloseSeries, Expose, OpenSeries, Written
from mxplans_sim.settings import DetectorSettings
from mxplans_sim.world.burst import Burst

Spots = list[tuple[float, float, float, float, float]]


# A renderer that draws frames, or still starts, does not hear that the pipe is closed; nothing of it is worth keeping.
STOP_S = 1.0


class StateError(RuntimeError):
    """A command that the present state does not allow."""


@dataclass
class SeriesState:
    """One armed series."""

    number: int
    taken: int = 0
    spots: list[Spots] = field(default_factory=list)
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
        self._data_dir = data_dir
        self._seed = seed
        self._static_burst = static_burst
        self._sequence_id = 0
        self._tasks: set[asyncio.Task[None]] = set()
        context = multiprocessing.get_context("spawn")
        self._pipe, remote = context.Pipe()
        self._process = context.Process(target=run_renderer, args=(remote, data_dir), name="renderer")
        self._process.start()
        remote.close()

    def start(self) -> None:
        """Listen to the rendering process; needs a running loop."""
        asyncio.get_running_loop().add_reader(self._pipe.fileno(), self._on_message)

    def stop(self) -> None:
        """Hang up on the rendering process and wait for it."""
        asyncio.get_running_loop().remove_reader(self._pipe.fileno())
        for task in self._tasks:
            task.cancel()
        self._pipe.close()
        self._process.join(STOP_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

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
        self.state = "idle"

    async def arm(self) -> int:
        """Get ready for triggers; returns the sequence id.

        Raises:
            StateError: If the detector is not idle or the file name leads out of the data folder.
        """
        self._require("arm", "idle")
        self._sequence_id += 1
        name = self._file_name(self._sequence_id)
        number = self.config.parameters["nimages"].value * self.config.parameters["ntrigger"].value
        self.state = "ready"
        self.series[self._sequence_id] = SeriesState(number)
        self._pipe.send(
            OpenSeries(
                series=self._sequence_id,
                number=number,
                name=name,
                images_per_file=self.writer.parameters["nimages_per_file"].value,
                detector=self._detector,
                config=self.config.values(),
                seed=self._seed,
            )
        )
        await self._clock.sleep(self._detector.arm_s)
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
        """End the series with the frames that were taken; allowed in every state but na."""
        if self.state == "na":
            raise StateError("disarm in state na; initialize first")
        self._end_series()
        self.state = "idle"

    def _require(self, action: str, *states: str) -> None:
        if self.state not in states:
            raise StateError(f"{action} in state {self.state}; allowed in {', '.join(states)}")

    def _file_name(self, sequence_id: int) -> str | None:
        if self.writer.parameters["mode"].value != "enabled":
            return None
        name = PurePosixPath(str(self.writer.parameters["name_pattern"].value).replace("$id", str(sequence_id)))
        if name.is_absolute() or ".." in name.parts or not name.name:
            raise StateError(f"name_pattern {name} leads out of the data folder; give a relative path without ..")
        return str(name)

    def _take(self, burst: Burst) -> None:
        series = self.series[self._sequence_id]
        count = min(len(burst), series.number - series.taken)
        if count <= 0:
            return
        self.state = "acquire"
        self._pipe.send(Expose(self._sequence_id, series.taken + 1, count, burst))
        series.taken += count
        self._later(self._after(burst.ends_at_s, self._sequence_id))

    async def _after(self, ends_at_s: float, sequence_id: int) -> None:
        await self._clock.sleep(ends_at_s - self._clock.now_s())
        series = self.series[sequence_id]
        if sequence_id == self._sequence_id and series.taken == series.number and self.state == "acquire":
            self._end_series()
            self.state = "idle"

    def _end_series(self) -> None:
        series = self.series.get(self._sequence_id)
        if series is None or series.closed:
            return
        series.closed = True
        self._pipe.send(CloseSeries(self._sequence_id))

    def _later(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _on_message(self) -> None:
        try:
            message = self._pipe.recv()
        except (EOFError, OSError):
            asyncio.get_running_loop().remove_reader(self._pipe.fileno())
            self.state = "error"
            self.writer_error = "the rendering process ended by itself"
            return
        if isinstance(message, Analysed):
            self.series[message.series].spots.extend(message.spots)
        elif isinstance(message, Written):
            self.series[message.series].written = True
            self.files += message.files
            self.writer_error = message.error
