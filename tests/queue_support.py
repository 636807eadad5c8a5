"""Queue items for tests of the tree."""

import uuid
from typing import Any

from mxplans.model import QueueItem, parse_item
from mxplans.queue import NewSession, QueueStore

VISIT = "mx1-1"


def uuid_of(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def item(
    name: str,
    sample: str = "s1",
    place: tuple[int, int] | None = (1, 1),
    images: int = 10,
    position: int | None = None,
    **experiment: Any,
) -> QueueItem:
    """A rotation under the uuid that follows from a name."""
    content: dict[str, Any] = {
        "experiment": {"mxlimsType": "MxExperiment", "uuid": uuid_of(name), **experiment},
        "sampleName": sample,
        "sweeps": [
            {
                "mxlimsType": "CollectionSweep",
                "exposureTime": 0.01,
                "numberImages": images,
                "imageWidth": 0.1,
                "scanAxis": "omega",
                "axisPositionsStart": {"omega": 0.0},
            }
        ],
    }
    if place is not None:
        content["location"] = {"puck": place[0], "pin": place[1]}
    if position is not None:
        content["positionInPin"] = position
    return parse_item(content)


def new_store(path: Any) -> QueueStore:
    """A store with one session."""
    store = QueueStore(path)
    store.add_session(NewSession(name=VISIT), "tester")
    return store


A, B, C, D = (uuid_of(name) for name in "abcd")


def add(store: QueueStore, *items: QueueItem, who: str = "alice") -> tuple[str, ...]:
    """Add items to the session."""
    return store.add_items(VISIT, items, who)


def in_tree(store: QueueStore, sample: str = "s1") -> list[str]:
    """Uuids of the experiments of a sample, in order."""
    (session,) = store.snapshot()["sessions"]
    (found,) = [each for each in session["samples"] if each["name"] == sample]
    return [experiment["uuid"] for experiment in found["experiments"]]


def kinds(store: QueueStore, after: int = 0) -> list[tuple[str, str | None]]:
    """What happened, to which experiment."""
    return [(event.what.value, event.item_uuid) for event in store.events(after)]
