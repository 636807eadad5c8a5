"""When and where rules strike: times from injection on, steps, samples, chance; and that nothing breaks the engine."""

import asyncio
import os
import subprocess
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mxplans_sim.clock import RealClock
from mxplans_sim.faults import Faults, Rule
from mxplans_sim.faults.acts import _kill
from mxplans_sim.faults.engine import MOST_RULES
from mxplans_sim.truth import Truth
from mxplans_sim.virtual_time.kernel import Kernel
from mxplans_sim.virtual_time.loop import VirtualClock, VirtualLoop


class Hands(RealClock):
    """A clock that is set by hand."""

    time_s = 0.0

    def now_s(self):
        return self.time_s


class Stage:
    """An engine, its clock, and what is on the goniometer."""

    def __init__(self, *rules, seed=1):
        self.clock = Hands()
        self.truth = Truth(None, self.clock)
        self.faults = Faults(self.clock, seed, self.truth)
        self.here = {"sample": "", "step": "idle"}
        self.faults.attend(lambda: dict(self.here))
        self.done = []
        for kind in ("gonio_nudged", "detector_deaf", "network"):
            self.faults.on(kind, lambda _, kind=kind: self._begin(kind))
        for rule in rules:
            self.faults.inject(Rule.model_validate(rule))

    def _begin(self, kind):
        self.done.append(kind)
        return lambda: self.done.append(f"no {kind}")

    def go(self, step, sample="", at_s=None):
        self.here = {"sample": sample, "step": step}
        self.clock.time_s = self.clock.time_s if at_s is None else at_s
        self.faults.look()

    def strikes(self):
        return sum(strikes for _, strikes in self.faults.rules().values())


def test_for_so_long_counts_from_the_injection_and_not_from_the_start_of_the_world():
    stage = Stage()
    stage.clock.time_s = 1000.0
    stage.faults.inject(Rule(kind="camera_frozen", for_s=30.0))
    stage.faults.inject(Rule(kind="robot_no_pin", after_s=60.0, for_s=30.0))
    assert stage.faults.active("camera_frozen") == {}
    assert stage.faults.take("robot_no_pin", sample="a") is None
    stage.clock.time_s = 1030.0
    assert stage.faults.active("camera_frozen") is None
    stage.clock.time_s = 1090.0
    assert stage.faults.take("robot_no_pin", sample="a") is None
    stage.clock.time_s = 1089.0
    assert stage.faults.take("robot_no_pin", sample="a") == {}


def test_a_sample_is_known_where_only_an_axis_is_named():
    stage = Stage({"kind": "motor_stall", "sample": "lyso-*", "step": "grid"})
    stage.go("grid", "thau-1")
    assert stage.faults.take("motor_stall", axis="x") is None
    stage.go("rotation", "lyso-1")
    assert stage.faults.take("motor_stall", axis="x") is None
    stage.go("grid", "lyso-1")
    assert stage.faults.take("motor_stall", axis="x") == {"at_frac": 0.5}
    assert stage.truth.events[-1] | {"time_s": 0} == {
        "time_s": 0,
        "kind": "fault",
        "id": "motor_stall-1",
        "fault": "motor_stall",
        "sample": "lyso-1",
        "step": "grid",
        "axis": "x",
    }


def test_a_lasting_fault_of_a_step_ends_with_it_and_counts_each():
    stage = Stage({"kind": "camera_frozen", "step": "optical", "count": 2})
    for index, sample in enumerate(("a", "b", "c")):
        stage.go("optical", sample)
        assert (stage.faults.active("camera_frozen", camera="on_axis") is not None) == (index < 2)
        stage.go("grid", sample)
        assert stage.faults.active("camera_frozen", camera="on_axis") is None
    assert stage.strikes() == 2


