"""Which frames a detector takes of a motion, and when, by trigger mode, number and times."""

import asyncio

import numpy as np
import pytest
from sim_bench import DEWAR

from mxplans_sim.servers.simplon.detector import VirtualDetector
from mxplans_sim.settings import WorldSettings
from mxplans_sim.truth import Truth
from mxplans_sim.virtual_time.kernel import Kernel
from mxplans_sim.virtual_time.loop import VirtualClock, VirtualLoop
from mxplans_sim.world.program import Scan
from mxplans_sim.world.state import World

ROTATION = Scan((0.0,) * 4, (0, 0, 0, 0.5), (0.0,) * 4, images=20, rows=1, snake=False, exposure_s=0.1)
GRID = Scan((-0.05, 0, 0, 0), (0.02, 0, 0, 0), (0, 0.02, 0, 0), images=5, rows=3, snake=True, exposure_s=0.1)
BY_IMAGE = {"trigger_mode": "exts", "nimages": 1, "frame_time": 0.1, "count_time": 0.1}


class Seen:
    """What a detector has taken: begin (s, after the first image's), middle and width of omega, x and y of each frame."""

    def __init__(self, bursts, begins_s, state):
        self.state = state
        self.time_s = np.array([b.begins_at_s + i * b.period_s for b in bursts for i in range(len(b))]) - begins_s
        self.omega_deg = np.array([angle for b in bursts for angle in b.omega_deg])
        self.width_deg = np.array([b.omega_width_deg for b in bursts for _ in range(len(b))])
        self.x_mm, self.y_mm = np.array([shift for b in bursts for shift in b.spindle_mm[:, :2]]).reshape(-1, 2).T
        self.light = np.array([flux * b.exposure_s for b in bursts for flux in b.flux_hz])


def take(tmp_path, config, *scans, pulses="image", then=None):
    """Arm a detector with a configuration, run scans, tell what it has taken of them."""
    kernel = Kernel(0.0)
    loop = VirtualLoop(kernel)

    async def run():
        clock = VirtualClock(kernel, loop)
        settings = WorldSettings.model_validate(
            {"seed": 3, "motion": {"pulses": pulses}, "beam": {"flux_noise_frac": 0}}
        )
        world = World(settings, DEWAR, clock, Truth(None, clock))
        detector = VirtualDetector(clock, settings.detector, tmp_path, 1, world.watch, processes=0)
        world.bursts.subscribe(detector.on_burst)
        detector.start()
        begins_s = []
        world.bursts.subscribe(lambda burst: begins_s.append(burst.begins_at_s))
        bursts = []
        try:
            detector.initialize()
            for name, value in config.items():
                detector.put(name, value)
            await detector.arm()
            exposure = detector.armed.exposure
            exposure._hand_on = lambda first, burst: bursts.append(burst)
            if then is not None:
                await then(detector, world)
            for scan in scans:
                await world.scanner.run(scan)
            await clock.sleep(1.0)
            return Seen(bursts, begins_s[0] if begins_s else 0.0, detector.state)
        finally:
            detector.stop()

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(run())


@pytest.mark.parametrize("mode", ["exts", "exte"])
def test_a_pulse_for_each_image_gives_the_images_of_the_motion(tmp_path, mode):
    seen = take(tmp_path, BY_IMAGE | {"trigger_mode": mode, "ntrigger": 20}, ROTATION)
    assert seen.state == "idle"
    assert seen.time_s == pytest.approx(np.arange(20) * 0.1)
    assert seen.omega_deg == pytest.approx(np.arange(20) * 0.5 + 0.25)
    assert seen.width_deg == pytest.approx(np.full(20, 0.5))
    assert seen.light == pytest.approx(np.full(20, 1e11), rel=1e-4)  # the ring's current falls


def test_two_scans_of_one_series_come_in_their_order(tmp_path):
    seen = take(tmp_path, BY_IMAGE | {"ntrigger": 35}, ROTATION, GRID)
    assert seen.state == "idle"
    assert seen.omega_deg[:20] == pytest.approx(np.arange(20) * 0.5 + 0.25)
    row = np.array([-0.04, -0.02, 0.0, 0.02, 0.04])
    assert seen.x_mm[20:] == pytest.approx(np.concatenate([row, row[::-1], row]))
    assert seen.y_mm[20:] == pytest.approx(np.repeat([0.0, 0.02, 0.04], 5))


def test_too_few_pulses_leave_the_series_open_and_too_many_are_not_heard(tmp_path):
    few = take(tmp_path, BY_IMAGE | {"ntrigger": 21}, ROTATION)
    assert (few.state, len(few.time_s)) == ("acquire", 20)
    many = take(tmp_path, BY_IMAGE | {"ntrigger": 12}, ROTATION)
    assert (many.state, len(many.time_s)) == ("idle", 12)
    assert many.omega_deg == pytest.approx(np.arange(12) * 0.5 + 0.25)


