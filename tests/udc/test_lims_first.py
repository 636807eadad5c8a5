"""Identifiers of a LIMS before the first scan: waited for when the sample is in, and by rule done without."""

import dataclasses
import threading

import pytest
from bluesky import plan_stubs as bps
from documents_contract import ContractValidator
from documents_made import ITEM
from names_support import named
from ophyd import Signal
from ophyd.status import Status
from udc_support import Bench

from mxplans.errors import BeamlineFault, DeviceFault, TargetRefused
from mxplans.model import kinds
from mxplans.plans import documents
from mxplans.roles import LimsIds
from mxplans.udc import Verdict
from mxplans.udc.lims_first import ids_first

PIN = {"sample_name": "s", "location": (1, 1)}
ROTATION = kinds.rotation(**PIN, number_images=4, image_width_deg=0.1, exposure_s=0.1, centring="optical")
AWAY = DeviceFault("ispyb: no identifier after 30 s")


def bench_with(bl, run_engine, otherwise="go_on", fault=None, **how):
    """A bench whose LIMS gives identifiers, or fails."""
    lims = named("lims_ids", "ids")
    lims.target, lims.timeout_s, lims.otherwise = "ispyb", 30.0, otherwise
    bench = Bench(dataclasses.replace(bl, lims_ids=lims), run_engine, **how)
    bench.told.reads["lims_ids_ids"] = {"group": "4711"}

    def ask(uuid):
        bench.asked.append(uuid)
        if fault is not None:
            raise fault

    bench.asked = []
    bench.told.does["lims_ids"] = ask
    return bench


def commands(bench):
    """Messages in their order, as far as they matter here."""
    wanted = {("set", "lims_ids"), ("stop", "lims_ids"), ("set", "goniometer_scan"), ("read", "mx_lims")}
    found = [(each.command, getattr(each.obj, "name", None)) for each in bench.told.messages]
    return [each for each in found if each in wanted or each[0] in ("open_run", "close_run")]


def test_without_such_a_role_nobody_is_asked(bl, run_engine):
    bench = Bench(bl, run_engine)
    assert bench.run(ROTATION).collected
    assert bench.told.records("lims_outcome") == []
    assert "lims_ids" not in bench.scanned("rotation")[0]


def test_identifiers_are_there_before_the_first_scan_and_stand_in_its_start_document(bl, run_engine):
    bench = bench_with(bl, run_engine)
    assert bench.run(ROTATION).collected
    assert bench.asked == [ROTATION.uuid]
    assert commands(bench) == [
        ("open_run", None),
        ("set", "lims_ids"),
        ("read", "mx_lims"),
        ("open_run", None),
        ("set", "goniometer_scan"),
        ("close_run", None),
        ("close_run", None),
    ]
    assert bench.scanned("rotation")[0]["lims_ids"] == {"group": "4711"}
    told = {key: bench.told.records(f"lims_{key}") for key in ("target", "group_id", "outcome", "message")}
    assert told == {"target": ["ispyb"], "group_id": ["4711"], "outcome": ["given"], "message": [""]}


@pytest.mark.parametrize("item", [kinds.load(**PIN), kinds.optical_centring(**PIN), kinds.unload(sample_name="s")])
def test_what_takes_no_images_needs_no_identifiers(bl, run_engine, item):
    bench = bench_with(bl, run_engine)
    assert bench.run(item).verdict is Verdict.DONE
    assert bench.asked == []


@pytest.mark.parametrize("fault", [AWAY, TargetRefused("ispyb: no such session")])
def test_the_rule_may_be_to_go_on_without(bl, run_engine, fault):
    bench = bench_with(bl, run_engine, "go_on", fault)
    assert bench.run(ROTATION).collected
    assert "lims_ids" not in bench.scanned("rotation")[0]
    assert commands(bench)[1:4] == [("set", "lims_ids"), ("stop", "lims_ids"), ("read", "mx_lims")]
    assert bench.told.records("lims_outcome") == ["go_on"]
    assert bench.told.records("lims_message") == [str(fault)]


