"""A pause within a scan: the plan is told, its finalizers run, nothing is repeated."""

import threading

import pytest
from bluesky import plan_stubs as bps
from bluesky import preprocessors as bpp
from bluesky.utils import RunEngineInterrupted
from ophyd import Signal
from ophyd.status import Status
from told_support import Pausing

from mxplans.errors import DeviceFault
from mxplans.plans.pausing import ScanInterrupted, again_after_pauses, noticing_pauses
from mxplans.plans.waiting import set_and_wait


def pausing_after(run_engine, seconds):
    timer = threading.Timer(seconds, lambda: run_engine.request_pause(defer=False))
    timer.start()
    return timer


def test_after_a_pause_the_scan_is_given_up_once_and_can_be_taken_again(run_engine):
    signal, log = Signal(name="motor", value=0), []

    def scan(number):
        yield from bps.open_run()
        log.append(f"begin {number}")
        yield from bps.abs_set(signal, number, wait=True)
        yield from bps.sleep(0.6 if number == 1 else 0)
        log.append(f"end {number}")
        yield from bps.close_run()

    def clean_up():
        log.append("clean up")
        yield from bps.null()

    def plan():
        for number in (1, 2):
            yield from bps.checkpoint()
            try:
                yield from noticing_pauses(
                    bpp.finalize_wrapper(
                        bpp.contingency_wrapper(scan(number), except_plan=lambda error: bps.close_run("abort")),
                        clean_up,
                    )
                )
            except ScanInterrupted as told:
                log.append(type(told).__name__)

    timer = pausing_after(run_engine, 0.2)
    with pytest.raises(RunEngineInterrupted):
        run_engine(plan())
    timer.join()
    assert log == ["begin 1"]
    run_engine.resume()
    assert log == ["begin 1", "clean up", "ScanInterrupted", "begin 2", "end 2", "clean up"]


def test_without_a_pause_results_and_faults_pass_through(run_engine):
    def good():
        yield from bps.null()
        return 7

    def bad():
        yield from bps.null()
        raise DeviceFault("omega stands still")

    found = []

    def plan():
        found.append((yield from noticing_pauses(good())))
        try:
            yield from noticing_pauses(bad())
        except DeviceFault as fault:
            found.append(str(fault))

    run_engine(plan())
    assert found == [7, "omega stands still"]


def test_an_abort_during_the_pause_is_an_abort_and_the_finalizers_run_undisturbed(run_engine):
    seen = []

    def scan():
        try:
            yield from bps.sleep(5)
        except Exception as error:
            seen.append(type(error).__name__)
            raise

    def clean_up():
        for step in range(3):
            yield from bps.null()
            seen.append(step)

    timer = pausing_after(run_engine, 0.2)
    with pytest.raises(RunEngineInterrupted):
        run_engine(noticing_pauses(bpp.finalize_wrapper(scan(), clean_up)))
    timer.join()
    run_engine.abort("enough")
    assert seen == ["RequestAbort", 0, 1, 2]


def test_a_pause_right_behind_the_end_of_a_run_is_told_at_the_next_message(run_engine):
    log = []

    def scan():
        yield from bps.open_run()
        yield from bps.close_run()
        log.append("written down")
        yield from bps.null()
        log.append("not reached")

    def plan():
        try:
            yield from noticing_pauses(scan())
        except ScanInterrupted:
            log.append("told")

    Pausing(run_engine, lambda message: message.command == "close_run").run(bpp.pchain(bps.checkpoint(), plan()))
    assert log == ["written down", "told"]


def test_what_a_pause_interrupts_begins_again_until_it_is_through(run_engine):
    begun, found = [], []

    def work():
        begun.append(len(begun) + 1)
        yield from bps.null()
        yield from bps.sleep(0)
        return begun[-1]

    def plan():
        found.append((yield from again_after_pauses(work)))

    pausing = Pausing(run_engine, lambda message: message.command == "sleep")
    pausing.run(plan())
    assert (begun, found) == ([1, 2], [2])
    run_engine(plan())
    assert (begun, found) == ([1, 2, 3], [2, 3])


class LateToRest:
    """A motor that, when it is stopped, says only after a while that it did not arrive; the second time it arrives."""

    name, parent = "late", None

    def __init__(self):
        self.statuses = []

    def set(self, value):
        status = Status(timeout=20)
        if self.statuses:
            status.set_finished()
        self.statuses.append(status)
        return status

    def stop(self, *, success=False):
        if not self.statuses[0].done:
            threading.Timer(0.3, self.statuses[0].set_exception, [DeviceFault("late did not arrive")]).start()


@pytest.mark.parametrize("behind", ["set", "wait"])
def test_what_a_pause_has_stopped_comes_to_rest_before_anything_begins_again(run_engine, behind):
    late, seen = LateToRest(), []

    def work():
        seen.append([status.done for status in late.statuses])
        yield from set_and_wait(5.0, late, 1.0)
        yield from bps.sleep(0.5)

    pausing = Pausing(run_engine, lambda message: message.command == behind, real=("set", "wait", "stop"))
    pausing.run(again_after_pauses(work))
    assert seen == [[], [True]]
    assert len(late.statuses) == 2


def test_a_finalizer_is_not_disturbed_by_what_a_pause_has_stopped(run_engine):
    late, seen = LateToRest(), []

    def clean_up():
        yield from bps.sleep(0.5)
        seen.append("safe")

    def plan():
        yield from noticing_pauses(bpp.finalize_wrapper(set_and_wait(5.0, late, 1.0), clean_up))

    pausing = Pausing(run_engine, lambda message: message.command == "wait", real=("set", "wait", "stop"))
    with pytest.raises(ScanInterrupted):
        pausing.run(bpp.pchain(bps.checkpoint(), plan()))
    assert seen == ["safe"]
