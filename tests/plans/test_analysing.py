"""An analysis within a plan: its result, its errors, and that the RunEngine's loop goes on meanwhile."""

import asyncio
import gc
import itertools
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
import pytest
from bluesky import plan_stubs as bps
from bluesky.utils import RunEngineInterrupted

from mxplans.errors import AnalysisFailed, DeviceFault, SampleProblem
from mxplans.plans.analysing import analysed
from mxplans_sim.virtual_time.kernel import Kernel
from mxplans_sim.virtual_time.loop import VirtualLoop
from mxplans_sim.virtual_time.takeover import taken_over
from mxplans_sim.virtual_time.threads import virtual_threading

pytestmark = pytest.mark.usefixtures("no_new_threads")
BEAT_S = 0.005
LATE_S = 0.02
"""How late a beat of the loop may be on account of an analysis."""
SHARE = 0.9
"""Of the beats that count: the machine has other things to do as well, which make single beats late by far more."""
BUSY_S = 1.0


def numbers(seconds: float) -> int:
    """Work of numpy, as on many frames; it gives way while it computes."""
    rounds, end = 0, time.monotonic() + seconds
    frame = np.random.default_rng(1).normal(size=(512, 680))
    while time.monotonic() < end:
        np.sort(np.exp(np.abs(frame)), axis=1)
        rounds += 1
    return rounds


def pure(seconds: float) -> int:
    """Work of Python alone; the interpreter makes it give way."""
    rounds, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        rounds += sum(range(100))
    return rounds


@contextmanager
def heart(loop: asyncio.AbstractEventLoop, lates_s: list[float]) -> Iterator[None]:
    """Beats in a loop, and how late each beat was."""

    async def beat() -> None:
        while True:
            begin = time.monotonic()
            await asyncio.sleep(BEAT_S)
            lates_s.append(time.monotonic() - begin - BEAT_S)

    beating = asyncio.run_coroutine_threadsafe(beat(), loop)
    try:
        yield
    finally:
        beating.cancel()


def keep(found, plan):
    found.append((yield from plan))


@pytest.mark.parametrize("work", [numbers, pure])
def test_the_loop_keeps_its_beat_while_an_analysis_computes(run_engine, work):
    idle_s: list[float] = []
    lates_s: list[float] = []
    found: list[int] = []
    with heart(run_engine.loop, idle_s):
        run_engine(bps.sleep(0.5 * BUSY_S))
    with heart(run_engine.loop, lates_s):
        run_engine(keep(found, analysed("fit", work, BUSY_S)))
    assert found[0] > 10
    assert np.quantile(lates_s, SHARE) - np.quantile(idle_s, SHARE) < LATE_S


def test_a_value_comes_back_with_its_arguments_given(run_engine):
    found: list[int] = []
    run_engine(keep(found, analysed("sum", partial(sum, start=10), [1, 2])))
    assert found == [13]


def raising(error):
    raise error


def test_errors_of_ours_pass_and_others_say_what_they_were(run_engine):
    with pytest.raises(SampleProblem, match="no loop"):
        run_engine(analysed("fit", raising, SampleProblem("no loop")))
    with pytest.raises(AnalysisFailed, match="fit failed: ZeroDivisionError: 1/0") as failed:
        run_engine(analysed("fit", raising, ZeroDivisionError("1/0")))
    assert isinstance(failed.value.__cause__, ZeroDivisionError)


def test_an_analysis_that_does_not_end_in_time_is_a_fault(run_engine):
    release = threading.Event()
    with pytest.raises(DeviceFault, match=r"analysis: fit: not done after 0.1 s"):
        run_engine(analysed("fit", release.wait, 20, timeout_s=0.1))
    release.set()


class Counting:
    """A function that says when it is called and ends when it may."""

    def __init__(self) -> None:
        self.called, self.release, self.calls = threading.Event(), threading.Event(), itertools.count()

    def __call__(self) -> int:
        number = next(self.calls)
        self.called.set()
        assert self.release.wait(20)
        return number


def paused_within(run_engine, analysis, plan):
    def ask() -> None:
        analysis.called.wait(20)
        run_engine.request_pause()

    asking = threading.Thread(target=ask)
    asking.start()
    with pytest.raises(RunEngineInterrupted):
        run_engine(plan)
    asking.join(20)


def test_behind_a_pause_the_same_call_is_waited_for(run_engine):
    analysis, found = Counting(), []

    def plan():
        yield from bps.checkpoint()
        yield from keep(found, analysed("fit", analysis))

    paused_within(run_engine, analysis, plan())
    analysis.release.set()
    run_engine.resume()
    assert found == [0], "once, not twice"


@pytest.mark.parametrize("end", ["stop", "abort"])
def test_a_stop_does_not_wait_for_an_analysis(run_engine, end):
    analysis, found, cleaned = Counting(), [], []

    def plan():
        yield from bps.checkpoint()
        try:
            yield from keep(found, analysed("fit", analysis))
        finally:
            cleaned.append((yield from bps.null()))

    paused_within(run_engine, analysis, plan())
    getattr(run_engine, end)()
    assert (found, cleaned) == ([], [None])
    analysis.release.set()  # the thread ends by itself: no_new_threads looks


def test_computing_takes_no_virtual_time_and_waits_of_others_do(monkeypatch):
    """A thread that computes keeps virtual time from jumping; without that, the sleep beside it would be over at once."""
    from mxplans.app.session import running_engine

    kernel = Kernel()
    loop = VirtualLoop(kernel)
    found: list[int] = []
    spans_s: list[float] = []

    def plan():
        yield from bps.sleep(5.0)
        begin = kernel.now_s
        yield from keep(found, analysed("fit", numbers, 0.2, timeout_s=0.05))
        spans_s.append(kernel.now_s - begin)

    with taken_over(("mxplans.plans",), {"threading": virtual_threading(kernel)}), running_engine(loop) as engine:
        begin = time.monotonic()
        engine(plan())
        real_s = time.monotonic() - begin
    assert found[0] > 0
    assert spans_s == [0.0], "a limit of 0.05 s holds: it is one of virtual seconds"
    assert real_s >= 0.2


class Pictures:
    """Something large."""


def test_nothing_of_an_analysis_stays_while_the_night_goes_on(run_engine):
    """The RunEngine keeps all objects of its messages until its plan ends."""
    left = []

    def plan():
        given = Pictures()
        result = yield from analysed("pictures", lambda pictures: (pictures, Pictures()), given)
        watched = [weakref.ref(given), weakref.ref(result[1])]
        del given, result
        gc.collect()
        left.extend(ref() for ref in watched)
        yield from bps.null()

    run_engine(plan())
    assert left == [None, None]
