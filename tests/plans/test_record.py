"""Results as events: the RunEngine takes several of them into one stream, and the documents are valid."""

import numpy as np
from bluesky import plan_stubs as bps
from event_model import DocumentNames, schema_validators

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