def test_a_frame_time_longer_than_the_images_loses_every_second_pulse(tmp_path):
    seen = take(tmp_path, BY_IMAGE | {"ntrigger": 20, "frame_time": 0.15}, ROTATION)
    assert seen.state == "acquire"
    assert seen.time_s == pytest.approx(np.arange(10) * 0.2)


def test_a_free_run_has_its_own_times_and_not_those_of_the_rows(tmp_path):
    """Fifteen images from one pulse: rows last 0.5 s each, and the turns between them go on the frames as well."""
    right = take(tmp_path, BY_IMAGE | {"ntrigger": 15}, GRID)
    free = take(tmp_path, BY_IMAGE | {"ntrigger": 1, "nimages": 15}, GRID)
    assert right.state == free.state == "idle"
    assert free.time_s == pytest.approx(np.arange(15) * 0.1)
    assert right.time_s[5] == pytest.approx(0.55)
    # The first row is the same; the third is off by the time of two turns, which is one image.
    assert free.x_mm[:5] == pytest.approx(right.x_mm[:5])
    assert free.x_mm[11:] == pytest.approx(right.x_mm[10:14])


def test_a_free_run_of_a_rotation_is_the_rotation(tmp_path):
    seen = take(tmp_path, BY_IMAGE | {"ntrigger": 1, "nimages": 20}, ROTATION)
    assert seen.omega_deg == pytest.approx(np.arange(20) * 0.5 + 0.25)
    assert seen.width_deg == pytest.approx(np.full(20, 0.5))


def test_frames_shorter_than_the_images_see_less_of_the_turn(tmp_path):
    """Ten frames of 0.02 s, one in 0.05 s, while omega turns by 5 deg/s."""
    config = BY_IMAGE | {"ntrigger": 1, "nimages": 10, "frame_time": 0.05, "count_time": 0.02}
    seen = take(tmp_path, config, ROTATION)
    assert seen.time_s == pytest.approx(np.arange(10) * 0.05)
    assert seen.width_deg == pytest.approx(np.full(10, 0.1))
    assert seen.omega_deg == pytest.approx(np.arange(10) * 0.25 + 0.05)
    assert seen.light == pytest.approx(np.full(10, 2e10), rel=1e-4)


def test_a_start_delay_comes_between_pulse_and_frame(tmp_path):
    config = BY_IMAGE | {"ntrigger": 10, "frame_time": 0.05, "count_time": 0.05, "trigger_start_delay": 0.04}
    seen = take(tmp_path, config, ROTATION)
    assert seen.time_s == pytest.approx(np.arange(10) * 0.1 + 0.04)
    assert seen.omega_deg == pytest.approx(np.arange(10) * 0.5 + 0.2 + 0.125)


@pytest.mark.parametrize(("pulses", "expected"), [("row", 3), ("scan", 1)])
def test_a_motion_program_may_pulse_once_a_row_or_a_scan(tmp_path, pulses, expected):
    long = Scan((-0.5, 0, 0, 0), (0.02, 0, 0, 0), (0, 0.02, 0, 0), images=25, rows=3, snake=True, exposure_s=0.1)
    seen = take(tmp_path, BY_IMAGE | {"ntrigger": 99}, long, pulses=pulses)
    assert len(seen.time_s) == expected
    by_row = take(tmp_path, BY_IMAGE | {"ntrigger": 3, "nimages": 25}, long, pulses="row")
    assert by_row.state == "idle"
    right = take(tmp_path, BY_IMAGE | {"ntrigger": 75}, long)
    assert by_row.x_mm == pytest.approx(right.x_mm)


def test_an_internal_trigger_follows_frame_time_whatever_moves(tmp_path):
    async def trigger(detector, world):
        world.shutter.state = "Open"
        world.axes["omega"].move_to(90.0)
        await world.clock.sleep(0.4)  # it has come to its speed of 120 deg/s by then
        detector.trigger()

    config = BY_IMAGE | {"trigger_mode": "ints", "nimages": 3, "ntrigger": 1, "frame_time": 0.1, "count_time": 0.02}
    seen = take(tmp_path, config, then=trigger)
    assert seen.state == "idle"
    assert np.diff(seen.omega_deg) == pytest.approx([12.0, 12.0])
    assert seen.width_deg == pytest.approx(np.full(3, 2.4))


def test_enabling_by_pulses_has_one_image_for_each(server):
    server.put("nimages", 7)
    assert server.put("trigger_mode", "exte").json() == ["trigger_mode", "nimages"]
    assert server.put("nimages", 3).json() == ["nimages"]
    assert server.get("config/nimages") == 1
    server.put("trigger_mode", "ints")
    assert server.put("nimages", 3).json() == ["nimages"]
