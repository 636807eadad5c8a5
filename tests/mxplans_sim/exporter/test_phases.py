"""Phases: what stands where, how long a change takes, and what keeps it from its end."""

from collections.abc import Mapping
from typing import Any

import pytest
from md3_bench import Site, Wire


@pytest.mark.parametrize(
    ("phase", "backlight", "aperture", "beamstop", "scintillator"),
    [
        ("Centring", "true", "OFF", "OFF", "PARK"),
        ("BeamLocation", "false", "BEAM", "OFF", "SCINTILLATOR"),
        ("DataCollection", "false", "BEAM", "BEAM", "PARK"),
        ("Transfer", "false", "PARK", "TRANSFER", "PARK"),
    ],
)
def test_a_phase_arranges_everything(
    wire: Wire, phase: str, backlight: str, aperture: str, beamstop: str, scintillator: str
) -> None:
    info = wire.task("startSetPhase", phase)
    assert (info[0], info[4:]) == (f"Set Phase {phase}", ["true", "null", "1"])
    assert wire.ask("READ CurrentPhase") == f"RET:{phase}"
    assert wire.ask("READ BackLightIsOn") == f"RET:{backlight}"
    assert wire.ask("READ AperturePosition") == f"RET:{aperture}"
    assert wire.ask("READ BeamstopPosition") == f"RET:{beamstop}"
    assert wire.ask("READ ScintillatorPosition") == f"RET:{scintillator}"


def test_a_change_takes_three_to_five_seconds_and_the_phase_is_unknown_meanwhile() -> None:
    with Site(speed_up=10.0) as site, site.wire() as wire:
        begin_s = site.clock.now_s()
        wire.call("startSetPhase", "Centring")
        assert wire.ask("READ State") == "RET:Running"
        assert wire.ask("READ CurrentPhase") == "RET:Unknown"
        wire.until("READ State", "RET:Ready")
        assert 3.0 <= site.clock.now_s() - begin_s <= 5.0


def test_moving_something_by_hand_leaves_the_phase(wire: Wire) -> None:
    wire.task("startSetPhase", "DataCollection")
    assert wire.ask("WRTE BackLightIsOn true") == "NULL"
    wire.until("READ BackLightIsOn", "RET:true")
    assert wire.ask("READ CurrentPhase") == "RET:Unknown"


def test_phases_bring_the_sample_to_where_it_was_saved(wire: Wire) -> None:
    wire.task("startSetPhase", "Centring")
    wire.task("startSimultaneousMoveMotors", "AlignmentY=0.3,CentringX=0.2,CentringY=-0.1")
    assert wire.call("saveCentringPositions") == "NULL"
    wire.task("startSimultaneousMoveMotors", "AlignmentY=0.9")
    wire.task("startSetPhase", "Transfer")
    assert [wire.number(f"{name}Position") for name in ("AlignmentY", "CentringX", "CentringY", "Omega")] == [
        0,
        0,
        0,
        0,
    ]
    wire.task("startSetPhase", "DataCollection")
    assert [wire.number(f"{name}Position") for name in ("AlignmentY", "CentringX", "CentringY")] == [0.3, 0.2, -0.1]


class Sticking:
    """An actuator that sticks as long as it is wanted."""

    sticks = True

    def take(self, kind: str, **context: Any) -> Mapping[str, Any] | None:
        return None

    def active(self, kind: str, **context: Any) -> Mapping[str, Any] | None:
        return {} if self.sticks and kind == "actuator_stuck" and context["actuator"] == "beamstop" else None


def test_a_phase_that_is_not_reached_is_a_task_with_an_exception_and_a_fault() -> None:
    faults = Sticking()
    with Site(faults=faults) as site, site.wire() as wire:
        info = wire.task("startSetPhase", "DataCollection")
        assert info[5].startswith("phase DataCollection was not reached: beamstop sticks in Out")
        assert info[6] == "-1"
        assert wire.ask("READ State") == "RET:Fault"
        assert wire.ask("READ CurrentPhase") == "RET:Unknown"
        faults.sticks = False
        wire.task("startSetPhase", "DataCollection")
        assert wire.ask("READ State") == "RET:Ready"


def test_the_robot_may_come_in_the_phase_for_it_only(site: Site, wire: Wire) -> None:
    obstacle = site.exporter.diffractometer.transfer_obstacle
    assert site.do(obstacle) == ""
    wire.task("startSetPhase", "Centring")
    assert site.do(obstacle) == "its phase is Centring, Transfer is needed"
    wire.task("startSetPhase", "Transfer")
    wire.call("setMotorPosition", "Omega", 3000)
    assert site.do(obstacle) == "its state is Moving, Ready is needed"


