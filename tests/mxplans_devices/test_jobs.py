"""Jobs: their Status says how they ended, and nothing of them is left."""

import threading

import pytest
from ophyd import Device
from ophyd.status import Status

from mxplans.errors import DetectorFault, DeviceFault, SampleProblem
from mxplans_devices._jobs import Task, Worker

pytestmark = pytest.mark.usefixtures("no_new_threads")


@pytest.fixture
def worker() -> Worker:
    return Worker(Device(name="thing"), DetectorFault)


def forever(task: Task) -> None:
    task.until(lambda: False, "it never comes")


def test_a_job_that_returns_succeeds(worker: Worker) -> None:
    done = threading.Event()
    status = worker.start(lambda task: done.set(), "work", 5)
    status.wait(5)
    assert done.is_set()
    assert status.success


def test_starting_returns_at_once_and_a_second_job_is_refused(worker: Worker) -> None:
    status = worker.start(forever, "first", 30)
    assert not status.done
    assert worker.busy
    with pytest.raises(DetectorFault, match="thing: cannot second during 'first'"):
        worker.start(forever, "second", 30)
    assert worker.interrupt()
    with pytest.raises(DetectorFault, match="thing: first was stopped before its end"):
        status.wait(5)
    assert not worker.interrupt(), "nothing to interrupt any more"


def test_after_an_interrupt_the_next_job_can_start_at_once(worker: Worker) -> None:
    worker.start(forever, "first", 30)
    worker.interrupt()
    worker.start(lambda task: None, "second", 30).wait(5)


def test_a_condition_that_never_holds_says_what_is_missing(worker: Worker) -> None:
    status = worker.start(forever, "work", 0.1)
    with pytest.raises(DetectorFault, match="thing: work failed: it never comes"):
        status.wait(5)


def test_work_that_never_waits_is_ended_by_its_status(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mxplans_devices._jobs._GRACE_S", 0.1)
    release = threading.Event()
    status = worker.start(lambda task: release.wait(20) and None, "work", 0.1)
    with pytest.raises(DetectorFault, match="thing: work did not end within 0.2 s"):
        status.wait(5)
    release.set()


def test_errors_of_the_project_pass_and_others_are_wrapped_with_their_cause(worker: Worker) -> None:
    def no_pin(task: Task) -> None:
        raise SampleProblem("no pin")

    def broken(task: Task) -> None:
        raise OSError("disk full")

    with pytest.raises(SampleProblem, match="no pin"):
        worker.start(no_pin, "load", 5).wait(5)
    with pytest.raises(DetectorFault, match="thing: write failed: OSError: disk full") as failed:
        worker.start(broken, "write", 5).wait(5)
    assert isinstance(failed.value.__cause__, OSError)


def test_a_failed_status_inside_fails_the_job(worker: Worker) -> None:
    inner = Status()
    inner.set_exception(ValueError("bad value"))
    with pytest.raises(DeviceFault, match="thing: put failed: bad value"):
        worker.start(lambda task: task.wait(inner), "put", 5).wait(5)


def test_a_failure_does_not_stop_the_device_behind_the_back_of_the_plan() -> None:
    stopped = threading.Event()

    class Thing(Device):
        def stop(self, *, success: bool = False) -> None:
            stopped.set()

    status = Worker(Thing(name="thing")).start(forever, "work", 0.05)
    with pytest.raises(DeviceFault):
        status.wait(5)
    assert not stopped.wait(0.2)
