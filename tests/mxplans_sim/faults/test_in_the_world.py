"""Faults as they show in the world: what a client would see of each."""

import asyncio

import numpy as np
import pytest
from sim_bench import DEWAR

from mxplans_sim.clock import RealClock
from mxplans_sim.faults import Faults, Rule
from mxplans_sim.faults.acts import teach_detector, teach_world
from mxplans_sim.servers.epics.motor_health import HOMED
from mxplans_sim.servers.epics.records import Records
from mxplans_sim.servers.simplon.faults import SimplonFaults
from mxplans_sim.settings import WorldSettings
from mxplans_sim.truth import Truth
from mxplans_sim.world import robot
from mxplans_sim.world.actuator import ActuatorFault
from mxplans_sim.world.program import Scan
from mxplans_sim.world.robot import RobotError
from mxplans_sim.world.scanner import ScanFault
from mxplans_sim.world.state import World

SWEEP = Scan((0.0,) * 4, (0, 0, 0, 0.1), (0.0,) * 4, images=100, rows=1, snake=False, exposure_s=0.05)


def in_world(work, *rules):
    async def main():
        clock = RealClock(200.0)
        truth = Truth(None, clock)
        faults = Faults(clock, 1, truth, [Rule.model_validate(rule) for rule in rules])
        world = World(WorldSettings.model_validate({"seed": 3}), DEWAR, clock, truth, faults)
        detector = SimplonFaults()
        teach_world(faults, world)
        teach_detector(faults, detector)
        running = asyncio.create_task(faults.run())
        try:
            await asyncio.sleep(0)
            await work(world, detector)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("robot_no_pin", robot.NO_PIN),
        ("robot_not_ready", robot.NOT_READY),
        ("robot_light_curtain", robot.LIGHT_CURTAIN),
    ],
)
def test_the_robot_says_what_is_wrong_and_holds_nothing(kind, code):
    async def work(world, _):
        with pytest.raises(RobotError) as caught:
            await world.robot.load((1, 1))
        assert caught.value.code == code
        assert world.robot.mounted is None

    in_world(work, {"kind": kind})


def test_a_pin_that_is_lost_is_nowhere():
    async def work(world, _):
        await world.robot.load((1, 1))
        assert world.robot.mounted is None
        with pytest.raises(RobotError, match="no pin in position 1"):
            await world.robot.load((1, 1))

    in_world(work, {"kind": "pin_lost"})


def test_the_next_pin_is_of_another_class():
    async def work(world, _):
        await world.robot.load((1, 1))
        assert world.specimen.loop is None

    in_world(work, {"kind": "sample_is", "parameters": {"sample_class": "empty"}})


def test_the_sensor_lies_and_the_gripper_warms():
    async def work(world, _):
        await world.robot.load((1, 1))
        assert world.robot.mounted == (1, 1)
        assert not world.robot.pin_sensed
        assert world.robot.gripper_k == pytest.approx(150.0)
        await world.robot.start_dry()
        assert world.robot.gripper_k == pytest.approx(100.0)

    in_world(work, {"kind": "pin_sensor"}, {"kind": "gripper_warm", "parameters": {"k_per_exchange": 50.0}})


def test_a_stalled_motor_stands_short_of_its_target_and_a_hanging_one_does_not_say_it_is_there():
    async def work(world, _):
        axis = world.axes["x"]
        axis.move_to(1.0)
        await world.clock.sleep(2.0)
        assert 0.2 < axis.position < 0.8
        assert not axis.moving
        world.axes["y"].move_to(1.0)
        await world.clock.sleep(2.0)
        assert world.axes["y"].position == pytest.approx(1.0)
        assert world.axes["y"].moving

    in_world(work, {"kind": "motor_stall", "where": {"axis": "x"}}, {"kind": "move_hangs", "where": {"axis": "y"}})


def test_a_nudged_goniometer_is_off_without_its_encoders_knowing_until_it_is_homed():
    async def work(world, _):
        await asyncio.sleep(0.01)
        x = world.axes["x"]
        assert (x.position, x.homed) == (0.0, False)
        assert x.driven == pytest.approx(0.2)
        channels = Records(world).channels
        assert not channels["SIM:GON:X.MSTA"].value & HOMED
        await channels["SIM:GON:X.HOMF"].write(1)
        assert x.driven == 0.0
        assert channels["SIM:GON:X.MSTA"].value & HOMED

    in_world(work, {"kind": "gonio_nudged", "parameters": {"um": 200.0}})


def test_a_frozen_camera_shows_the_same_frame_and_a_dim_one_less_light():
    async def work(world, _):
        await world.backlight.go("In")
        first = await world.camera.take()
        frozen = await world.camera.take()
        assert frozen is first
        world.faults.clear()
        world.faults.inject(Rule(kind="camera_dim", parameters={"factor": 0.25}))
        dim = await world.camera.take()
        assert dim.number == first.number + 1
        assert dim.pixels.mean() < 0.4 * first.pixels.mean()

    in_world(work, {"kind": "camera_frozen"})


def test_the_motion_controller_refuses_a_scan_with_its_reason():
    async def work(world, _):
        with pytest.raises(ScanFault, match="no more today"):
            await world.scanner.run(SWEEP)

    in_world(work, {"kind": "scan_refused", "parameters": {"reason": "no more today"}})


def test_a_beam_lost_at_an_image_leaves_the_images_before_it_alone():
    async def work(world, _):
        bursts = []
        world.bursts.subscribe(bursts.append)
        await world.scanner.run(SWEEP)
        flux = np.concatenate([burst.flux_hz for burst in bursts])
        assert len(flux) == 100
        assert (flux[:39] > 0).all()
        assert not flux[40:].any()

    in_world(work, {"kind": "beam_dump_at_image", "parameters": {"image": 40, "duration_s": 1000.0}})


def test_source_hutch_and_people():
    async def work(world, _):
        await asyncio.sleep(0.01)
        assert world.baton.requested == "alice"
        assert world.beam.ring.user_countdown_s() < 61.0
        assert not world.surroundings.hutch.beam_in
        with pytest.raises(ActuatorFault, match="beamstop sticks in In"):
            await world.surroundings.beamstop.go("Out")

    in_world(
        work,
        {"kind": "operator_request", "parameters": {"user": "alice"}},
        {"kind": "user_beam_ends", "parameters": {"in_s": 60.0}},
        {"kind": "hutch_interlock"},
        {"kind": "actuator_stuck", "where": {"actuator": "beamstop"}},
    )


def test_the_detector_is_told_and_healed():
    async def work(world, detector):
        await asyncio.sleep(0.01)
        assert (detector.stuck_disarms, detector.lost_frames, detector.deaf) == (2, 5, True)
        assert detector.clamped == {"frame_time": (0.0, 0.005)}
        assert detector.ignored == {"count_time"}
        assert detector.status("/detector/api") == 503
        world.faults.clear()
        assert detector == SimplonFaults()

    in_world(
        work,
        {"kind": "detector_stuck_armed", "parameters": {"times": 2}},
        {"kind": "frames_lost", "parameters": {"frames": 5}},
        {"kind": "detector_deaf"},
        {"kind": "detector_clamps"},
        {"kind": "detector_ignores"},
        {"kind": "detector_http_error", "parameters": {"times": -1}},
    )
