"""The stock EpicsMotor of ophyd against the motor records, over Channel Access."""

import threading

import epics
import pytest
from ophyd import EpicsMotor
from ophyd.status import wait
from ophyd.utils import LimitError


@pytest.fixture
def motors(virtual_beamline):
    made = {name: EpicsMotor(f"SIM:GON:{name}", name=name.lower()) for name in ("OMEGA", "X", "Y", "Z")}
    for motor in made.values():
        motor.wait_for_connection(timeout=10)
    yield made
    for motor in made.values():
        motor.stop()
        motor.move(0.0, wait=True, timeout=10)


def test_moves_end_where_they_should(motors):
    statuses = [motors[name].move(target, wait=False) for name, target in (("OMEGA", 720.0), ("X", 1.5), ("Z", -2.0))]
    for status in statuses:
        wait(status, timeout=10)
    assert [motors[name].position for name in ("OMEGA", "X", "Z")] == pytest.approx([720.0, 1.5, -2.0])
    assert not any(motor.moving for motor in motors.values())


def test_a_move_to_where_it_stands_ends_too(motors):
    for _ in range(5):
        wait(motors["X"].move(0.0, wait=False), timeout=5)


def test_limits_come_from_the_record(motors):
    assert motors["X"].limits == (-3.0, 3.0)
    assert motors["OMEGA"].limits == (-3600.0, 3600.0)
    with pytest.raises(LimitError):
        motors["X"].move(3.1)


def test_stop_ends_a_move_on_the_way(motors):
    omega = motors["OMEGA"]
    epics.caput("SIM:GON:OMEGA.VELO", 30.0, wait=True)
    try:
        status = omega.move(3600.0, wait=False)
        threading.Event().wait(0.3)
        omega.stop()
        threading.Event().wait(0.3)
        assert status.done
        assert 0.0 < omega.position < 3000.0
        assert not omega.moving
    finally:
        epics.caput("SIM:GON:OMEGA.VELO", 120.0, wait=True)


def test_what_moves_tells_where_it_is(motors):
    omega, seen = motors["OMEGA"], []
    subscription = omega.subscribe(lambda *, value, **_: seen.append(value), event_type="readback", run=False)
    omega.move(3000.0, wait=True, timeout=10)
    omega.unsubscribe(subscription)
    assert len(set(seen)) > 3
    assert omega.egu == "deg"
