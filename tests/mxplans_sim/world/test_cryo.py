import asyncio
import math

import pytest
from pydantic import ValidationError
from surroundings_support import in_virtual_time

from mxplans_sim.settings.environment import CryoSettings
from mxplans_sim.world.cryo import COOL, HOLD, RAMP, WARM, CryoFault


def test_a_ramp_takes_as_long_as_its_rate_says():
    async def work(site):
        cryo = site.around.cryo
        assert (cryo.temperature_k, cryo.state) == (100.0, HOLD)
        cryo.set_rate(120.0)
        ramp = asyncio.create_task(cryo.ramp(110.0))
        await site.clock.sleep(150.0)
        assert cryo.state == RAMP
        assert cryo.temperature_k == pytest.approx(105.0)
        assert await site.seconds(ramp) == pytest.approx(150.0, abs=0.01)
        assert (cryo.temperature_k, cryo.state) == (110.0, HOLD)

    in_virtual_time(work)


def test_a_second_ramp_redirects_the_first():
    async def work(site):
        cryo = site.around.cryo
        up = asyncio.create_task(cryo.ramp(130.0))
        await site.clock.sleep(100.0)
        await cryo.ramp(100.0)
        await up
        assert cryo.temperature_k == 100.0
        assert site.clock.now_s() == pytest.approx(200.0, abs=0.01)  # ten kelvin up, ten down

    in_virtual_time(work)


def test_it_warms_up_when_it_fails_and_cools_down_again():
    async def work(site):
        cryo = site.around.cryo
        await cryo.fail()
        await site.clock.sleep(120.0)
        assert cryo.temperature_k == pytest.approx(295 - 195 / math.e)
        assert (cryo.state, cryo.flow_l_min, cryo.pressure_bar) == (WARM, 0.0, 0.4)
        with pytest.raises(CryoFault, match="restore it first"):
            await cryo.ramp(100.0)
        await cryo.restore()
        assert cryo.state == COOL
        await site.clock.sleep(120.0)
        assert cryo.temperature_k == pytest.approx(100 + 195 * (1 - 1 / math.e) / math.e)
        await site.clock.sleep(3600.0)
        assert cryo.temperature_k == pytest.approx(100.0, abs=0.02)
        assert cryo.state == HOLD

    in_virtual_time(work)


def test_a_failure_ends_a_ramp():
    async def work(site):
        cryo = site.around.cryo
        ramp = asyncio.create_task(cryo.ramp(200.0))
        await site.clock.sleep(100.0)
        await cryo.fail()
        with pytest.raises(CryoFault, match="on its way to 200 K"):
            await ramp

    in_virtual_time(work)


def test_a_fault_lasts_as_long_as_it_is_set():
    async def work(site):
        cryo = site.around.cryo
        site.faults.lasting["cryo_warm"] = {}
        await cryo.look()
        assert cryo.failed
        del site.faults.lasting["cryo_warm"]
        await cryo.look()
        assert not cryo.failed

    in_virtual_time(work)


@pytest.mark.parametrize("setpoint_k", [79.0, 401.0, math.nan])
def test_setpoints_out_of_range_are_refused(setpoint_k):
    async def work(site):
        with pytest.raises(ValueError, match="outside of 80 to 400 K"):
            await site.around.cryo.ramp(setpoint_k)
        with pytest.raises(ValueError, match="0 to 360 K/h"):
            site.around.cryo.set_rate(361.0)

    in_virtual_time(work)


@pytest.mark.parametrize("values", [{"temperature_k": 70.0}, {"range_k": [400, 80]}, {"range_k": [0, 400]}])
def test_impossible_settings_are_refused(values):
    with pytest.raises(ValidationError, match="must be within range_k|give the lower one first"):
        CryoSettings.model_validate(values)
