"""X-ray centring as an experiment: whatever interrupts it, it ends with two grids looked at, never with images alone."""

import pytest
from udc_support import Bench

from mxplans.model import Centring, kinds
from mxplans.queue import Ledger
from mxplans.udc import Verdict, Work

ITEM = kinds.xray_centring(
    sample_name="s", location=(1, 1), columns=5, flat_rows=5, edge_rows=5, step_um=10, exposure_s=0.1, aperture="Medium"
)

ROTATION = kinds.rotation(
    sample_name="s", location=(1, 1), number_images=4, image_width_deg=0.1, exposure_s=0.1, centring=Centring.XRAY
)


def in_second_grid(command):
    """Accepts a message of the second grid's scan."""
    seen = []

    def wanted(message):
        seen.append(message.command)
        return message.command == command and seen.count("kickoff") == 2

    return wanted


@pytest.fixture
def bench(bl, run_engine):
    def make(wanted=lambda message: False, ledger=None):
        bench = Bench(bl, run_engine, wanted, ledger=ledger)
        bench.lit = {13}  # the middle
        return bench

    return make


def grids_taken(bench):
    """Angles of the scans whose runs ended well."""
    good = [
        doc["run_start"] for name, doc in bench.told.documents if name == "stop" and doc["exit_status"] == "success"
    ]
    starts = [doc for name, doc in bench.told.documents if name == "start" and doc["uid"] in good]
    return [doc["mxplans"]["grid"]["omega_deg"] for doc in starts if doc["mxplans"]["role"] == "grid"]


@pytest.mark.parametrize("behind", ["kickoff", "collect"])
def test_a_pause_in_a_grid_takes_that_one_again_and_the_crystal_is_found(bench, behind):
    paused = bench(in_second_grid(behind))  # behind "collect" the boxes were scored before the pause
    outcome = paused.run_with_pause(ITEM)
    assert outcome.verdict is Verdict.DONE, outcome.reason
    assert grids_taken(paused) == [0, 90]
    assert len(paused.work.sample.candidates) == 1


def test_an_attempt_of_the_same_worker_takes_what_is_missing(bench, run_engine):
    aborted = bench(in_second_grid("collect"))
    aborted.told.reach(aborted.plan(ITEM))
    run_engine.abort("enough")
    assert aborted.run(ITEM).verdict is Verdict.DONE
    assert grids_taken(aborted) == [0, 90]


def test_an_attempt_of_another_worker_takes_grids_again_whose_views_nobody_has(bench, tmp_path):
    path = tmp_path / "queue.sqlite"
    with Ledger(path) as ledger:
        ledger.begin(ITEM.uuid)
        assert bench(ledger=ledger).run(ITEM).verdict is Verdict.DONE
        committed = ledger.committed(ITEM.uuid)
    with Ledger(path) as ledger:
        second = bench(ledger=ledger)
        outcome = second.run(ITEM, attempt=ledger.begin(ITEM.uuid))
        assert outcome.verdict is Verdict.DONE, outcome.reason
        assert grids_taken(second) == [0, 90]
        assert ledger.committed(ITEM.uuid) == committed


def test_a_crystal_further_off_than_centring_may_go_ends_one_sample_and_not_the_night(bench):
    far = bench()
    limits = far.work.settings.limits.model_copy(update={"centring_travel_mm": 0.15})
    far.work = Work(far.work.settings.model_copy(update={"limits": limits}), far.work.sample, far.work.ledger)
    for item in (ITEM, ROTATION):
        outcome = far.run(item)
        assert outcome.verdict is Verdict.NOT_CENTRED
        assert "allowed are 0.15 mm" in outcome.reason
    assert len(far.starts_mm) == 2  # the grids; nothing was collected beside the crystal


def test_grids_that_show_nothing_are_told_as_such_on_every_attempt(bench):
    dark = bench()
    dark.lit = set()
    assert dark.run(ITEM).verdict is Verdict.NO_DIFFRACTION
    assert dark.run(ITEM).verdict is Verdict.NO_DIFFRACTION
    assert grids_taken(dark) == [0, 90]
