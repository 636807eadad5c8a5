"""What a night shows at the terminal: a bar per sample and phase while it runs, a table at the end."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from mxplans.udc import ItemResult, Verdict

PHASES = ("mount", "optical", "xray", "collect", "unmount")
COLOURS = {
    Verdict.COLLECTED: "green",
    Verdict.DONE: "green",
    Verdict.NO_DIFFRACTION: "yellow",
    Verdict.NOT_CENTRED: "yellow",
    Verdict.EMPTY_MOUNT: "cyan",
    Verdict.PIN_MISSING: "magenta",
}


class NightProgress:
    """Follows the documents of a night; subscribe it to the RunEngine.

    Args:
        console: To draw on.
        number_items: In the queue.
    """

    def __init__(self, console: Console, number_items: int) -> None:
        self.console = console
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<28}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[phase]}"),
            TimeElapsedColumn(),
            console=console,
        )
        self._night = self._progress.add_task("night", total=number_items, phase="")
        self._tasks: dict[str, TaskID] = {}
        self._phase_streams: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, name: str, doc: dict[str, Any]) -> None:
        """Take one document."""
        if name == "start" and doc.get("mxplans", {}).get("role") == "sample":
            self._tasks[doc["uid"]] = self._progress.add_task(doc["sample_name"], total=len(PHASES), phase="")
        elif name == "descriptor" and doc.get("name") == "mx_phase" and doc["run_start"] in self._tasks:
            self._phase_streams[doc["uid"]] = doc["run_start"]
        elif name == "event" and doc["descriptor"] in self._phase_streams:
            self._advance(self._tasks[self._phase_streams[doc["descriptor"]]], doc["data"])
        elif name == "stop" and doc["run_start"] in self._tasks:
            task = self._tasks[doc["run_start"]]
            self._progress.update(task, completed=len(PHASES), phase=doc["exit_status"])
            self._progress.advance(self._night)

    def _advance(self, task: TaskID, data: dict[str, Any]) -> None:
        index = PHASES.index(data["phase"]) if data["phase"] in PHASES else 0
        ended = data["state"] == "end"
        self._progress.update(task, completed=index + int(ended), phase="" if ended else data["phase"])


def result_table(results: Sequence[ItemResult]) -> Table:
    """A row per item."""
    table = Table(title="The night")
    for heading in ("sample", "place", "verdict", "why"):
        table.add_column(heading)
    for result in results:
        place = result.item.location
        verdict = result.outcome.verdict
        coloured = f"[{COLOURS[verdict]}]{verdict}[/]"
        table.add_row(
            result.item.sample_name, f"{place.puck}:{place.pin}" if place else "-", coloured, result.outcome.reason
        )
    return table
