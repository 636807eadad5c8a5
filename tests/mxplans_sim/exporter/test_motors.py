"""Motors by the controller's names, and the axes of the world behind them."""

import pytest
from md3_bench import Site, Wire


@pytest.mark.parametrize(
    ("motor", "axis", "sign"),
    [
        ("Omega", "omega", 1),
        ("Kappa", "kappa", 1),
        ("Phi", "phi", 1),
        ("AlignmentY", "x", 1),
        ("CentringY", "y", 1),
        ("CentringX", "z", -1),
    ],
)
def test_a_motor_drives_its_axis_in_its_sense(site: Site, wire: Wire, motor: str, axis: str, sign: int) -> None:
    assert wire.call("setMotorPosition", motor, 0.75) == "NULL"
    wire.until(f"EXEC getMotorState {motor}\t", "RET:Ready")
    assert wire.number(f"{motor}Position") == pytest.approx(0.75, abs=1e-6)
    assert site.world.axes[axis].position == pytest.approx(sign * 0.75)


def test_limits_are_those_of_the_axis_in_the_motors_sense(wire: Wire) -> None:
    assert wire.call("getMotorLimits", "Kappa") == "RET:\x1f-8.0\x1f256.0\x1f"
    assert wire.call("getMotorDynamicLimits", "CentringX") == "RET:\x1f-3.0\x1f3.0\x1f"
    assert wire.call("getMotorLimits", "AlignmentX") == "RET:\x1f0.0\x1f0.0\x1f"


def test_a_move_takes_the_time_of_its_axis() -> None:
    with Site(speed_up=10.0) as site, site.wire() as wire:
        begin_s = site.clock.now_s()
        wire.call("setMotorPosition", "Omega", 240.0)
        assert wire.ask("READ OmegaState") == "RET:Moving"
        assert wire.ask("READ State") == "RET:Moving"
        wire.until("READ OmegaState", "RET:Ready")
        # 120 deg/s and a ramp of 0.3 s: 240 / 120 + 0.3
        assert site.clock.now_s() - begin_s == pytest.approx(2.3, abs=0.3)


def test_all_motors_of_a_simultaneous_move_go_at_once_or_none_goes(site: Site, wire: Wire) -> None:
    info = wire.task("startSimultaneousMoveMotors", "Omega=20.5, AlignmentY=0.25;Centring Y=-0.5,")
    assert info[0] == "Simultaneous Move Motors"
    assert info[4:] == ["true", "null", "1"]
    assert [wire.number(f"{name}Position") for name in ("Omega", "AlignmentY", "CentringY")] == [20.5, 0.25, -0.5]
    assert wire.call("startSimultaneousMoveMotors", "Omega=0,CentringX=4").startswith("ERR:CentringX: 4 is outside")
    assert wire.number("OmegaPosition") == 20.5


def test_abort_brings_everything_to_rest(site: Site, wire: Wire) -> None:
    number = wire.call("startSimultaneousMoveMotors", "Omega=3000,AlignmentY=2").removeprefix("RET:")
    assert wire.call("abort") == "NULL"
    wire.until("READ State", "RET:Ready")
    info = wire.info(number)
    assert info[5:] == ["aborted by a client", "-1"]
    assert not any(axis.moving for axis in site.world.axes.values())
    assert wire.number("OmegaPosition") < 1000


def test_moves_and_tasks_exclude_each_other(wire: Wire) -> None:
    wire.call("setMotorPosition", "Omega", 1000.0)
    assert wire.call("startSetPhase", "Centring").startswith("ERR:not ready: the state is Moving")
    wire.call("abort")
    wire.until("READ State", "RET:Ready")
    wire.call("startSetPhase", "Centring")
    assert wire.call("setMotorPosition", "Omega", 0.0).startswith("ERR:not ready: task 1 (Set Phase Centring) runs")
    assert wire.call("startSetPhase", "Transfer").startswith("ERR:not ready: the state is Running")


def test_the_encoders_error_stays_as_long_as_the_motor_stands() -> None:
    with Site(motion={"encoder_um": 1.0, "encoder_deg": 0.01}) as site, site.wire() as wire:
        wire.call("setMotorPosition", "AlignmentY", 1.0)
        wire.until("READ State", "RET:Ready")
        readings = {wire.number("AlignmentYPosition") for _ in range(20)}
        assert len(readings) == 1
        assert 0 < abs(readings.pop() - 1.0) < 0.01


def test_a_motor_that_has_lost_its_home_says_so_until_it_has_found_it_again(site: Site, wire: Wire) -> None:
    site.do(lambda: site.world.axes["x"].nudge(0.2))
    assert wire.call("getMotorState", "AlignmentY") == "RET:NotInitialized"
    assert wire.call("getMotorState", "CentringX") == "RET:Ready"
    assert "AlignmentY=NotInitialized" in wire.ask("READ MotorStates")
    wire.call("setMotorPosition", "AlignmentY", 0.5)
    wire.until("EXEC getMotorState AlignmentY\t", "RET:NotInitialized")
    assert site.world.axes["x"].driven == pytest.approx(0.7)
    assert wire.task("startHomingMotor", "AlignmentY")[4:6] == ["true", "null"]
    assert wire.call("getMotorState", "AlignmentY") == "RET:Ready"
    assert (wire.number("AlignmentYPosition"), site.world.axes["x"].driven) == (0.0, 0.0)


def test_homing_is_refused_where_there_is_none(wire: Wire) -> None:
    assert "no motor 'Theta'" in wire.call("startHomingMotor", "Theta")
    assert "AlignmentX is disabled" in wire.call("startHomingMotor", "AlignmentX")
