"""Results as events: the RunEngine takes several of them into one stream, and the documents are valid."""

import numpy as np
import pytest
from bluesky import plan_stubs as bps
from event_model import DocumentNames, schema_validators
from told_support import Pausing

from mxplans.plans.pausing import again_after_pauses
from mxplans.plans.record import Record, record


def test_two_events_go_into_one_stream_with_units_and_valid_documents(run_engine):
    documents = []

    def plan():
        yield from bps.open_run()
        for phase, state in (("mount", "begin"), ("mount", "end")):
            yield from record("mx_phase", {"phase": phase, "state": state})
        yield from record("mx_grid", {"grid_score": np.eye(2), "xrc_x_mm": 0.5, "rows": 2})
        yield from bps.close_run()

    run_engine(plan(), lambda name, doc: documents.append((name, doc)))
    for name, document in documents:
        schema_validators[DocumentNames[name]].validate(document)
    events = [doc["data"] for name, doc in documents if name == "event"]
    assert [event["state"] for event in events[:2]] == ["begin", "end"]
    assert events[2]["grid_score"] == [[1.0, 0.0], [0.0, 1.0]]
    keys = [doc["data_keys"] for name, doc in documents if name == "descriptor"]
    assert len(keys) == 2
    assert keys[1]["xrc_x_mm"]["units"] == "mm"
    assert keys[1]["grid_score"]["shape"] == [2, 2]


def test_records_with_other_keys_are_not_alike():
    assert Record({"a": 1}, "s") == Record({"a": 2}, "s")
    assert Record({"a": 1}, "s") != Record({"b": 1}, "s")


@pytest.mark.parametrize(("command", "events"), [("create", [1]), ("read", [1]), ("save", [1, 1])])
def test_a_pause_within_an_event_drops_what_there_is_of_it(run_engine, command, events):
    def plan():
        yield from bps.open_run()
        yield from again_after_pauses(lambda: record("mx_optical", {"found": 1}))
        yield from record("mx_verdict", {"found": 2})
        yield from bps.close_run()

    pausing = Pausing(run_engine, lambda message: message.command == command, real=("create", "read", "save", "drop"))
    pausing.run(plan())
    assert [doc["data"]["found"] for name, doc in pausing.documents if name == "event"] == [*events, 2]
