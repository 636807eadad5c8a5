"""Documents that are odd, come twice or come in another order: the experiments beside them are told all the same."""

import json

import pytest
from exporter_support import append
from remote_target import RemoteTarget

from mxplans_lims.exporter import replay
from mxplans_lims.exporter._exporter import Exporter
from mxplans_lims.exporter._targets import Targets
from mxplans_lims.exporter._telling import Teller

ODD = [
    {"uid": "a", "time": 1.0, "mxplans": "of somebody else"},
    {"uid": "b", "time": 1.0, "mxplans": None},
    {"uid": "c", "time": 1.0, "mxplans": {"parent_uid": ["b"]}},
    {"uid": ["d"], "time": 1.0, "mxplans": {"role": "sample", "item_uid": "x"}},
    {"uid": "\udcff", "time": 1.0, "mxplans": {"role": "sample", "item_uid": "x"}},
    {"uid": "d", "time": 1.0, "mxplans": {"role": "sample", "item_uid": "\udcff"}},
    {"time": 1.0, "mxplans": {"role": "sample", "item_uid": "x"}},
    {"uid": "e", "mxplans": {"role": "sample", "item_uid": "y"}},
]


@pytest.fixture
def exporter(out, outbox):
    target = RemoteTarget("lims", RemoteTarget.Settings(database=out / "lims.sqlite"))
    return Exporter(out / "documents.jsonl", outbox, Teller(Targets({"lims": target}, {}), out))


def line(name, document):
    return json.dumps([name, document]).encode() + b"\n"


def payloads(outbox, item):
    return [(step.key, step.payload) for step in outbox.steps(item)]


@pytest.mark.parametrize("start", ODD, ids=range(len(ODD)))
def test_an_odd_run_keeps_no_experiment_from_its_lims(out, outbox, exporter, experiments, start):
    begin, *rest = experiments.lines(1)
    stop = {"uid": "s", "time": 2.0, "run_start": start.get("uid", ["none"]), "exit_status": "success"}
    append(out, [line("start", start), begin, line("start", start), *rest, line("stop", stop), line("event", {})])
    assert exporter.read_on() is True
    assert [key for key, _ in payloads(outbox, experiments.item(1))][-1] == "end"


def test_events_before_their_descriptors_are_in_the_record(out, outbox, exporter, experiments):
    append(out, experiments.lines(1))
    exporter.read_on()
    known = payloads(outbox, experiments.item(1))
    lines = experiments.lines(1)
    body = sorted(lines[1:-1], key=lambda each: json.loads(each)[0], reverse=True)  # stops and events, then descriptors
    (out / "documents.jsonl").write_bytes(b"")
    append(out, [line("start", {"uid": "another", "time": 1.0}), lines[0], *body, lines[-1]])
    exporter.read_on()
    assert payloads(outbox, experiments.item(1)) == known


def test_a_start_that_comes_again_opens_no_run_again(out, outbox, exporter, experiments):
    lines = experiments.lines(1)
    append(out, [*lines, lines[0]])
    exporter.read_on()
    known = payloads(outbox, experiments.item(1))
    assert not exporter.unfinished
    replay(out)
    exporter.read_on()
    exporter.read_on()
    assert payloads(outbox, experiments.item(1)) == known
    assert not outbox.problems()


@pytest.mark.parametrize("item_uid", ["../../outside", "/outside", "a/b", "..", ""])
def test_an_item_that_would_lead_out_of_the_folder_is_told_to_nobody(out, outbox, exporter, caplog, item_uid):
    start = {"uid": "a", "time": 1.0, "mxplans": {"role": "sample", "item_uid": item_uid}}
    append(out, [line("start", start), line("stop", {"uid": "s", "time": 2.0, "run_start": "a"})])
    exporter.read_on()
    assert outbox.items() == ()
    assert "is no identifier; it is told to nobody" in caplog.text
