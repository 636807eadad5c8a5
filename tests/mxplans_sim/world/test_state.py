"""The world as a whole: what stands where, and what the beam meets."""

import asyncio

import numpy as np
import pytest
from sim_bench import DEWAR

from mxplans_sim.clock import RealClock
from mxplans_sim.servers.epics.channels import Refused
from mxplans_sim.servers.epics.records import Records
from mxplans_sim.settings import WorldSettings
from mxplans_sim.truth import Truth
from mxplans_sim.world.dewar import PinInDewar, Sample
from mxplans_sim.world.program import Scan
from mxplans_sim.world.robot import RobotError
from mxplans_sim.world.state import World

SPEED_UP = 1000.0


def make(dewar=DEWAR, **settings):
    clock = RealClock(SPEED_UP)
    truth = Truth(None, clock)
    return World(WorldSettings.model_validate({"seed": 3, **settings}), dewar, clock, truth), truth


def test_a_mix_makes_classes_of_samples_at_their_rates_and_truth_tells_them():
    dewar = {(1, n): PinInDewar(1, n, f"BC-{n}", (Sample(f"s{n}", "Lyso"),)) for n in range(1, 201)}
    _, truth = make(dewar, mix={"fractions": {"empty": 0.2, "bent": 0.1}}, samples={"s7": {"missing": True}})
    classes = [facts["class"] for facts in truth.samples.values()]
    assert truth.samples["s7"]["class"] == "missing"
    # 200 draws: three standard deviations are 0.085 and 0.064
    assert classes.count("empty") / 200 == pytest.approx(0.2, abs=0.085)
    assert classes.count("bent") / 200 == pytest.approx(0.1, abs=0.065)
    bent = next(facts for facts in truth.samples.values() if facts["class"] == "bent")
    assert bent["mount"]["bend_deg"] > 10


def test_a_pin_of_another_slot_shows_another_barcode():
    world, _ = make(samples={"one": {"wrong_slot": True}})
    assert world.storage.barcode((1, 1)) not in ("", "BC-1")
    assert world.storage.barcode((1, 2)) == "BC-2"


def test_wells_of_a_plate_come_to_the_centre_and_no_pin_can_be_mounted():
    async def work():
        world, _ = make(plate={"filled_frac": 1.0})
        well = Records(world).channels["SIM:PLATE:WELL"]
        assert (well.value, world.specimen.name) == ("A1.1", "plate A1.1")
        await well.write("B12.3")
        assert (well.value, world.specimen.name) == ("B12.3", "plate B12.3")
        assert world.specimen.crystals
        with pytest.raises(Refused, match="no drop Z9"):
            await well.write("Z9.1")
        with pytest.raises(RobotError, match="a plate is on the goniometer"):
            await world.robot.load((1, 1))

    asyncio.run(work())


def test_frost_grows_with_the_time_on_the_goniometer():
    async def work():
        world, _ = make(samples={"one": {"frost_um_h": 30.0}})
        await world.robot.load((1, 1))
        first = world.specimen.ice
        world.robot.mounted_at_s -= 7200  # as if two hours had passed
        later = world.specimen.ice
        assert len(later) > len(first)
        assert max(ice.radius_mm for ice in later) > 0.03

    asyncio.run(work())


def test_a_closed_hutch_keeps_the_beam_away():
    async def work():
        world, _ = make(beam={"ring": {"lifetime_h": 1e9}})  # it takes no current with it, however long this takes
        await world.shutter.go("Open")
        assert world.flux_hz == pytest.approx(1e12, rel=1e-3)
        await world.surroundings.hutch.shutter.go("Closed")
        assert world.flux_hz == 0.0
        assert not world.still(3, 0.1).flux_hz.any()

    asyncio.run(work())


def test_a_snake_with_backlash_is_off_to_either_side_in_turn():
    world, _ = make(goniometer={"backlash_um": 4.0})
    scan = Scan((0.0,) * 4, (0.01, 0, 0, 0), (0, 0.01, 0, 0), images=5, rows=2, snake=True, exposure_s=0.01)
    forth, back = (world.scan_burst(scan, row, 0, 5, 0.0) for row in (0, 1))
    assert np.sort(back.spindle_mm[:, 0]) - np.sort(forth.spindle_mm[:, 0]) == pytest.approx(np.full(5, 0.004))


def test_the_outage_of_a_beam_ends_the_light_of_the_frames_that_follow_it():
    world, _ = make(beam={"ring": {"outages": [{"start_s": 10.0, "duration_s": 60.0}]}})
    scan = Scan((0.0,) * 4, (0, 0, 0, 0.5), (0,) * 4, images=10, rows=1, snake=False, exposure_s=0.1)
    world.shutter.state = "Open"
    flux = world.scan_burst(scan, 0, 0, 10, row_begins_s=9.5).flux_hz
    assert (flux[:5] > 9e11).all()
    assert not flux[5:].any()
