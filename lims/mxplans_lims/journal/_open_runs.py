"""Runs without an end, and the end they should have had."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mxplans_lims.journal._lines import document_of
from mxplans_lims.names import made_uuid

BLOCK_BYTES = 1 << 16
_END_OF_RUN = re.compile(rb'\n\["st(?:art|op)"[^\n]*(?=\n)')

REASON = "the process that wrote it ended before the run did; closed by the sweeper"


def open_runs(path: Path) -> dict[str, int]:
    """Runs without a stop document, in the order of their start, with the byte offset of it.

    One pass over the file, about a gigabyte in a second; only start and stop documents are looked into.
    """
    begun: dict[str, int] = {}
    ended: set[str] = set()
    for offset, line in _ends_of_runs(path):
        match document_of(line, path):
            case ["start", {"uid": str(uid)}]:
                begun.setdefault(uid, offset)
            case ["stop", {"run_start": str(uid)}]:
                ended.add(uid)
    return {uid: offset for uid, offset in begun.items() if uid not in ended}


@dataclass
class _OpenRun:
    """What its stop document needs to know."""

    uid: str
    parent_uid: str | None = None
    last_time: float = 0.0
    events: dict[str, int] = field(default_factory=dict)

    def see(self, time: Any) -> None:
        times = time if isinstance(time, list) else [time]
        usable = [each for each in times if isinstance(each, int | float) and math.isfinite(each)]
        self.last_time = max([self.last_time, *usable])

    def stop(self) -> dict[str, Any]:
        return {
            "run_start": self.uid,
            "time": self.last_time,
            "uid": made_uuid("stop", self.uid),
            "exit_status": "fail",
            "reason": REASON,
            "num_events": self.events,
        }


class _OpenRuns:
    """Gathers what open runs have come to."""

    def __init__(self, uids: Mapping[str, int]) -> None:
        self.runs = {uid: _OpenRun(uid) for uid in uids}
        self._streams: dict[str, tuple[_OpenRun, str]] = {}

    def take(self, name: str, document: dict[str, Any]) -> None:
        match name, document:
            case "start", {"uid": str(uid)} if uid in self.runs:
                run = self.runs[uid]
                match document.get("mxplans"):
                    case {"parent_uid": str(parent)}:
                        run.parent_uid = parent
            case "descriptor", {"run_start": str(uid), "uid": str(own), "name": str(stream)} if uid in self.runs:
                run = self.runs[uid]
                self._streams[own] = run, stream
                run.events.setdefault(stream, 0)
            case "event" | "event_page" | "stream_datum", {"descriptor": str(own)} if own in self._streams:
                run, stream = self._streams[own]
                run.events[stream] = max(run.events[stream], _last_number(document))
            case _, {"run_start": str(uid)} if uid in self.runs:
                run = self.runs[uid]
            case _:
                return
        run.see(document.get("time"))


def _last_number(document: Mapping[str, Any]) -> int:
    """The number of the last event that a document tells of; they are counted from 1."""
    match document:
        case {"seq_num": int(number)}:
            return number
        case {"seq_num": [*numbers]}:
            return max((number for number in numbers if isinstance(number, int)), default=0)
        case {"seq_nums": {"stop": int(number)}}:
            return number - 1
    return 0


def missing_stops(path: Path) -> list[dict[str, Any]]:
    """Stop documents to be added, inner runs first: an inner run starts after its outer one and ends before it."""
    found = open_runs(path)
    if not found:
        return []
    gathered = _OpenRuns(found)
    for _, line in _lines(path, min(found.values())):
        document = document_of(line, path)
        if document is not None:
            gathered.take(*document)
    stops = []
    for run in reversed(gathered.runs.values()):
        stops.append(run.stop())
        if run.parent_uid in gathered.runs:
            gathered.runs[run.parent_uid].see(run.last_time)
    return stops


def _ends_of_runs(path: Path) -> Iterator[tuple[int, bytes]]:
    """Whole lines of start and stop documents with their offsets: found in blocks, since the others are by far more."""
    with path.open("rb") as file:
        block, offset = b"\n", -1  # as if a line had ended before the first one
        while more := file.read(max(BLOCK_BYTES, len(block))):  # ever more of a line that is longer
            block += more
            end = block.rfind(b"\n")
            for found in _END_OF_RUN.finditer(block, 0, end + 1):
                yield offset + found.start() + 1, found[0][1:]
            block, offset = block[end:], offset + end


def _lines(path: Path, start: int) -> Iterator[tuple[int, bytes]]:
    """Whole lines with their offsets; one that is torn off at the end is none."""
    with path.open("rb") as file:
        offset = file.seek(start)
        for line in file:
            if not line.endswith(b"\n"):
                return
            yield offset, line
            offset += len(line)
