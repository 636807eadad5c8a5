"""Whatever a document holds comes back as it was, or in words of JSON that tell the same."""

import json
import math
import uuid
from collections import deque
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mxplans_lims.journal import Journal, JournalState, read_journal
from mxplans_lims.records import Phase


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


NIGHT = datetime(2026, 11, 25, 21, 0, tzinfo=UTC)
KEY = uuid.UUID(int=5)

VALUES = [
    (np.float32(0.5), 0.5),
    (np.int64(4), 4),
    (np.bool_(True), True),
    (np.arange(6).reshape(2, 3), [[0, 1, 2], [3, 4, 5]]),
    (np.array([b"a", "b"], dtype=object), ["a", "b"]),
    (np.datetime64("2026-11-25T21:00:00"), "2026-11-25T21:00:00"),
    (Path("/data/a.h5"), "/data/a.h5"),
    ({3, 1, 2}, [1, 2, 3]),
    ({"b", 1}, ["b", 1]),  # no order between them but that of their words
    (frozenset({"b", "a"}), ["a", "b"]),
    (b"EPICS text", "EPICS text"),
    (b"\xff\x00", "data:;base64,/wA="),
    (NIGHT, "2026-11-25T21:00:00+00:00"),
    (NIGHT.date(), "2026-11-25"),
    (timedelta(minutes=1.5), 90.0),
    (Colour.RED, "red"),
    (Level.HIGH, 3),
    (KEY, str(KEY)),
    (Decimal("1.10"), "1.10"),
    (1 + 2j, [1.0, 2.0]),
    (deque([1, 2]), [1, 2]),
    ((1, (2, 3)), [1, [2, 3]]),
    ({"a": 1}.keys(), ["a"]),
    (
        Phase(name="mount", start=NIGHT, duration_s=None),
        {"name": "mount", "start": NIGHT.isoformat(), "duration_s": None},
    ),
    ({np.int64(7): 1, Colour.RED: {Path("p"): 2}, (1, 2): 3}, {"7": 1, "red": {"p": 2}, "(1, 2)": 3}),
]


@pytest.mark.parametrize(("value", "told"), VALUES, ids=lambda value: type(value).__name__)
def test_values_without_a_word_in_json(tmp_path: Path, value, told):
    journal = Journal(tmp_path / "documents.jsonl")
    journal("start", {"uid": "a", "value": value})
    journal.close()
    assert journal.state == JournalState()
    assert list(read_journal(journal.path)) == [("start", {"uid": "a", "value": told})]


def test_numbers_that_are_none_come_back_as_they_were(tmp_path: Path):
    journal = Journal(tmp_path / "documents.jsonl")
    journal("event", {"data": {"a": math.nan, "b": np.array([np.inf, -np.inf, np.nan])}})
    journal.close()
    ((_, document),) = read_journal(journal.path)
    assert math.isnan(document["data"]["a"])
    assert document["data"]["b"][:2] == [math.inf, -math.inf]
    assert math.isnan(document["data"]["b"][2])


class Hostile:
    """Is a mapping as far as anybody can see."""

    def keys(self):
        raise SystemError("not now")


def circle():
    own: list[object] = []
    own.append(own)
    return own


def deep():
    nested: list[object] = []
    for _ in range(100_000):
        nested = [nested]
    return nested


@pytest.mark.parametrize(
    "value", [object(), Hostile(), circle(), deep(), lambda: 1], ids=["object", "hostile", "circle", "deep", "function"]
)
def test_what_cannot_be_told_is_counted(tmp_path: Path, value, caplog):
    journal = Journal(tmp_path / "documents.jsonl")
    journal("event", {"value": value})
    journal("event", {"value": 1})
    assert journal.state == JournalState(untold=1)
    journal.close()
    assert list(read_journal(journal.path)) == [("event", {"value": 1})]
    assert journal.failed is not None
    assert "cannot tell a event document" in caplog.text
    assert json.loads((tmp_path / "lims" / "journal_state.json").read_text())["untold"] == 1


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
DOCUMENTS = st.lists(
    st.tuples(st.sampled_from(["start", "event", "stop", "datum"]), st.dictionaries(st.text(), JSON_VALUES))
)


@given(documents=DOCUMENTS)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_round_trip(tmp_path: Path, documents):
    path = tmp_path / f"{uuid.uuid4()}.jsonl"
    journal = Journal(path)
    for name, document in documents:
        before = json.dumps(document)
        journal(name, document)
        assert json.dumps(document) == before  # nobody's document is changed
    journal.close()
    assert list(read_journal(path)) == documents