def test_so_long_counts_from_when_a_lasting_fault_takes_hold():
    stage = Stage({"kind": "camera_frozen", "sample": "b", "for_s": 30.0})
    stage.go("optical", "a", 100.0)
    assert stage.faults.active("camera_frozen") is None
    stage.go("optical", "b", 200.0)
    stage.clock.time_s = 229.0
    assert stage.faults.active("camera_frozen") == {}
    stage.clock.time_s = 231.0
    assert stage.faults.active("camera_frozen") is None
    stage.go("grid", "b", 232.0)
    assert stage.faults.active("camera_frozen") is None


def test_what_acts_can_come_with_a_step_of_a_sample():
    stage = Stage(
        {"kind": "detector_deaf", "sample": "b", "step": "grid"}, {"kind": "gonio_nudged", "sample": "b", "nth": 2}
    )
    for sample in ("a", "b", "b"):
        for step in ("load", "optical", "grid", "between", "unload"):
            stage.go(step, sample)
        stage.go("idle")
    assert stage.done == ["detector_deaf", "no detector_deaf", "gonio_nudged"]


def test_the_second_axis_of_its_kind_is_left_alone_by_a_place():
    stage = Stage({"kind": "actuator_stuck", "where": {"actuator": "beam*"}})
    assert stage.faults.active("actuator_stuck", actuator="shutter") is None
    assert stage.faults.active("actuator_stuck", actuator="beamstop") == {}


def test_a_striking_fault_can_be_seen_without_being_counted():
    stage = Stage({"kind": "robot_not_ready", "count": 2})
    for _ in range(5):
        assert stage.faults.active("robot_not_ready", action="load") == {}
    assert stage.strikes() == 0
    assert [stage.faults.take("robot_not_ready", action="load") is not None for _ in range(3)] == [True, True, False]
    assert stage.faults.active("robot_not_ready", action="load") is None


axes = st.lists(st.sampled_from("xyz"), min_size=1, max_size=30)


@settings(deadline=None)
@given(axes, st.integers(0, 100), st.floats(0.1, 0.9), st.randoms(use_true_random=False))
def test_chances_do_not_depend_on_the_order_of_what_has_nothing_to_do_with_each_other(moves, seed, probability, rng):
    def struck(order):
        stage = Stage({"kind": "motor_stall", "probability": probability}, seed=seed)
        stage.go("optical", "a")
        found = {}
        for axis in order:
            found.setdefault(axis, []).append(stage.faults.take("motor_stall", axis=axis) is not None)
        return found

    shuffled = moves[:]
    rng.shuffle(shuffled)
    assert struck(moves) == struck(shuffled)


@settings(deadline=None)
@given(st.integers(0, 100))
def test_chances_of_samples_do_not_depend_on_how_often_somebody_looks(seed):
    def frozen(looks):
        stage = Stage({"kind": "camera_frozen", "probability": 0.4}, seed=seed)
        found = []
        for sample in ("a", "b", "c", "d", "a"):
            stage.go("optical", sample)
            seen = {stage.faults.active("camera_frozen", camera="on_axis") is not None for _ in range(looks)}
            assert len(seen) == 1
            found.extend(seen)
            stage.go("idle")
        return found

    assert frozen(1) == frozen(7)


def test_one_in_three_samples_meets_what_has_that_chance():
    stage = Stage({"kind": "camera_frozen", "probability": 1 / 3})
    met = 0
    for number in range(900):
        stage.go("optical", f"s{number}")
        met += stage.faults.active("camera_frozen") is not None
    assert met == pytest.approx(300, abs=3 * (900 * 2 / 9) ** 0.5)  # three standard deviations
    assert met == stage.strikes()


def test_a_time_by_chance_is_within_its_span_and_repeats():
    def start_s(seed):
        stage = Stage({"kind": "camera_frozen", "at_s": 100.0, "within_s": 50.0}, seed=seed)
        return stage.faults.state("camera_frozen-1")["start_s"]

    starts = [start_s(seed) for seed in range(200)]
    assert starts == [start_s(seed) for seed in range(200)]
    assert min(starts) >= 100.0
    assert max(starts) <= 150.0
    assert sum(starts) / 200 == pytest.approx(125.0, abs=3 * 50 / 12**0.5 / 200**0.5)


