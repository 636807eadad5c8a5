"""What a renderer does: draws frames, finds their spots, writes files. In this process or in one of its own."""

from __future__ import annotations

import signal
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mxplans_sim.diffraction.render import Scene
from mxplans_sim.servers.simplon.chunks import pack
from mxplans_sim.servers.simplon.files import FAILURES, SeriesFiles
from mxplans_sim.servers.simplon.series import Finish, Render, Rendered, Started, Write, Wrote

BATCH = 25  # frames in memory at a time
Request = Render | Write | Finish
Answer = Rendered | Wrote


class Worker:
    """Answers each request with what has come of it.

    Args:
        folder: The data folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._frames = np.empty((0, 0, 0), dtype=np.uint32)
        self._kept: dict[tuple[int, int], list[bytes]] = {}
        self._files: dict[int, SeriesFiles] = {}
        self._errors: dict[int, str] = {}

    def answer(self, request: Request) -> Answer:
        """Do what is asked."""
        if isinstance(request, Render):
            return self._render(request)
        if isinstance(request, Write):
            return self._write(request)
        return self._finish(request)

    def close(self) -> None:
        """Leave nothing half done on the disk."""
        for files in self._files.values():
            files.abandon()
        self._files.clear()

    def _render(self, request: Render) -> Rendered:
        series, burst = request.series, request.burst
        scene = Scene.of(burst, series.panel, series.seed, series.physics)
        spots, chunks = [], []
        for begin in range(0, len(burst), BATCH):
            frames = self._room(series.panel.ny, series.panel.nx)[: min(BATCH, len(burst) - begin)]
            for index, frame in enumerate(frames, start=begin):
                spots.append(scene.render(index, request.first + index, frame))
            chunks += pack(frames.astype(series.panel.dtype, copy=False), series.compressed)
        if request.keep:
            self._kept[series.number, request.first] = chunks
        return Rendered(series.number, request.first, spots, [] if request.keep else chunks, chunks[-1])

    def _room(self, ny: int, nx: int) -> npt.NDArray[np.uint32]:
        """Frames to draw on; fresh memory would cost as much as the drawing."""
        if self._frames.shape[1:] != (ny, nx):
            self._frames = np.empty((BATCH, ny, nx), dtype=np.uint32)
        return self._frames

    def _write(self, request: Write) -> Wrote:
        series = request.series
        chunks = request.chunks
        if chunks is None:
            chunks = self._kept.pop((series.number, request.first))
        if series.name is None or series.number in self._errors:
            return Wrote(series.number)
        try:
            files = self._files.get(series.number)
            if files is None:
                files = self._files[series.number] = SeriesFiles(self._folder, series, series.name)
            return Wrote(series.number, files.add(chunks[: len(chunks) - request.lost]))
        except FAILURES as failure:
            return self._give_up(series.number, failure)

    def _finish(self, request: Finish) -> Wrote:
        error, files = self._errors.pop(request.series, ""), self._files.pop(request.series, None)
        if files is None:
            return Wrote(request.series, finished=True, error=error)
        try:
            return Wrote(request.series, files.close(), finished=True)
        except FAILURES as failure:
            files.abandon()
            return Wrote(request.series, finished=True, error=_told(request.series, failure))

    def _give_up(self, series: int, failure: Exception) -> Wrote:
        self._errors[series] = _told(series, failure)
        files = self._files.pop(series, None)
        if files is not None:
            files.abandon()
        return Wrote(series, error=self._errors[series])


def _told(series: int, failure: Exception) -> str:
    return f"series {series} is not on disk as a whole: {failure}; check the data folder and its disk, then initialize"


def run_worker(pipe: Connection, folder: Path) -> None:
    """Entry point of a rendering process; ends when its pipe is closed."""
    # Ctrl-C is for the server, which then hangs up.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    worker = Worker(folder)
    try:
        pipe.send(Started())
        while True:
            pipe.send(worker.answer(pipe.recv()))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        worker.close()
