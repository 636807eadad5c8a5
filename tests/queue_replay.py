"""The queue tree built anew from nothing but its events, as a subscriber does it."""

from collections.abc import Iterable
from typing import Any

from mxplans.queue import QueueEvent

_NEW: dict[str, Any] = {
    **dict.fromkeys(("outcome", "reason", "scansAll", "begunS", "endedS")),
    "scansDone": 0,
    "imagesDone": 0,
}


def replay(events: Iterable[QueueEvent]) -> list[dict[str, Any]]:
    """What `snapshot(contents=False)["sessions"]` says after the events."""
    sessions: list[dict[str, Any]] = []
    for event in events:
        _apply(sessions, event)
    return sessions


def _apply(sessions: list[dict[str, Any]], event: QueueEvent) -> None:
    if event.node == "session":
        _session(sessions, event)
        return
    session = _named(sessions, "name", event.session)
    if event.node == "sample":
        _put(session["samples"], "name", str(event.sample), event, {"experiments": []})
        return
    sample = _named(session["samples"], "name", str(event.sample))
    home = next((each["experiments"] for each in session["samples"] if _has(each, event)), sample["experiments"])
    if event.what == "moved":
        experiment = _named(home, "uuid", str(event.item_uuid))
        home.remove(experiment)
        _insert(sample["experiments"], "uuid", {**experiment, **_fields(event)}, event)
    else:
        _put(home, "uuid", str(event.item_uuid), event, _NEW)


def _session(sessions: list[dict[str, Any]], event: QueueEvent) -> None:
    if event.what == "changed":
        _named(sessions, "name", event.session)["sampleGroups"].update(event.detail["sampleGroups"])
    else:
        _put(sessions, "name", event.session, event, {"sampleGroups": {}, "samples": []})


def _put(siblings: list[dict[str, Any]], key: str, value: str, event: QueueEvent, new: dict[str, Any]) -> None:
    if event.what == "added":
        made = {
            key: value,
            **{name: list(v) if isinstance(v, list) else v for name, v in new.items()},
            **_fields(event),
        }
        _insert(siblings, key, made, event)
        return
    found = _named(siblings, key, value)
    if event.what in ("removed", "moved"):
        siblings.remove(found)
    if event.what == "moved":
        _insert(siblings, key, found, event)
    elif event.what != "removed":
        found.update(_fields(event))


def _insert(siblings: list[dict[str, Any]], key: str, made: dict[str, Any], event: QueueEvent) -> None:
    before = event.detail.get("before")
    at = len(siblings) if before is None else siblings.index(_named(siblings, key, before))
    siblings.insert(at, made)


def _fields(event: QueueEvent) -> dict[str, Any]:
    return {name: value for name, value in event.detail.items() if name not in ("before", "content")}


def _has(sample: dict[str, Any], event: QueueEvent) -> bool:
    return any(experiment["uuid"] == event.item_uuid for experiment in sample["experiments"])


def _named(siblings: list[dict[str, Any]], key: str, value: str) -> dict[str, Any]:
    (found,) = [each for each in siblings if each[key] == value]
    return found
