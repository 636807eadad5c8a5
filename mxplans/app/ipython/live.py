"""Live tables, plots and a bar while a plan runs.

Documents come in the RunEngine's thread and are shown in the one that waits for the plan: windows want that, and nothing
that is wrong here can hinder a plan.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bluesky.utils import DuringTask
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from mxplans.app.ipython.plot_files import PlotFiles
from mxplans.app.ipython.scan_lines import ScanLines

log = logging.getLogger(__name__)

WAKE_S = 0.2
PREPARED_S = 10.0
"""How long the first run waits for the plots' library; without it there is a table, but no window."""
NO_WINDOWS = ("agg", "cairo", "pdf", "pgf", "ps", "svg", "template")
Callback = Callable[[str, Any], None]


class LiveView:
    """Subscribe it to the RunEngine; `draw` shows what has come since.

    Args:
        console: To print on.
        plots: Folder of figures.
        speed_up: Simulated seconds per second.

    Attributes:
        watch: Called while a plan runs; None calls nothing.
    """

    watch: Callable[[], None] | None = None

    def __init__(self, console: Console, plots: Path, speed_up: float = 1.0) -> None:
        self.console = console
        self._plots = plots
        self._speed_up = speed_up
        self._came: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._lines = ScanLines(console)
        self._callbacks: dict[str, list[Callback]] = {}
        self._streams: dict[str, str] = {}
        self._preparing = threading.Thread(target=self._prepare, name="plots", daemon=True)
        self._prepared = threading.Event()
        self._windows = False
        self._bar: tuple[str, float] | None = None

    def __call__(self, name: str, doc: Any) -> None:
        """Take one document; it is shown later."""
        self._came.put((name, doc))

    def prepare(self) -> None:
        """Load what takes time and find out whether there is a display, unless that goes on already; does not wait."""
        if self._preparing.ident is None:
            self._preparing.start()

    def _prepare(self) -> None:
        try:
            import bluesky.callbacks.best_effort  # noqa: F401  # loaded for later
            from matplotlib import pyplot

            self._windows = pyplot.get_backend().lower() not in NO_WINDOWS
        except Exception:
            # A display that is not as its variable says: there are files then.
            log.warning("no windows for plots", exc_info=True)
        finally:
            self._prepared.set()

    @property
    def exposing(self) -> tuple[str, float] | None:
        """The scan under way, in words, and about how many seconds its images take; None where there is none."""
        return self._bar

    def draw(self) -> None:
        """Show what has come; what cannot be shown is logged."""
        self._look()
        while not self._came.empty():
            name, doc = self._came.get()
            try:
                self._show(name, doc)
            except Exception:
                log.exception("a %s document could not be shown", name)
        if self._windows:
            try:
                _refresh()
            except Exception:
                self._windows = False
                log.exception("no windows any more: the display is gone")

    def _look(self) -> None:
        try:
            if self.watch is not None:
                self.watch()
        except Exception:
            log.exception("what is lost could not be told")

    def _show(self, name: str, doc: Mapping[str, Any]) -> None:
        if name == "start":
            self._begin(doc)
        elif name == "descriptor":
            self._streams[doc["uid"]] = doc["run_start"]
        uid = doc["uid"] if name == "start" else doc.get("run_start") or self._streams.get(doc.get("descriptor", ""))
        for callback in self._callbacks.get(str(uid), ()):
            callback(name, doc)
        if name == "stop":
            self._callbacks.pop(doc["run_start"], None)
            self._bar = None

    def _begin(self, start: Mapping[str, Any]) -> None:
        files = PlotFiles(
            self._plots, lambda path: self.console.print(f"figure: {path}", highlight=False, soft_wrap=True)
        )
        ours = isinstance(start.get("mxplans"), Mapping)
        self._callbacks[start["uid"]] = [self._lines if ours else self._best_effort(), files]
        if ours and "scan" in start["mxplans"]:
            sweep, scan = start["mxplans"]["sweep"], start["mxplans"]["scan"]
            seconds = scan["numberImages"] * sweep["exposureTime"] / self._speed_up
            self._bar = f"{start['mxplans']['role']} {start['sample_name']}", seconds

    def _best_effort(self) -> Callback:
        """Bluesky's table, with its plots where there is a display; one for each run, since runs may lie within others."""
        self.prepare()
        if not self._prepared.wait(PREPARED_S):
            return _silent
        from bluesky.callbacks.best_effort import BestEffortCallback

        made: Any = BestEffortCallback()
        if not self._windows:
            made.disable_plots()
        callback: Callback = made
        return callback


class Drawing(DuringTask):
    """What the main thread does while a plan runs.

    Args:
        view: Is drawn several times a second, which leaves room for Ctrl-C.
    """

    def __init__(self, view: LiveView) -> None:
        self._view = view

    def block(self, blocking_event: threading.Event) -> None:
        """Draw until the plan has ended or is paused; what fails here is logged, for it would halt the plan unsafely."""
        if self._view.console.is_terminal:
            try:
                self._with_bar(blocking_event)
            except Exception:
                log.exception("no bar: the terminal does not take it")
        while not blocking_event.wait(WAKE_S):
            self._view.draw()
        self._view.draw()

    def _with_bar(self, blocking_event: threading.Event) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[told]}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._view.console, transient=True) as progress:
            shown: tuple[str, float] | None = None
            task = progress.add_task("plan", total=None, told="")
            while not blocking_event.wait(WAKE_S):
                self._view.draw()
                if self._view.exposing != shown:
                    shown = self._view.exposing
                    progress.remove_task(task)
                    what, seconds = shown or ("plan", None)
                    told = "" if seconds is None else f"images take about {seconds:.0f} s"
                    task = progress.add_task(what, total=seconds, told=told)
                progress.update(task, completed=progress.tasks[0].elapsed or 0.0)


def _refresh() -> None:
    """Let windows live while this thread waits for the plan."""
    from matplotlib import pyplot

    for number in pyplot.get_fignums():
        canvas: Any = pyplot.figure(number).canvas
        canvas.draw_idle()
        canvas.flush_events()


def _silent(name: str, doc: Any) -> None:
    """Shows nothing."""
