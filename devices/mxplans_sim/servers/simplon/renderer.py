"""The rendering process: draws frames as they are exposed, writes files, finds spots. Ends when its pipe is closed."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from mxplans_sim.diffraction.render import background, frame_generator, render
from mxplans_sim.diffraction.spots import expected_spots
from mxplans_sim.servers.simplon.files import SeriesFiles
from mxplans_sim.servers.simplon.series import (
    Analysed,
    CloseSeries,
    Expose,
    Idle,
    OpenSeries,
    SpotTable,
    StopSeries,
    Written,
)

BATCH = 25  # frames written and told of together
PART = 500  # frames whose spots are computed together
WRITE_ERRORS = (OSError, RuntimeError)  # h5py tells of a full disk by either


class Renderer:
    """Works on one series at a time.

    Args:
        pipe: To the server.
        folder: The data folder.
    """

    def __init__(self, pipe: Connection, folder: Path) -> None:
        self._pipe = pipe
        self._folder = folder
        self._series: OpenSeries | None = None
        self._files: SeriesFiles | None = None
        self._error = ""
        self._stop_s = float("inf")

    def run(self) -> None:
        """Take messages until the server hangs up."""
        while True:
            self._pipe.send(Idle())
            message = self._pipe.recv()
            while isinstance(message, StopSeries):
                self._stop(message)
                message = self._pipe.recv()
            if isinstance(message, OpenSeries):
                self._open(message)
            elif isinstance(message, Expose):
                self._expose(message)
            elif isinstance(message, CloseSeries):
                self._close(message)

    def _open(self, series: OpenSeries) -> None:
        self._series, self._files, self._error, self._stop_s = series, None, "", float("inf")
        if series.name is not None:
            try:
                self._files = SeriesFiles(self._folder, series, series.name)
            except OSError as failure:
                self._error = _told(series.series, failure)

    def _stop(self, stop: StopSeries) -> None:
        if self._series is not None and self._series.series == stop.series:
            self._stop_s = stop.at_s

    def _expose(self, expose: Expose) -> None:
        series = self._series
        if series is None or series.series != expose.series:
            return
        for begin in range(0, expose.count, PART):
            number = min(PART, expose.count - begin)
            part = replace(
                expose,
                first=expose.first + begin,
                count=number,
                burst=expose.burst.part(begin, number),
                begins_s=expose.begins_s + begin * expose.frame_s,
            )
            self._expose_part(series, part)

    def _expose_part(self, series: OpenSeries, expose: Expose) -> None:
        dark = background(expose.burst, series.detector)
        spots = expected_spots(expose.burst, series.detector)
        frames = np.empty((BATCH, series.detector.ny, series.detector.nx), dtype=np.uint32)
        done = 0
        while done < expose.count:
            number = self._wait_for_frames(expose, done)
            if not number:
                return
            found = []
            for index, frame in enumerate(frames[:number], start=done):
                rng = frame_generator(series.seed, expose.burst, index, expose.first + index)
                found.append(render(dark, spots, index, series.detector.psf_px, rng, frame))
            self._tell(series, frames[:number], found)
            done += number

    def _wait_for_frames(self, expose: Expose, done: int) -> int:
        """Wait until the next batch is exposed; returns the size of the batch, 0 when stopped."""
        wanted = min(BATCH, expose.count - done)
        while True:
            now_s = min(time.monotonic(), self._stop_s)
            wait_s = expose.begins_s + (done + wanted) * expose.frame_s - now_s
            if wait_s <= 0:
                return wanted
            if self._stop_s <= now_s:
                return min(wanted, max(0, int((self._stop_s - expose.begins_s) / expose.frame_s) - done))
            # While a series is exposed nothing but a stop can come.
            if self._pipe.poll(min(wait_s, 1.0)):
                self._stop(self._pipe.recv())

    def _tell(self, series: OpenSeries, frames: npt.NDArray[np.uint32], found: list[SpotTable]) -> None:
        files: list[str] = []
        if self._files is not None:
            try:
                files = self._files.add(frames)
            except WRITE_ERRORS as failure:
                self._give_up(series.series, failure)
        self._pipe.send(Analysed(series.series, found, files))

    def _close(self, message: CloseSeries) -> None:
        files: list[str] = []
        if self._files is not None:
            try:
                files = self._files.close()
            except WRITE_ERRORS as failure:
                self._give_up(message.series, failure)
        self._series = self._files = None
        self._pipe.send(Written(message.series, files, self._error))

    def _give_up(self, series: int, failure: Exception) -> NoReturn:
        """Say why, and end the process: HDF5 crashes when it closes a file that it could not write."""
        self._pipe.send(Written(series, [], _told(series, failure)))
        if self._files is not None:
            self._files.abandon()
        os._exit(1)


def _told(series: int, failure: Exception) -> str:
    return f"series {series} is not on disk as a whole: {failure}; check the data folder and its disk, then initialize"


def run_renderer(pipe: Connection, folder: Path) -> None:
    """Entry point of the process."""
    # Ctrl-C is for the server, which then hangs up.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        Renderer(pipe, folder).run()
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
