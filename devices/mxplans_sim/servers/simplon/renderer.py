"""The rendering process: draws frames, writes files, finds spots. Ends when its pipe is closed."""

from __future__ import annotations

import signal
from multiprocessing.connection import Connection
from pathlib import Path

from mxplans_sim.diffraction.render import background, frame_generator, render
from mxplans_sim.diffraction.spots import expected_spots
from mxplans_sim.servers.simplon.files import SeriesFiles
from mxplans_sim.servers.simplon.series import Analysed, CloseSeries, Expose, OpenSeries, Written

BATCH = 50


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

    def run(self) -> None:
        """Take messages until the server hangs up."""
        while True:
            try:
                message = self._pipe.recv()
            except EOFError:
                return
            if isinstance(message, OpenSeries):
                self._open(message)
            elif isinstance(message, Expose):
                self._expose(message)
            elif isinstance(message, CloseSeries):
                self._close(message)

    def _open(self, series: OpenSeries) -> None:
        self._series = series
        self._files = SeriesFiles(self._folder, series) if series.name else None

    def _expose(self, expose: Expose) -> None:
        series = self._series
        if series is None or series.series != expose.series:
            return
        spots = expected_spots(expose.burst, series.detector)
        dark = background(expose.burst, series.detector)
        for begin in range(0, expose.count, BATCH):
            found = []
            for index in range(begin, min(begin + BATCH, expose.count)):
                rng = frame_generator(series.seed, expose.burst, index)
                frame, on_frame = render(dark, spots, index, series.detector.psf_px, rng)
                if self._files is not None:
                    self._files.add(frame)
                found.append(on_frame)
            self._pipe.send(Analysed(series.series, expose.first + begin, found))

    def _close(self, message: CloseSeries) -> None:
        files, error = [], ""
        if self._files is not None:
            try:
                files = self._files.close()
            except OSError as failure:
                error = f"series {message.series}: {failure}"
        self._series = self._files = None
        self._pipe.send(Written(message.series, files, error))


def run_renderer(pipe: Connection, folder: Path) -> None:
    """Entry point of the process."""
    # Ctrl-C is for the server, which then hangs up.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        Renderer(pipe, folder).run()
    except (BrokenPipeError, ConnectionResetError):
        return
