"""Documents put together by run, without a judgement of what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from mxplans_lims.journal import Document


def utc(seconds: float) -> datetime:
    """A document's time, aware."""
    return datetime.fromtimestamp(seconds, UTC)


def of_ours(start: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a start document says to us; nothing where the run is somebody else's, whatever they call theirs."""
    told = start.get("mxplans")
    return told if isinstance(told, Mapping) else {}


def parent_of(start: Mapping[str, Any]) -> str | None:
    """Uid of the outer run that a run belongs to."""
    found = of_ours(start).get("parent_uid")
    return found if isinstance(found, str) else None


@dataclass(frozen=True)
class Event:
    """Values of one event and when it was made."""

    time: float
    data: dict[str, Any]


@dataclass
class Run:
    """Documents of one run, each once.

    Attributes:
        start: Its start document.
        stop: Its stop document, None when there is none (yet).
        by_stream: Events by the name of their stream.
        stream_resources: Where frames stand, in the order in which they were told.
        stream_datums: Which frames stand there.
        configuration: What devices were set to, by key, as the latest descriptor says it.
        data_keys: Of all streams; of a key that several have, the latest.
        last_time: Of its latest document.
    """

    start: dict[str, Any]
    stop: dict[str, Any] | None = None
    by_stream: dict[str, list[Event]] = field(default_factory=dict)
    stream_resources: list[dict[str, Any]] = field(default_factory=list)
    stream_datums: list[dict[str, Any]] = field(default_factory=list)
    configuration: dict[str, Any] = field(default_factory=dict)
    data_keys: dict[str, Any] = field(default_factory=dict)
    last_time: float = 0.0
    _streams: dict[str, str] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    @property
    def uid(self) -> str:
        """Uid of its start document."""
        return str(self.start["uid"])

    @property
    def role(self) -> str | None:
        """What it is to us, None for a run of somebody else."""
        found: str | None = of_ours(self.start).get("role")
        return found

    @property
    def parent_uid(self) -> str | None:
        """The outer run it belongs to."""
        return parent_of(self.start)

    def events(self, stream: str) -> list[Event]:
        """Events of a stream, in order."""
        return self.by_stream.get(stream, [])

    def last(self, stream: str) -> Event | None:
        """The last event of a stream."""
        events = self.events(stream)
        return events[-1] if events else None

    def take(self, name: str, document: dict[str, Any]) -> bool:
        """Add a document; one that came before is left out, as a journal may have it twice.

        Returns:
            False for an event whose descriptor has not come yet.
        """
        if name == "event_page":
            return all(self.take("event", event) for event in _events_of(document))
        if name == "event" and document["descriptor"] not in self._streams:
            return False
        uid = document.get("uid")
        if uid in self._seen:
            return True
        if uid is not None:
            self._seen.add(uid)
        match name:
            case "descriptor":
                self._describe(document)
            case "event":
                event = Event(document["time"], document["data"])
                self.by_stream.setdefault(self._streams[document["descriptor"]], []).append(event)
            case "stream_resource":
                self.stream_resources.append(document)
            case "stream_datum":
                self.stream_datums.append(document)
            case "stop":
                self.stop = document
        self.last_time = max(self.last_time, document.get("time", 0.0))
        return True

    def put_in_order(self) -> None:
        """Events by their time, where documents came in another order."""
        for events in self.by_stream.values():
            events.sort(key=lambda event: event.time)

    def _describe(self, document: dict[str, Any]) -> None:
        self._streams[document["uid"]] = document["name"]
        self.data_keys.update(document.get("data_keys") or {})
        for device in (document.get("configuration") or {}).values():
            self.configuration.update(device.get("data") or {})


class RunIndex:
    """Says which run a document belongs to."""

    def __init__(self) -> None:
        self._run_of: dict[str, str] = {}

    def run_of(self, name: str, document: dict[str, Any]) -> str | None:
        """Uid of the run, None for a document whose descriptor or resource never came, or that is none."""
        match name, document:
            case "start", {"uid": str(run)}:
                return run
            case "event" | "event_page" | "stream_datum", {"descriptor": str(of)}:
                return self._run_of.get(of)
            case "descriptor" | "stream_resource" | "resource", {"run_start": str(run), "uid": str(uid)}:
                self._run_of[uid] = run
                return run
            case "stop", {"run_start": str(run)}:
                return run
            case "datum" | "datum_page", {"resource": str(of)}:
                return self._run_of.get(of)
        return None

    def forget(self, run: str) -> None:
        """Let go of a run that is over; what comes of it later belongs to no run."""
        self._run_of = {uid: of for uid, of in self._run_of.items() if of != run}


def collect_runs(documents: Iterable[Document]) -> list[Run]:
    """Runs in the order of their start documents.

    A document that came twice counts once. One that came before its run, its descriptor or its resource waits for that;
    one whose run never came is left out.
    """
    runs: dict[str, Run] = {}
    index = RunIndex()

    def taken(name: str, document: dict[str, Any]) -> bool:
        match name, document:
            case "start", {"uid": str(uid), "time": int() | float() as time}:
                runs.setdefault(uid, Run(document, last_time=time))
                return True
        run = runs.get(index.run_of(name, document) or "")
        return run is not None and run.take(name, document)

    early = [(name, document) for name, document in documents if not taken(name, document)]
    for name, document in sorted(early, key=lambda each: each[0] not in ("descriptor", "stream_resource")):
        taken(name, document)
    if early:
        for run in runs.values():
            run.put_in_order()
    return list(runs.values())


def _events_of(page: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of a page, which has a list for each value of an event."""
    uids = page.get("uid") or [None] * len(page["time"])
    return [
        {
            "uid": uids[place],
            "descriptor": page["descriptor"],
            "time": time,
            "data": {key: values[place] for key, values in page["data"].items()},
        }
        for place, time in enumerate(page["time"])
    ]
