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
