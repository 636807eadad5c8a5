"""The way out: signals, and a plan that has not ended, which is aborted so that its clean-up makes safe."""

import asyncio
import os
import signal
import threading

import pytest
from bluesky import plan_stubs as bps
from bluesky import preprocessors as bpp
from bluesky.utils import DuringTask, Msg
from rich.console import Console

from mxplans.app.ipython.leaving import Leaving, end_plan
from mxplans.app.session import running_engine


def test_the_first_signal_ends_the_session_and_later_ones_disturb_nothing():
    with Leaving() as leaving:
        with pytest.raises(SystemExit) as left:
            os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGHUP)
    assert left.value.code == leaving.code == 128 + signal.SIGTERM


def test_a_signal_while_the_session_ends_anyhow_is_too_late():
    with Leaving() as leaving:
        leaving.ended = True
        os.kill(os.getpid(), signal.SIGHUP)
    assert leaving.code is None


class Leaves(DuringTask):
    """What waits for a plan is left when that works, as by a signal."""

    def __init__(self, begun):
        self._begun = begun

    def block(self, blocking_event):
        assert self._begun.wait(10.0)
        raise SystemExit


class Motor:
    """Is stopped while somebody presses Ctrl-C."""

    name = "motor"
    parent = None
    stopped = False

    def stop(self, success=True):
        if not self.stopped:
            self.stopped = True
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def console():
    return Console(record=True)


def plan(begun, done):
    def rocking():
        yield from bps.open_run()
        yield from bps.checkpoint()
        begun.set()
        yield from bps.sleep(60.0)

    def make_safe():
        done.append("safe")
        yield from bps.null()

    return bpp.finalize_wrapper(rocking(), make_safe)


@pytest.mark.parametrize("state", ["running", "paused"])
def test_a_plan_that_is_left_is_aborted_safely_and_ctrl_c_does_not_hurry_that(state, console):
    done, ends, begun = [], [], threading.Event()
    with running_engine(asyncio.new_event_loop(), during_task=Leaves(begun)) as engine:
        engine.subscribe(lambda name, doc: ends.append(doc["exit_status"]), "stop")
        with pytest.raises(SystemExit):
            engine(plan(begun, done))
        motor = Motor()
        engine._movable_objs_touched.add(motor)
        if state == "paused":
            motor.stopped = True
            engine.request_pause()
        engine._during_task = DuringTask()
        end_plan(engine, console)
        assert engine.state == "idle"
    assert done == ["safe"]
    assert ends == ["abort"]
    told = console.export_text()
    assert "the plan that was left is aborted" in told
    assert ("please wait" in told) == (state == "running")


def test_without_a_plan_there_is_nothing_to_end(console):
    with running_engine(asyncio.new_event_loop()) as engine:
        engine([Msg("null")])
        end_plan(engine, console)
    assert console.export_text() == ""
