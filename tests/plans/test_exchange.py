"""What hangs on the goniometer is what the sensor sees or the robot remembers: a blind sensor hides no pin."""

import pytest

from mxplans.model.acquisition import SampleLocation
from mxplans.plans.exchange import mount, unmount


def told(messages, command):
    return [message.obj.name for message in messages if message.command == command and message.obj is not None]


@pytest.mark.parametrize(("sensed", "remembered"), [(1, 3), (1, 0), (0, 3)])
def test_a_pin_that_somebody_knows_of_is_put_back(bl, simulator, sensed, remembered):
    simulator.add_read_handler_for(bl.sample_changer.pin_mounted, sensed)
    simulator.add_read_handler_for(bl.sample_changer.current_pin, remembered)
    messages = simulator.simulate_plan(unmount(bl))
    assert simulator.return_value is True
    assert told(messages, "trigger") == ["sample_changer_unload"]
    messages = simulator.simulate_plan(mount(bl, SampleLocation(puck=1, pin=2)))
    assert told(messages, "trigger") == ["sample_changer_unload"]
    assert told(messages, "set")[-1] == "sample_changer_load"


def test_nothing_is_put_back_when_nobody_knows_of_a_pin(bl, simulator):
    simulator.add_read_handler_for(bl.sample_changer.current_pin, 0)
    messages = simulator.simulate_plan(unmount(bl))
    assert simulator.return_value is False
    assert told(messages, "trigger") == []
