"""A sample that gets warm turns to ice, and stays so."""

import asyncio
import math
from dataclasses import replace

import numpy as np
import pytest
from sim_bench import DEWAR
from viewer_support import specimen

from mxplans_sim.diffraction.background import ice_mm
from mxplans_sim.settings import WorldSettings
from mxplans_sim.truth import Truth
from mxplans_sim.virtual_time.kernel import Kernel
from mxplans_sim.virtual_time.loop import VirtualClock, VirtualLoop
from mxplans_sim.world.sample_class import truth_class
from mxplans_sim.world.shadow import film
from mxplans_sim.world.state import World
from mxplans_sim.world.thaw import LEFT_FRAC, STEP_FRAC, thawed


def in_world(work, **cryo):
    kernel = Kernel(0.0)
    loop = VirtualLoop(kernel)

    async def run():
        clock = VirtualClock(kernel, loop)
        settings = WorldSettings.model_validate({"seed": 3, "environment": {"cryo": cryo}})
        return await work(World(settings, DEWAR, clock, Truth(None, clock)))

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(run())


def strength(world):
    (crystal,) = world.specimen.crystals
    return crystal.strength


def test_ice_fills_the_film_and_the_crystal_fades():
    whole = specimen()
    half, lost = thawed(whole, 0.5), thawed(whole, 1.0)
    assert thawed(whole, 0.01) is whole
    _, _, half_axes = film(whole.loop)
    for one, frac in ((half, 0.5), (lost, 1.0)):
        volume = sum(4 / 3 * np.pi * ball.radius_mm**3 for ball in one.ice)
        assert volume == pytest.approx(frac * 4 / 3 * np.pi * half_axes.prod())
        assert one.crystals[0].strength == pytest.approx(1 - (1 - LEFT_FRAC) * frac)
    assert truth_class(lost) == "refrozen"


def test_below_the_limit_a_sample_lasts_for_any_time_and_above_it_fades_for_good():
    async def work(world):
        cryo = world.surroundings.cryo
        await world.robot.load((1, 1))
        await cryo.ramp(145.0)
        await world.clock.sleep(36_000.0)
        cold = strength(world)
        await cryo.ramp(160.0)
        told = []
        for _ in range(3):
            told.append(strength(world))
            await world.clock.sleep(30.0)
        await cryo.ramp(100.0)
        after = strength(world)
        await world.clock.sleep(3600.0)
        assert strength(world) == after
        return cold, told, after, world.still(1, 1.0)

    # A ramp of 3600 K/h takes 10 s from 150 to 160 K, and as long back.
    cold, told, after, burst = in_world(work, ramp_k_h=3600.0, devitrify_s=60.0)
    assert cold == 1.0
    for seen, warm_s in zip([*told, after], (10, 40, 70, 110), strict=True):
        expected = 1 - (1 - LEFT_FRAC) * -math.expm1(-warm_s / 60.0)
        assert seen == pytest.approx(expected, abs=STEP_FRAC)
    # A beam through the loop meets ice now, which shows as rings.
    ball = burst.specimen.ice[0]
    through = burst.seen_mm(np.array([ball.centre_mm]))[:, 0, :2]
    assert ice_mm(replace(burst, beam_mm=through))[0] >= 2 * ball.radius_mm


def test_a_sample_stays_spoilt_in_the_dewar_and_its_neighbour_whole():
    async def work(world):
        cryo = world.surroundings.cryo
        await world.robot.load((1, 1))
        await cryo.fail()
        await world.clock.sleep(600.0)
        await cryo.restore()
        await world.clock.sleep(1200.0)
        spoilt = strength(world)
        await world.robot.unload()
        await world.robot.load((1, 2))
        other = strength(world)
        await world.robot.unload()
        await world.robot.load((1, 1))
        return spoilt, other, strength(world), truth_class(world.specimen)

    spoilt, other, again, told = in_world(work)
    assert spoilt == pytest.approx(LEFT_FRAC)
    assert other == 1.0
    assert (again, told) == (spoilt, "refrozen")


def test_at_a_warm_beamline_nothing_was_ever_frozen():
    async def work(world):
        await world.robot.load((1, 1))
        await world.clock.sleep(3600.0)
        return strength(world), world.specimen.ice

    assert in_world(work, temperature_k=295.0) == (1.0, ())


@pytest.mark.parametrize(("from_k", "to_k"), [(100.0, 200.0), (200.0, 100.0), (100.0, 140.0), (160.0, 200.0)])
def test_the_warm_time_is_that_of_the_course(from_k, to_k):
    """Against the course itself, looked at every second."""

    async def work(world):
        cryo = world.surroundings.cryo
        before = cryo.warm_s()
        ramp, counted = asyncio.create_task(cryo.ramp(to_k)), 0
        for _ in range(1500):
            await world.clock.sleep(1.0)
            counted += cryo.temperature_k > 150.0
        await ramp
        return cryo.warm_s() - before, counted

    found, counted = in_world(work, temperature_k=from_k, ramp_k_h=360.0)
    assert found == pytest.approx(counted, abs=1.5)
