"""Renderers at work: frames are drawn by whoever is free, told of and written in their order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mxplans_sim.clock import Clock
from mxplans_sim.servers.simplon.link import InlineLink, Link, ProcessLink
from mxplans_sim.servers.simplon.series import Finish, Render, Rendered, Series, Started, Write, Wrote
from mxplans_sim.servers.simplon.worker import Answer
from mxplans_sim.world.burst import Burst

AHEAD = 2  # parts that each renderer may be ahead of the writer


@dataclass
class _Part:
    """Frames on their way."""

    series: Series
    first: int
    burst: Burst
    rendered: Rendered | None = None
    kept: bool = False


@dataclass(frozen=True)
class _End:
    """The end of a series."""

    series: int


class Pool:
    """Hands work to renderers; the first of them writes the files.

    Args:
        folder: The data folder.
        processes: Renderers in processes of their own; 0 for one in this process.
        clock: Stands while there is work in this process, if it can.
        on_rendered: Called with the frames of each series in order; returns how many of them the writer loses.
        on_wrote: Called when files are closed.
        on_lost: Called when a process has ended by itself; all others are ended then.
    """

    def __init__(
        self,
        folder: Path,
        processes: int,
        clock: Clock,
        on_rendered: Callable[[Series, Rendered], int],
        on_wrote: Callable[[Wrote], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._folder = folder
        self._processes = processes
        self._clock = clock
        self._on_rendered = on_rendered
        self._on_wrote = on_wrote
        self._on_lost = on_lost
        self._links: list[Link] = []
        self._forget()

    def _forget(self) -> None:
        self._steps: deque[_Part | _End] = deque()
        self._waiting: deque[_Part] = deque()
        self._drawn: dict[tuple[int, int], _Part] = {}
        self._to_write: deque[Write | Finish] = deque()
        self._busy = 0
        self._ahead = 0
        self._drained = asyncio.Event()
        self._drained.set()

    @property
    def alive(self) -> bool:
        """Whether the renderers have been started and not been lost."""
        return bool(self._links)

    def start(self) -> None:
        """Start the renderers; needs a running loop."""
        if self._processes:
            self._links = [ProcessLink(self._folder, self._answered, self._lose) for _ in range(self._processes)]
        else:
            self._links = [InlineLink(self._folder, self._clock, self._answered, self._lose)]
        for link in self._links:
            link.start()

    def stop(self) -> None:
        """End the renderers and wait for them. Does nothing when they were not started."""
        links, self._links = self._links, []
        for link in links:
            link.stop()
        self._drained.set()
        self._forget()

    def render(self, series: Series, first: int, burst: Burst) -> None:
        """Draw frames that have been exposed."""
        if self.alive:
            part = _Part(series, first, burst)
            self._steps.append(part)
            self._waiting.append(part)
            self._go_on()

    def finish(self, series: int) -> None:
        """Close the files of a series, once all of its frames are written."""
        if self.alive:
            self._steps.append(_End(series))
            self._go_on()

    async def drained(self) -> None:
        """Wait until all that has been asked for is done, or nobody is left to do it."""
        await self._drained.wait()

    def _answered(self, link: Link, answer: Answer | Started) -> None:
        link.idle = True
        if isinstance(answer, Rendered):
            self._busy -= 1
            self._drawn.pop((answer.series, answer.first)).rendered = answer
        elif isinstance(answer, Wrote):
            self._busy -= 1
            self._on_wrote(answer)
        self._go_on()

    def _go_on(self) -> None:
        while self._steps and (isinstance(self._steps[0], _End) or self._steps[0].rendered is not None):
            self._pass_on(self._steps.popleft())
        for number, link in enumerate(self._links):
            if link.idle:
                self._employ(link, is_writer=number == 0)
        if self._steps or self._to_write or self._busy:
            self._drained.clear()
        else:
            self._drained.set()

    def _pass_on(self, step: _Part | _End) -> None:
        if isinstance(step, _End):
            self._to_write.append(Finish(step.series))
        elif step.rendered is not None:
            self._ahead -= 1
            lost = self._on_rendered(step.series, step.rendered)
            chunks = None if step.kept else step.rendered.chunks
            if chunks is None or step.series.name is not None:
                self._to_write.append(Write(step.series, step.first, chunks, lost))

    def _employ(self, link: Link, is_writer: bool) -> None:
        if is_writer and self._to_write:
            self._ask(link, self._to_write.popleft())
        elif self._waiting and self._ahead < AHEAD * len(self._links):
            self._ahead += 1
            part = self._waiting.popleft()
            part.kept = is_writer
            self._drawn[part.series.number, part.first] = part
            self._ask(link, Render(part.series, part.first, part.burst, keep=is_writer))

    def _ask(self, link: Link, request: Render | Write | Finish) -> None:
        link.idle = False
        self._busy += 1
        link.send(request)

    def _lose(self) -> None:
        self.stop()
        self._on_lost()