def test_the_rule_may_be_to_leave_the_sample_out_and_the_next_one_is_asked_for_anew(bl, run_engine):
    bench = bench_with(bl, run_engine, "skip", AWAY)
    outcome = bench.run(ROTATION)
    assert (outcome.verdict, outcome.collected, outcome.succeeded) == (Verdict.NO_LIMS_ID, False, False)
    assert "ispyb gave no identifier" in outcome.reason and "30 s" in outcome.reason
    assert bench.scanned("rotation") == []
    assert bench.told.exit_statuses() == ["success"]
    del bench.told.does["lims_ids"]
    assert bench.run(ROTATION, attempt=2).collected


def test_the_rule_may_be_to_stop(bl, run_engine):
    bench = bench_with(bl, run_engine, "stop", AWAY)
    with pytest.raises(BeamlineFault, match=r"no identifier before the first scan.*otherwise"):
        bench.run(ROTATION)
    assert bench.scanned("rotation") == []
    assert bench.told.records("lims_outcome") == ["stop"]


def test_a_pause_asks_again_and_is_told_once(bl, run_engine):
    bench = bench_with(bl, run_engine, pause_behind=lambda each: (each.command, each.obj) == ("set", bench.bl.lims_ids))
    assert bench.run_with_pause(ROTATION).collected
    assert bench.asked == [ROTATION.uuid] * 2
    assert bench.told.records("lims_outcome") == ["given"]


class StandIn:
    """A LIMS that answers when a test lets it."""

    name, parent, target = "lims_ids", None, "ispyb"

    def __init__(self, otherwise="skip", timeout_s=30.0):
        self.otherwise, self.timeout_s = otherwise, timeout_s
        self.ids = Signal(name="lims_ids_ids", value={})
        self.asked = threading.Event()
        self.stopped = 0
        self.status = None

    def read(self):
        return self.ids.read()

    def describe(self):
        return self.ids.describe()

    def set(self, value):
        self.status = Status(timeout=self.timeout_s)
        self.asked.set()
        return self.status

    def stop(self, *, success=False):
        self.stopped += 1
        if self.status is not None and not self.status.done:
            self.status.set_exception(DeviceFault("stopped"))


def asked_for_ids(bl, found):
    """Nothing but the wait, in an outer run."""
    yield from bps.open_run(documents.sample_metadata(ITEM, "names"))
    found += [(yield from ids_first(bl, ITEM)), bl.lims_ids.stopped]  # the RunEngine itself stops all in the end
    yield from bps.close_run(exit_status="abort")


def test_a_device_plays_the_role_and_its_event_keeps_to_the_contract(bl, run_engine):
    lims, contract, found = StandIn(), ContractValidator(), []
    assert isinstance(lims, LimsIds)
    run_engine.subscribe(contract)
    answer = threading.Timer(0.2, lambda: (lims.ids.put({"group": "12"}), lims.status.set_finished()))
    answer.start()
    run_engine(asked_for_ids(dataclasses.replace(bl, lims_ids=lims), found))
    answer.join()
    assert found == [{"group": "12"}, 0]
    contract.check()


def test_a_device_that_fails_in_time_is_stopped_and_its_words_are_kept(bl, run_engine):
    lims, contract, found = StandIn(), ContractValidator(), []
    run_engine.subscribe(contract)
    answer = threading.Timer(0.1, lambda: lims.status.set_exception(DeviceFault("the exporter is away")))
    answer.start()
    run_engine(asked_for_ids(dataclasses.replace(bl, lims_ids=lims), found))
    answer.join()
    assert (found[0].verdict, found[1]) == (Verdict.NO_LIMS_ID, 1)
    assert "the exporter is away" in found[0].reason
    contract.check()


def test_a_device_that_says_nothing_does_not_hold_the_night_up(bl, run_engine, monkeypatch):
    monkeypatch.setattr("mxplans.udc.lims_first.GRACE_S", 0.1)
    lims, found = StandIn("go_on", timeout_s=None), []
    lims.set = lambda value: setattr(lims, "status", Status()) or lims.status
    lims.timeout_s = 0.1
    run_engine(asked_for_ids(dataclasses.replace(bl, lims_ids=lims), found))
    assert found == [{}, 1]
    assert lims.status.done
