"""Documents put together by run, without a judgement of what they mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from mxplans_lims.journal import Document


def utc(seconds: float) -> datetime:
    """A document's time, aware."""
    return datetime.fromtimestamp(seconds, UTC)


@dataclass(frozen=True)
class Event:
    """Values of one event and when it was made."""

    time: float
    data: dict[str, Any]


@dataclass
class Run:
    """Documents of one run."""

    start: dict[str, Any]
    stop: dict[str, Any] | None = None
    streams: dict[str, str] = field(default_factory=dict)
    by_stream: dict[str, list[Event]] = field(default_factory=dict)
    stream_resources: list[dict[str, Any]] = field(default_factory=list)
    stream_datums: list[dict[str, Any]] = field(default_factory=list)
    last_time: float = 0.0

    @property
    def uid(self) -> str:
        """Uid of its start document."""
        return str(self.start["uid"])

    @property
    def role(self) -> str | None:
        """What it is to us, None for a run of somebody else."""
        found: str | None = self.start.get("mxplans", {}).get("role")
        return found

    @property
    def parent_uid(self) -> str | None:
        """The outer run it belongs to."""
        found: str | None = self.start.get("mxplans", {}).get("parent_uid")
        return found

    def events(self, stream: str) -> list[Event]:
        """Events of a stream, in order."""
        return self.by_stream.get(stream, [])

    def last(self, stream: str) -> Event | None:
        """The last event of a stream."""
        events = self.events(stream)
        return events[-1] if events else None

    def take(self, name: str, document: dict[str, Any]) -> None:
        """Add a document."""
        self.last_time = max(self.last_time, document.get("time", 0.0))
        match name:
            case "descriptor":
                self.streams[document["uid"]] = document["name"]
            case "event":
                stream = self.streams[document["descriptor"]]
                self.by_stream.setdefault(stream, []).append(Event(document["time"], document["data"]))
            case "stream_resource":
                self.stream_resources.append(document)
            case "stream_datum":
                self.stream_datums.append(document)
            case "stop":
                self.stop = document


class RunIndex:
    """Says which run a document belongs to."""

    def __init__(self) -> None:
        self._run_of: dict[str, str] = {}

    def run_of(self, name: str, document: dict[str, Any]) -> str | None:
        """Uid of the run, None for a document whose descriptor or resource never came."""
        if name == "start":
            return str(document["uid"])
        if name in ("event", "event_page", "stream_datum"):
            return self._run_of.get(document["descriptor"])
        run: str | None = document.get("run_start")
        if run is None and name in ("datum", "datum_page"):
            return self._run_of.get(document["resource"])
        if run is not None and name in ("descriptor", "stream_resource", "resource"):
            self._run_of[document["uid"]] = run
        return run


def collect_runs(documents: Iterable[Document]) -> list[Run]:
    """Runs in the order of their start documents; a document of an unknown run is left out."""
    runs: dict[str, Run] = {}
    index = RunIndex()
    for name, document in documents:
        uid = index.run_of(name, document)
        if name == "start":
            runs[document["uid"]] = Run(document, last_time=document["time"])
        elif uid in runs:
            for one, content in _unpacked(name, document):
                runs[uid].take(one, content)
    return list(runs.values())


def _unpacked(name: str, document: dict[str, Any]) -> Iterable[Document]:
    if name != "event_page":
        return [(name, document)]
    return [
        (
            "event",
            {
                "descriptor": document["descriptor"],
                "time": time,
                "data": {key: values[place] for key, values in document["data"].items()},
            },
        )
        for place, time in enumerate(document["time"])
    ]
