"""Scans of an experiment: each is closed once and written down, whatever comes between; a series is no longer than allowed."""

import pytest
from told_support import Pausing

from mxplans.model import Position, Sweep
from mxplans.plans.collecting import Collecting, collect
from mxplans.plans.documents import ScanContext
from mxplans.plans.ledger import MemoryLedger
from mxplans.profile import Collection
from mxplans.schedule import schedule

SWEEP = Sweep(
    uuid="11111111-1111-4111-8111-111111111111",
    number_images=30,
    image_width_deg=0.1,
    exposure_s=0.1,
    start=Position(x_mm=0, y_mm=0, z_mm=0),
)
SCANS = schedule((SWEEP,), 10, "")


@pytest.fixture
def how():
    return Collecting(Collection(aperture="Medium", distance_mm=100), ScanContext("s", "item"), MemoryLedger())


def scans_per_arming(messages):
    return [message.args[0].number_scans for message in messages if message.command == "prepare"]


def test_a_scan_rests_before_its_run_ends_and_nothing_follows_but_the_checkpoint(bl, simulator, how):
    messages = simulator.simulate_plan(collect(bl, (SWEEP,), SCANS, how))
    ends = [index for index, message in enumerate(messages) if message.command == "close_run"]
    assert len(ends) == 3
    for end in ends:
        said = [(message.command, getattr(message.obj, "name", None)) for message in messages[end - 4 : end + 2]]
        assert said == [
            ("collect", "detector"),
            ("stop", "goniometer"),
            ("set", "fast_shutter"),
            ("wait", None),
            ("close_run", None),
            ("checkpoint", None),
        ]


def test_a_pause_behind_the_end_of_a_run_costs_no_scan_and_closes_nothing_twice(bl, run_engine, how):
    pausing = Pausing(run_engine, lambda message: message.command == "close_run")
    pausing.run(collect(bl, (SWEEP,), SCANS, how))
    assert pausing.exit_statuses() == ["success"] * 3
    assert len(pausing.told("close_run")) == 3
    assert how.ledger.committed("item") == {scan.key for scan in SCANS}
    # The first scan is committed, so only the other two are taken after the pause, in a series of their own.
    assert scans_per_arming(pausing.messages) == [3, 2]


def test_an_abort_behind_the_end_of_a_run_closes_nothing_twice_and_the_scan_is_taken_again(bl, run_engine, how):
    pausing = Pausing(run_engine, lambda message: message.command == "close_run")
    pausing.reach(collect(bl, (SWEEP,), SCANS, how))
    run_engine.abort("enough")
    assert len(pausing.told("close_run")) == 1
    # The known gap: the plan never heard of the end of its run.
    assert how.ledger.committed("item") == frozenset()
    run_engine(collect(bl, (SWEEP,), SCANS, how))
    assert how.ledger.committed("item") == {scan.key for scan in SCANS}
    assert len(pausing.told("close_run")) == 4


def test_a_pause_within_a_scan_takes_it_again(bl, run_engine, how):
    pausing = Pausing(run_engine, lambda message: message.command == "complete")
    pausing.run(collect(bl, (SWEEP,), SCANS, how))
    assert pausing.exit_statuses() == ["abort"] + ["success"] * 3
    assert scans_per_arming(pausing.messages) == [3, 3]


@pytest.mark.parametrize(("most", "armings"), [(None, [3]), (30, [3]), (29, [2, 1]), (10, [1, 1, 1])])
def test_a_series_holds_no_more_images_than_the_detector_takes_in_one_arming(bl, simulator, how, most, armings):
    how = Collecting(how.settings, how.context, how.ledger, images_per_arm_most=most)
    messages = simulator.simulate_plan(collect(bl, (SWEEP,), SCANS, how))
    assert scans_per_arming(messages) == armings