def test_what_cannot_be_done_is_told_and_harms_nothing_else():
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()

    async def work():
        clock = RealClock(100.0)
        truth = Truth(None, clock)
        faults = Faults(clock, 1, truth)
        done = []
        faults.on("process_killed", _kill)
        faults.on("beam_jump", lambda parameters: done.append(parameters["ev"]))
        running = asyncio.create_task(faults.run())
        faults.inject(Rule(kind="process_killed", parameters={"pid": gone.pid}))
        faults.inject(Rule(kind="process_killed", parameters={"pid": os.getpid()}))
        faults.inject(Rule(kind="user_beam_ends"))
        await asyncio.sleep(0.05)
        faults.inject(Rule(kind="beam_jump", parameters={"ev": 3.0}))
        await asyncio.sleep(0.05)
        assert done == [3.0]
        failed = [event["error"] for event in truth.events if event["kind"] == "fault_failed"]
        assert "No such file" in failed[0]
        assert "is the virtual beamline itself" in failed[1]
        assert failed[2] == "nothing here can do user_beam_ends"
        state = faults.state("process_killed-1")
        assert (state["error"], state["lasts"]) == (failed[0], False)
        assert [event["fault"] for event in truth.events if event["kind"] == "fault"] == ["beam_jump"]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(work())


def test_only_the_process_that_is_meant_is_killed():
    code = "print('begun', flush=True); input() # the-consumer"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        process.stdout.readline()
        meant = {"pid": process.pid, "command": "the-consumer", "signal": "KILL"}
        with pytest.raises(ValueError, match="nothing is killed"):
            _kill(meant | {"command": "another one"})
        resume = _kill(meant | {"signal": "STOP"})
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        resume()
        assert process.poll() is None
        _kill(meant)
        assert process.wait(10) == -9
        process.stdin.close()


def test_other_threads_may_inject_ask_and_clear():
    acted = []

    async def work():
        clock = RealClock(100.0)
        faults = Faults(clock, 1, Truth(None, clock))
        loop_thread = threading.get_ident()
        faults.on("beam_jump", lambda _: acted.append(threading.get_ident()) or (lambda: acted.append("undone")))
        running = asyncio.create_task(faults.run())
        await asyncio.sleep(0)

        def other():
            for _ in range(200):
                name = faults.inject(Rule(kind="motor_stall", count=0))
                assert faults.take("motor_stall", axis="x") is not None
                faults.clear(name)
            return faults.inject(Rule(kind="beam_jump"))

        await asyncio.gather(*(asyncio.to_thread(other) for _ in range(4)))
        await asyncio.sleep(0.05)
        assert acted == [loop_thread] * 4
        await asyncio.to_thread(faults.clear)
        await asyncio.sleep(0.05)
        assert acted[4:] == ["undone"] * 4
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(work())


def test_there_is_an_end_to_rules():
    stage = Stage()
    for _ in range(MOST_RULES):
        stage.faults.inject(Rule(kind="camera_dim"))
    with pytest.raises(ValueError, match="clear some"):
        stage.faults.inject(Rule(kind="camera_dim"))


def test_on_a_clock_that_jumps_acts_come_at_their_very_time():
    kernel = Kernel(0.0)
    loop = VirtualLoop(kernel)
    clock = VirtualClock(kernel, loop)
    faults = Faults(clock, 1, Truth(None, clock))
    done = []
    faults.on("detector_deaf", lambda _: done.append(clock.now_s()) or (lambda: done.append(clock.now_s())))
    for at_s, for_s in ((0.1, 0.2), (1 / 3, 1e4), (12345.678, 0.7)):
        faults.inject(Rule(kind="detector_deaf", at_s=at_s, for_s=for_s))

    async def work():
        running = loop.create_task(faults.run())
        await clock.sleep(20_000.0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        loop.stop()

    loop.create_task(work())
    loop.run_forever()
    loop.close()
    expected = [0.1, 0.3, 1 / 3, 1e4 + 1 / 3, 12345.678, 12346.378]
    assert done == pytest.approx(expected, abs=2e-6)