def test_zoom_light_aperture_and_shutter(site: Site, wire: Wire) -> None:
    levels = len(site.world.zoom.states)
    assert wire.call("getZoomRange") == f"RET:\x1f1\x1f{levels}\x1f"
    scales = []
    for level in (levels, 1):
        assert wire.call("setCoaxialCameraZoomValue", level) == "NULL"
        wire.until("READ CoaxialCameraZoomValue", f"RET:{level}")
        scales.append(wire.number("CoaxCamScaleX") * 1000)
        assert scales[-1] == pytest.approx(site.world.camera.level.um_per_px)
    assert scales[0] < scales[1]
    assert wire.ask("READ ApertureDiameters") == "RET:\x1f20\x1f50\x1f100\x1f"
    wire.task("startSetPhase", "DataCollection")  # elsewhere the aperture is out of the beam
    wire.ask("WRTE CurrentApertureDiameterIndex 1")
    wire.until("READ CurrentApertureDiameterIndex", "RET:1")
    assert site.world.beam.fwhm_um == (50.0, 50.0)
    wire.ask("WRTE FastShutterIsOpen true")
    wire.until("READ FastShutterIsOpen", "RET:true")
    assert site.world.shutter.state == "Open"
    assert wire.call("getHeadType") == "RET:MiniKappa"


def test_beamstop_and_aperture_are_those_of_the_world(site: Site, wire: Wire) -> None:
    wire.task("startSetPhase", "DataCollection")
    wire.ask("WRTE FastShutterIsOpen true")
    wire.until("READ FastShutterIsOpen", "RET:true")
    world = site.world
    stopped_a, flux_hz = site.do(lambda: world.surroundings.through_diode.current_a), world.beam.flux_hz
    assert site.do(lambda: world.still(1, 0.1).shadow.hides_the_beam)
    wire.ask("WRTE BeamstopPosition OFF")
    wire.until("READ BeamstopPosition", "RET:OFF")
    assert site.do(lambda: world.surroundings.through_diode.current_a) > 1e4 * stopped_a
    assert site.do(lambda: world.still(1, 0.1).shadow) is None
    wire.ask("WRTE AperturePosition OFF")
    wire.until("READ AperturePosition", "RET:OFF")
    # A hole of 100 um passes 1 - 2^-(100/70)^2 = 0.757 of a Gaussian of 70 um.
    assert world.beam.flux_hz == pytest.approx(flux_hz / 0.757, rel=2e-3)
    assert wire.number("BeamSizeHorizontal") == 0.07
    wire.ask("WRTE CurrentApertureDiameterIndex 0")
    wire.until("READ CurrentApertureDiameterIndex", "RET:0")
    assert wire.number("BeamSizeHorizontal") == 0.07
    wire.ask("WRTE AperturePosition BEAM")
    wire.until("READ AperturePosition", "RET:BEAM")
    assert wire.number("BeamSizeHorizontal") == 0.02
    assert world.beam.flux_hz == pytest.approx(0.07 * flux_hz, rel=2e-3)


def test_a_beamstop_that_somebody_else_has_moved_is_seen(site: Site, wire: Wire) -> None:
    wire.task("startSetPhase", "DataCollection")
    site.run(site.world.surroundings.beamstop.go("Out"))
    wire.until("READ BeamstopPosition", "RET:OFF")
    assert wire.ask("READ CurrentPhase") == "RET:Unknown"
    wire.task("startSetPhase", "DataCollection")
    assert site.do(lambda: site.world.surroundings.beamstop.state) == "In"


def test_lights_change_the_picture(site: Site, wire: Wire) -> None:
    def gray() -> float:
        return float(site.run(site.world.camera.take()).pixels.mean())

    wire.task("startSetPhase", "Centring")
    full = gray()
    assert wire.call("setBackLightFactor", 0.5) == "NULL"
    assert wire.call("getBackLightFactor") == "RET:0.5"
    half = gray()
    # Gray values are 4 without light.
    assert half - 4 == pytest.approx((full - 4) / 2, rel=0.02)
    wire.ask("WRTE BackLightLevel 0.5")
    assert gray() - 4 == pytest.approx((full - 4) / 4, rel=0.04)
    wire.ask("WRTE FrontLightLevel 1.0")
    lit = gray()
    assert lit > (full - 4) / 4 + 8
    wire.ask("WRTE FrontLightIsOn false")
    assert gray() < lit - 4
    assert "backlight is 1000, allowed is 0 to 10" in wire.call("setBackLightFactor", 1000.0)
    wire.call("setBackLightFactor", 1.0)
    wire.ask("WRTE BackLightLevel 1.0")
    wire.ask("WRTE FrontLightLevel 0.0")
    wire.ask("WRTE FrontLightIsOn true")
