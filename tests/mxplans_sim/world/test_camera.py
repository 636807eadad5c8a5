"""The cameras run freely: which frame there is when, and what focus and lights do to it."""

import asyncio

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sim_bench import DEWAR

from mxplans_sim.clock import RealClock
from mxplans_sim.settings import WorldSettings
from mxplans_sim.truth import Truth
from mxplans_sim.virtual_time.kernel import Kernel
from mxplans_sim.virtual_time.loop import VirtualClock, VirtualLoop
from mxplans_sim.world.frame_clock import FrameClock
from mxplans_sim.world.lamp import Lamp
from mxplans_sim.world.optics import Exposure
from mxplans_sim.world.state import World


class HandClock(RealClock):
    """Stands where it is put."""

    time_s = 0.0

    def now_s(self):
        return self.time_s


def in_world(work, **camera):
    """Result of `work(world)` in virtual time, the sample mounted and the backlight in."""
    kernel = Kernel(0.0)
    loop = VirtualLoop(kernel)

    async def run():
        clock = VirtualClock(kernel, loop)
        found = WorldSettings.model_validate({"seed": 3, "camera": camera})
        world = World(found, DEWAR, clock, Truth(None, clock))
        await world.robot.load((1, 1))
        await world.backlight.go("In")
        return await work(world)

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(run())


@settings(deadline=None)
@given(
    st.floats(1.0, 200.0),
    st.floats(1e-3, 0.5),
    st.floats(0.0, 0.3),
    st.lists(st.floats(0.0, 5.0), min_size=1, max_size=8).map(sorted),
)
def test_frames_follow_each_other_and_none_is_there_before_it_is_exposed(rate_hz, exposure_s, latency_s, times_s):
    clock = HandClock()
    frames = FrameClock(clock, rate_hz, exposure_s, latency_s)
    assert frames.period_s == max(1 / rate_hz, exposure_s)
    for clock.time_s in times_s:
        latest, following = frames.latest(), frames.next()
        assert frames.there_s(latest) <= clock.time_s + 1e-6
        assert frames.there_s(latest + 1) > clock.time_s - 1e-6
        assert frames.begins_s(following) >= clock.time_s - 1e-6
        assert frames.begins_s(following - 1) < clock.time_s + 1e-6
        assert latest < following


def test_another_exposure_leaves_numbers_and_times_in_their_order():
    clock = HandClock()
    frames = FrameClock(clock, 30.0, 0.01, 0.0)
    clock.time_s = 1.0
    before = frames.next()
    frames.exposure_s = 0.5
    assert frames.next() == before
    assert frames.begins_s(before) >= 1.0
    clock.time_s = 3.0
    assert frames.next() == before + 4
    assert frames.latest() == before + 3


def test_frames_come_at_the_rate_of_the_camera_and_cost_nothing_unless_asked_for():
    async def work(world):
        first = await world.camera.latest()
        assert await world.camera.latest() is first
        await world.clock.sleep(10.0)
        later = await world.camera.latest()
        return first, later, world.camera.recent

    first, later, recent = in_world(work, frame_rate_hz=20.0)
    assert later.frame - first.frame == pytest.approx(200, abs=1)
    assert later.stamp_s - first.stamp_s == pytest.approx((later.frame - first.frame) / 20.0, abs=1e-5)
    assert list(recent) == [first, later]


def test_the_latest_frame_may_be_older_than_a_motion_and_a_taken_one_is_not():
    """Omega turns by 90 deg in 1.05 s; the camera's frames arrive 0.3 s late."""

    async def work(world):
        omega = world.axes["omega"]
        before = world.placement.rotation
        await world.clock.sleep(1.0)
        omega.move_to(90.0)
        begun_s = world.clock.now_s()
        await world.clock.sleep(0.2)
        stale = await world.camera.latest()
        np.testing.assert_allclose(stale.placement.rotation, before, atol=1e-9)
        assert world.camera.controls.frames.begins_s(stale.frame) < begun_s
        await world.clock.sleep(omega.remaining_s)
        after, ended_s = world.placement.rotation, world.clock.now_s()
        turning = await world.camera.latest()
        assert np.abs(turning.placement.rotation - after).max() > 0.01
        fresh = await world.camera.take()
        np.testing.assert_allclose(fresh.placement.rotation, after, atol=1e-9)
        assert world.camera.controls.frames.begins_s(fresh.frame) >= ended_s
        # Up to one period until it begins, exposure and latency.
        assert 0.31 <= world.clock.now_s() - ended_s <= 0.31 + 1 / 30 + 1e-6

    in_world(work, latency_s=0.3)


def test_the_focus_is_a_motor_and_what_is_out_of_it_is_blurred():
    async def work(world):
        focus, sharpness = world.camera.controls.focus, []
        for depth_mm in (-2.0, 0.0, 2.0):
            focus.move_to(depth_mm)
            await world.clock.sleep(focus.remaining_s)
            picture = await world.camera.take()
            sharpness.append(np.abs(np.diff(picture.pixels.astype(float), axis=0)).max())
        return sharpness

    near, sharp, far = in_world(work, blur_frac=0.1, gain=0.001, exposure_s=0.2, read_noise=0.0, dust=0)
    assert sharp > 2 * near
    assert sharp > 2 * far


def test_lamps_refuse_what_they_cannot_do():
    async def work():
        lamp, told = Lamp("backlight", 1.0), []
        lamp.changed.subscribe(lambda: told.append(lamp.frac))
        await lamp.set_level(0.5)
        await lamp.set_factor(2.0)
        await lamp.switch(False)
        with pytest.raises(ValueError, match="level of the backlight is 1.5, allowed is 0 to 1"):
            await lamp.set_level(1.5)
        with pytest.raises(ValueError, match="factor of the backlight is nan"):
            await lamp.set_factor(float("nan"))
        return told

    assert asyncio.run(work()) == [0.5, 1.0, 0.0]


def test_the_settings_of_a_camera_make_its_exposure():
    async def work(world):
        lit = world.camera.exposure
        await world.backlight.go("Out")
        return lit, world.camera.exposure.back_frac

    values = {"backlight_frac": 0.7, "frontlight_frac": 0.2, "exposure_s": 0.03, "gain": 0.01, "saturation": 200}
    lit, dark = in_world(work, focus_mm=0.5, **values)
    assert lit == Exposure(0.7, 0.2, 0.03, 0.01, 200, focus_mm=0.5)
    assert dark == 0.0
