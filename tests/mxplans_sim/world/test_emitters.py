"""Only what stands in the beam shines."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest
from burst_support import make_burst
from sim_bench import DEWAR

from mxplans_sim.settings import WorldSettings
from mxplans_sim.truth import Truth
from mxplans_sim.virtual_time.kernel import Kernel
from mxplans_sim.virtual_time.loop import VirtualClock, VirtualLoop
from mxplans_sim.world.emitters import in_the_beam
from mxplans_sim.world.specimen import Crystal, Drop, Specimen
from mxplans_sim.world.state import World

EYE = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
CELL = (79.1, 79.1, 37.9, 90.0, 90.0, 90.0)
CRYSTAL = Crystal((0.0,) * 3, (0.1, 0.1, 0.05), EYE, CELL, "P 43 21 2", EYE, absorbers=(("Se", 500.0),))


def still(specimen, x_mm=0.0, omega_deg=0.0, fwhm_um=30.0):
    burst = make_burst(
        None, 1, x_mm, beam_fwhm_um=(fwhm_um, fwhm_um), omega_width_deg=0.0, omega_start_deg=np.array([omega_deg])
    )
    return replace(burst, specimen=specimen)


def test_a_crystal_shines_by_its_thickness_along_the_beam():
    alone = Specimen("one", None, (CRYSTAL,))
    flat = in_the_beam(still(alone), {"S": 200.0}, 0.05)
    # 100 um of the crystal's 500 mmol/l, as a layer of 50 um.
    assert flat == pytest.approx({"S": 400.0, "Se": 1000.0}, rel=0.02)
    edge = in_the_beam(still(alone, omega_deg=90.0), {"S": 200.0}, 0.05)
    assert edge == pytest.approx({"S": 800.0, "Se": 2000.0}, rel=0.02)
    assert in_the_beam(still(alone, x_mm=0.3), {"S": 200.0}, 0.05) is None
    assert in_the_beam(still(None), {"S": 200.0}, 0.05) is None


def test_liquid_shines_without_what_is_in_the_crystals():
    away = replace(CRYSTAL, centre_mm=(2.0, 0.0, 0.0))
    drop = Drop((0.0, 0.0, 0.0), (0.2, 0.1, 0.05), EYE)
    wet = Specimen("one", None, (away,), drops=(drop,))
    found = in_the_beam(still(wet, fwhm_um=10.0), {"S": 200.0}, 0.05)
    # 100 um through the middle of the drop; off the middle it is a little less.
    assert found == pytest.approx({"S": 400.0}, rel=0.01)
    assert in_the_beam(still(wet, omega_deg=90.0, fwhm_um=10.0), {"S": 200.0}, 0.05) == pytest.approx(
        {"S": 800.0}, rel=0.01
    )
    assert in_the_beam(still(wet, x_mm=0.19), {"S": 200.0}, 0.05)["S"] < 200.0


def test_a_spectrum_of_a_crystal_in_the_beam_shows_its_selenium_and_one_beside_it_does_not():
    kernel = Kernel(0.0)
    loop = VirtualLoop(kernel)
    values = {"seed": 3, "samples": {"one": {"absorbers": {"Se": 500.0}, "size_um": [80, 80, 80]}}}
    settings = WorldSettings.model_validate(values | {"beam": {"energy_ev": 12700.0}})

    async def spectrum(world):
        around = world.surroundings
        await around.spectrometer.slide.go("In")
        world.beam.transmission_frac = 0.001
        await world.shutter.go("Open")
        await around.spectrometer.erase()
        await around.spectrometer.acquire()
        middles = (around.fluorescence.edges_ev[1:] + around.fluorescence.edges_ev[:-1]) / 2
        return int(around.spectrometer.counts[abs(middles - 11210.0) < 150].sum())

    async def run():
        clock = VirtualClock(kernel, loop)
        world = World(settings, DEWAR, clock, Truth(None, clock))
        await world.aperture.go("Small")
        nothing = await spectrum(world)
        await world.robot.load((1, 1))
        off = await spectrum(world)
        (crystal,) = world.specimen.crystals
        for name, target in zip("xyz", -np.array(crystal.centre_mm), strict=True):
            world.axes[name].move_to(float(target))
        await clock.sleep(2.0)
        return nothing, off, await spectrum(world)

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        nothing, off, on = runner.run(run())
    assert nothing == 0
    assert on > 1000
    assert off < 0.05 * on
