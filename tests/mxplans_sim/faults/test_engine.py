"""The engine: when rules strike, that chances repeat, and that acts are done and taken back in time."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mxplans_sim.clock import RealClock
from mxplans_sim.faults import Faults, Rule
from mxplans_sim.truth import Truth


class Hands(RealClock):
    """A clock that is set by hand."""

    time_s = 0.0

    def now_s(self):
        return self.time_s


def engine(*rules, seed=1):
    clock = Hands()
    truth = Truth(None, clock)
    return Faults(clock, seed, truth, [Rule.model_validate(rule) for rule in rules]), clock, truth


def test_a_striking_rule_strikes_once_unless_told_otherwise():
    faults, _, truth = engine({"kind": "robot_no_pin"}, {"kind": "move_hangs", "count": 2})
    assert [faults.take("robot_no_pin", sample="a") is not None for _ in range(3)] == [True, False, False]
    assert [faults.take("move_hangs", axis="x") is not None for _ in range(3)] == [True, True, False]
    assert [event["fault"] for event in truth.events] == ["robot_no_pin", "move_hangs", "move_hangs"]
    assert faults.take("pin_lost", sample="a") is None


def test_rules_hold_for_samples_places_times_and_occasions():
    faults, clock, _ = engine(
        {"kind": "robot_no_pin", "sample": "lyso-*"},
        {"kind": "motor_stall", "where": {"axis": "omega"}, "parameters": {"at_frac": 0.25}},
        {"kind": "robot_busy", "nth": 3},
        {"kind": "pin_lost", "at_s": 100, "for_s": 50},
    )
    assert faults.take("robot_no_pin", sample="thau-1") is None
    assert faults.take("robot_no_pin", sample="lyso-1") == {}
    assert faults.take("motor_stall", axis="x") is None
    assert faults.take("motor_stall", axis="omega") == {"at_frac": 0.25}
    assert [faults.take("robot_busy", sample="a") is not None for _ in range(4)] == [False, False, True, False]
    assert faults.take("pin_lost", sample="a") is None
    clock.time_s = 150.0
    assert faults.take("pin_lost", sample="a") is None
    clock.time_s = 149.0
    assert faults.take("pin_lost", sample="a") == {}


def test_a_lasting_rule_lasts_until_it_is_cleared_and_is_written_down_once():
    faults, clock, truth = engine({"kind": "camera_dim", "at_s": 5.0, "parameters": {"factor": 0.1}})
    assert faults.active("camera_dim", sample="a") is None
    clock.time_s = 6.0
    assert [faults.active("camera_dim", sample="a") for _ in range(3)] == [{"factor": 0.1}] * 3
    assert len(truth.events) == 1
    (name,) = faults.rules()
    faults.clear(name)
    assert faults.active("camera_dim", sample="a") is None
    with pytest.raises(KeyError):
        faults.clear(name)


@settings(deadline=None)
@given(st.integers(0, 1000), st.floats(0.05, 0.95))
def test_chances_repeat_with_the_seed(seed, probability):
    rule = {"kind": "robot_no_pin", "probability": probability, "count": 1000}

    def strikes():
        faults, _, _ = engine(rule, seed=seed)
        return [faults.take("robot_no_pin", sample="a") is not None for _ in range(40)]

    assert strikes() == strikes()


def test_chances_come_true_at_their_rate():
    faults, _, _ = engine({"kind": "robot_no_pin", "probability": 0.3, "count": 10_000})
    struck = sum(faults.take("robot_no_pin", sample="a") is not None for _ in range(1000))
    assert struck / 1000 == pytest.approx(0.3, abs=0.044)  # three standard deviations


def test_an_image_is_met_by_the_burst_that_holds_it():
    faults, _, _ = engine({"kind": "beam_dump_at_image", "sample": "lyso", "parameters": {"image": 60}})
    bursts = [(1, 50), (51, 100), (101, 150)]
    met = [faults.take("beam_dump_at_image", sample="lyso", first=first, last=last) for first, last in bursts]
    assert [hit is not None for hit in met] == [False, True, False]


def test_acts_are_done_at_their_time_and_taken_back():
    done = []

    async def work():
        clock = RealClock(100.0)
        faults = Faults(clock, 1, Truth(None, clock))
        faults.on(
            "topup_gap",
            lambda parameters: done.append(("on", clock.now_s())) or (lambda: done.append(("off", clock.now_s()))),
        )
        faults.on("beam_dump", lambda parameters: done.append(("dump", parameters["duration_s"])))
        running = asyncio.create_task(faults.run())
        faults.inject(Rule(kind="topup_gap", at_s=5.0, for_s=10.0))
        await asyncio.sleep(0.02)
        faults.inject(Rule(kind="beam_dump", parameters={"duration_s": 7.0}))
        await asyncio.sleep(0.25)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(work())
    assert ("dump", 7.0) in done
    (on_s,) = [when for what, when in done if what == "on"]
    (off_s,) = [when for what, when in done if what == "off"]
    assert on_s == pytest.approx(5.0, abs=3.0)
    assert off_s == pytest.approx(15.0, abs=3.0)
