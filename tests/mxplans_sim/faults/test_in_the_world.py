"""Faults as they show in the world: what a client would see of each."""

import asyncio

import numpy as np
import pytest
from sim_bench import DEWAR

from mxplans_sim.faults import Faults, Rule
from mxplans_sim.faults.acts import teach_world
from mxplans_sim.servers.epics.motor_health import HOMED
from mxplans_sim.servers.epics.records import Records
from mxplans_sim.settings import WorldSettings
from mxplans_sim.truth import Truth
from mxplans_sim.virtual_time.kernel import Kernel
from mxplans_sim.virtual_time.loop import VirtualClock, VirtualLoop
from mxplans_sim.world import robot
from mxplans_sim.world.actuator import ActuatorFault
from mxplans_sim.world.program import Scan
from mxplans_sim.world.robot import RobotError
from mxplans_sim.world.scanner import ScanFault
from mxplans_sim.world.state import World

SWEEP = Scan((0.0,) * 4, (0, 0, 0, 0.1), (0.0,) * 4, images=100, rows=1, snake=False, exposure_s=0.05)


def in_world(work, *rules):
    """On a clock that jumps, so that a busy machine is never late."""
    kernel = Kernel(0.0)
    loop = VirtualLoop(kernel)
    clock = VirtualClock(kernel, loop)

    async def main():
        truth = Truth(None, clock)
        faults = Faults(clock, 1, truth, [Rule.model_validate(rule) for rule in rules])
        world = World(WorldSettings.model_validate({"seed": 3}), DEWAR, clock, truth, faults)
        teach_world(faults, world)
        running = asyncio.create_task(faults.run())
        try:
            await asyncio.sleep(0)
            await work(world)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    try:
        loop.run_until_complete(main())
    finally:
        loop.close()


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("robot_no_pin", robot.NO_PIN),
        ("robot_not_ready", robot.NOT_READY),
        ("robot_light_curtain", robot.LIGHT_CURTAIN),
    ],
)
def test_the_robot_says_what_is_wrong_and_holds_nothing(kind, code):
    async def work(world):
        with pytest.raises(RobotError) as caught:
            await world.robot.load((1, 1))
        assert caught.value.code == code
        assert world.robot.mounted is None

    in_world(work, {"kind": kind})


def test_a_pin_that_is_lost_is_nowhere():
    async def work(world):
        await world.robot.load((1, 1))
        assert world.robot.mounted is None
        with pytest.raises(RobotError, match="no pin in position 1"):
            await world.robot.load((1, 1))

    in_world(work, {"kind": "pin_lost"})


def test_the_next_pin_is_of_another_class():
    async def work(world):
        await world.robot.load((1, 1))
        assert world.specimen.loop is None

    in_world(work, {"kind": "sample_is", "parameters": {"sample_class": "empty"}})


def test_the_sensor_lies_and_the_gripper_warms():
    async def work(world):
        await world.robot.load((1, 1))
        assert world.robot.mounted == (1, 1)
        assert not world.robot.pin_sensed
        assert world.robot.gripper_k == pytest.approx(150.0)
        await world.robot.start_dry()
        assert world.robot.gripper_k == pytest.approx(100.0)

    in_world(work, {"kind": "pin_sensor"}, {"kind": "gripper_warm", "parameters": {"k_per_exchange": 50.0}})


def test_a_stalled_motor_stands_short_of_its_target_and_a_hanging_one_does_not_say_it_is_there():
    async def work(world):
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
    async def work(world):
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
    async def work(world):
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
    async def work(world):
        with pytest.raises(ScanFault, match="no more today"):
            await world.scanner.run(SWEEP)

    in_world(work, {"kind": "scan_refused", "parameters": {"reason": "no more today"}})


def test_a_beam_lost_at_an_image_leaves_the_images_before_it_alone():
    async def work(world):
        bursts = []
        world.bursts.subscribe(bursts.append)
        await world.scanner.run(SWEEP)
        flux = np.concatenate([burst.flux_hz for burst in bursts])
        assert len(flux) == 100
        assert (flux[:39] > 0).all()
        assert not flux[40:].any()

    in_world(work, {"kind": "beam_dump_at_image", "parameters": {"image": 40, "duration_s": 1000.0}})


def test_source_hutch_and_people():
    async def work(world):
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


def test_a_saturated_camera_is_white_and_a_shifted_background_has_wandered():
    async def work(world):
        await world.backlight.go("In")
        true = (await world.camera.take()).pixels
        name = world.faults.inject(Rule(kind="camera_saturated", parameters={"factor": 4.0}))
        white = (await world.camera.take()).pixels
        assert (true == 255).mean() < 0.01
        assert (white == 255).mean() > 0.5
        world.faults.clear(name)
        world.faults.inject(Rule(kind="background_shift", parameters={"x_px": 12.0, "y_px": -7.0}))
        shifted = (await world.camera.take()).pixels
        # Dust and vignetting go 12 px right and 7 px up; what is left is noise, twice that of one picture.
        moved, kept = shifted[:-7, 12:].astype(float), true[7:, :-12].astype(float)
        assert np.abs(moved - kept).mean() < 0.8 * np.abs(shifted.astype(float) - true).mean()

    in_world(work)


def test_a_dump_takes_the_beam_for_its_time_and_gives_it_back():
    async def work(world):
        lit_a = world.surroundings.incident_diode.current_a
        world.faults.inject(Rule(kind="beam_dump", parameters={"duration_s": 50.0}, after_s=10.0))
        await world.clock.sleep(9.0)
        full_hz = world.beam.full_flux_hz
        await world.clock.sleep(2.0)
        assert world.beam.full_flux_hz == 0.0 < full_hz
        assert world.surroundings.incident_diode.current_a < 0.01 * lit_a
        await world.clock.sleep(50.0)
        assert world.beam.full_flux_hz > 0.9 * full_hz

    in_world(work)


def test_a_ring_that_goes_over_to_top_up_counts_down_and_back_in_decay_does_not():
    async def work(world):
        ring = world.beam.ring
        assert ring.top_up_countdown_s() == -1.0
        name = world.faults.inject(Rule(kind="topup_gap"))
        await world.clock.sleep(0.1)
        countdown_s = ring.top_up_countdown_s()
        assert 0.0 <= countdown_s <= ring.settings.top_up_period_s
        world.faults.clear(name)
        assert ring.top_up_countdown_s() == -1.0

    in_world(work)


def test_a_beam_that_jumps_is_brought_back_by_the_feedback():
    async def work(world):
        feedback = world.beam.feedback
        await world.clock.sleep(60.0)

        def aside_um():
            return float(np.linalg.norm(feedback.offset_um(np.array([world.clock.now_s()]))))

        before_um = aside_um()
        assert feedback.stable
        world.faults.inject(Rule(kind="beam_jump", parameters={"ev": 5000.0}))
        await world.clock.sleep(0.1)
        assert aside_um() > before_um + 5.0
        assert not feedback.stable
        await world.clock.sleep(300.0)
        assert aside_um() < before_um + 1.0
        assert feedback.stable

    in_world(work)


def test_the_robot_is_busy_before_it_loads():
    async def work(world):
        begin_s = world.clock.now_s()
        await world.robot.load((1, 1))
        timing = world.settings.timing
        assert world.clock.now_s() - begin_s == pytest.approx(timing.robot_s + 90.0)
        assert world.robot.mounted == (1, 1)

    in_world(work, {"kind": "robot_busy", "parameters": {"duration_s": 90.0}})
