"""Virtual time: it stands while anybody works and jumps when everybody waits."""

import asyncio
import random
import threading
import time

import pytest

from mxplans_sim.virtual_time.kernel import Kernel, Sleeper
from mxplans_sim.virtual_time.loop import VirtualClock, VirtualLoop
from mxplans_sim.virtual_time.threads import virtual_clock, virtual_threading


@pytest.fixture
def kernel():
    return Kernel(epoch_s=1000.0)


def run(loop, work):
    try:
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        return asyncio.run_coroutine_threadsafe(work, loop).result(20)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_a_day_of_sleeps_takes_no_time(kernel):
    loop = VirtualLoop(kernel)

    async def work():
        for _ in range(24):
            await asyncio.sleep(3600)

    begin = time.monotonic()
    run(loop, work())
    assert time.monotonic() - begin < 1.0
    assert kernel.now_s == pytest.approx(86400.0)
    assert kernel.stamp_s() == pytest.approx(87400.0)


def test_threads_wake_in_the_order_of_their_times(kernel):
    virtual = virtual_threading(kernel)
    clock, woken = virtual_clock(kernel), []
    delays = random.Random(1).sample(range(1, 1000), 30)

    def sleeper(delay):
        clock.sleep(delay)
        woken.append((delay, clock.monotonic()))

    with kernel.hold():  # all of them start at time 0
        threads = [virtual.Thread(target=sleeper, args=(delay,)) for delay in delays]
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join()
    assert woken == [(delay, float(delay)) for delay in sorted(delays)]


def test_time_stands_while_somebody_works(kernel):
    virtual = virtual_threading(kernel)
    event, seen = virtual.Event(), []

    def waiting():
        seen.append(event.wait(10.0))
        seen.append(kernel.now_s)

    with kernel.hold():
        thread = virtual.Thread(target=waiting)
        thread.start()
        threading.Event().wait(0.1)
        assert kernel.now_s == 0.0
        event.set()
    thread.join()
    assert seen == [True, 0.0]


def test_a_wait_that_nobody_ends_times_out_in_virtual_time(kernel):
    virtual = virtual_threading(kernel)
    begin = time.monotonic()
    assert not virtual.Event().wait(3600.0)
    assert kernel.now_s == pytest.approx(3600.0)
    assert time.monotonic() - begin < 1.0


def test_a_wake_before_the_wait_is_kept(kernel):
    sleeper = Sleeper()
    kernel.wake(sleeper)
    assert kernel.sleep(sleeper, 5.0)
    assert kernel.now_s == 0.0
    assert not kernel.sleep(sleeper, 5.0)
    assert kernel.now_s == 5.0


def test_a_timer_fires_once_and_a_cancelled_one_never(kernel):
    virtual, fired = virtual_threading(kernel), []
    with kernel.hold():
        ringing = virtual.Timer(30.0, fired.append, args=("rang",))
        silent = virtual.Timer(20.0, fired.append, args=("silent",))
        ringing.start()
        silent.start()
        silent.cancel()
    ringing.join()
    silent.join()
    assert fired == ["rang"]
    assert kernel.now_s == pytest.approx(30.0)


def test_a_thread_and_a_loop_wait_for_each_other(kernel):
    """Ping-pong: a thread polls every 5 s what a loop does after 17 s, and the loop waits for the thread."""
    loop, virtual = VirtualLoop(kernel), virtual_threading(kernel)
    clock = VirtualClock(kernel, loop)
    state, seen = {"done": False}, []

    def poll(answered):
        event = virtual.Event()
        while not state["done"]:
            event.wait(5.0)
            seen.append(kernel.now_s)
        loop.call_soon_threadsafe(answered.set)

    async def work():
        answered = asyncio.Event()
        virtual.Thread(target=poll, args=(answered,)).start()
        await clock.sleep(17.0)
        state["done"] = True
        await answered.wait()
        return clock.now_s()

    assert run(loop, work()) == pytest.approx(20.0)
    assert seen == pytest.approx([5.0, 10.0, 15.0, 20.0])


def test_a_held_loop_waits_for_real_sockets_and_time_stands(kernel):
    loop = VirtualLoop(kernel)
    clock = VirtualClock(kernel, loop)

    async def work():
        async def ticking():
            await asyncio.sleep(1.0)
            return clock.now_s()

        ticks = asyncio.create_task(ticking())
        async with clock.standing():
            # A child process answers over a pipe, in real time.
            child = await asyncio.create_subprocess_exec("sleep", "0.2", stdout=asyncio.subprocess.PIPE)
            assert await child.stdout.read() == b""
            during = clock.now_s()
        await child.wait()
        return during, await ticks

    during, after = run(loop, work())
    assert during == 0.0
    assert after == pytest.approx(1.0)


def test_a_failing_thread_does_not_stop_time(kernel):
    virtual = virtual_threading(kernel)
    raised = []

    def fail():
        raise ValueError("on purpose")

    hook, threading.excepthook = threading.excepthook, lambda args: raised.append(args.exc_type)
    try:
        thread = virtual.Thread(target=fail)
        thread.start()
        thread.join()
    finally:
        threading.excepthook = hook
    assert raised == [ValueError]
    assert not virtual.Event().wait(1.0)
    assert kernel.now_s == pytest.approx(1.0)
