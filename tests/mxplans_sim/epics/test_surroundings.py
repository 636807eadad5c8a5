"""Ring, feedback, diodes, attenuator, hutch and cold as a client sees them."""

import asyncio
import math

import pytest
from surroundings_support import in_virtual_time

from mxplans_sim.servers.epics.channels import Refused
from mxplans_sim.servers.epics.live import LIVE

TOP_UP = {"ring": {"mode": "top-up", "outages": [{"start_s": 2000.0, "duration_s": 500.0}]}}


def shown(site, name):
    """What subscribers were told last."""
    return site.channels[name]._data["value"]


def record(site, name):
    """Times and values of all posts from now on."""
    seen = []
    site.channels[name].shown.subscribe(lambda: seen.append((site.clock.now_s(), shown(site, name))))
    return seen


def test_a_get_tells_what_is_now_without_a_post():
    async def work(site):
        await site.clock.sleep(3600.0)
        assert site.get("RING:CURRENT_RBV") == pytest.approx(300 * math.exp(-1 / 20))
        assert site.get("BEAM:FLUX_RBV") == pytest.approx(1e12 * math.exp(-1 / 20))
        assert shown(site, "RING:CURRENT_RBV") == 300.0
        channel = site.channels["RING:CURRENT_RBV"]
        _, wire = await channel.read(channel.data_type)
        assert wire[0] == pytest.approx(300 * math.exp(-1 / 20))
        assert shown(site, "RING:CURRENT_RBV") == pytest.approx(wire[0])

    in_virtual_time(work)


def test_steps_of_the_ring_are_posted_without_delay():
    async def work(site):
        countdown, mode = record(site, "RING:TOPUP:COUNTDOWN_RBV"), record(site, "RING:MODE_RBV")
        flux = record(site, "BEAM:FLUX_RBV")
        await site.clock.sleep(2600.0)
        began = [at_s for at_s, value in countdown if value == 0.0]
        assert [at_s for at_s in began if at_s < 1300] == pytest.approx([600.0, 1200.0], abs=0.01)
        assert [value for _, value in mode] == ["No Beam", "Injection", "User"]
        assert [at_s for at_s, _ in mode] == pytest.approx([2000.0, 2200.0, 2500.0], abs=0.01)
        dark = [at_s for at_s, value in flux if value == 0.0]
        assert dark[0] == pytest.approx(2000.0, abs=0.01)

    in_virtual_time(work, watch=True, **TOP_UP)


def test_countdowns_say_what_a_gate_needs():
    async def work(site):
        found = []
        for time_s in (100.0, 605.0, 2100.0):
            await site.clock.sleep(time_s - site.clock.now_s())
            found.append([site.get(f"RING:TOPUP:{name}_RBV") for name in ("COUNTDOWN", "END_COUNTDOWN")])
        assert found[0] == pytest.approx([500.0, 510.0])
        assert found[1] == pytest.approx([0.0, 5.0])
        assert found[2] == [-1.0, -1.0]
        assert site.get("RING:USER_COUNTDOWN_RBV") == pytest.approx(144 * 3600 - 2100)

    in_virtual_time(work, **TOP_UP)


def test_a_pause_of_the_feedback():
    async def work(site):
        assert (site.get("FEEDBACK:STATE_RBV"), site.get("FEEDBACK:STABLE_RBV")) == ("Running", 1)
        await site.put("FEEDBACK:STATE", "Paused")
        assert (site.get("FEEDBACK:STATE_RBV"), site.get("FEEDBACK:STABLE_RBV")) == ("Paused", 0)
        await site.put("FEEDBACK:STATE", 0)
        assert shown(site, "FEEDBACK:STATE_RBV") == "Running"
        with pytest.raises(Refused, match="allowed are Running, Paused"):
            await site.put("FEEDBACK:STATE", 2)

    in_virtual_time(work)


def test_the_beamstop_check_by_diode():
    async def work(site):
        await site.put("DIODE:GAIN", "1e4")
        currents = {}
        for position in ("Out", "In"):
            await site.put("BEAMSTOP", position)
            currents[position] = shown(site, "DIODE:CURRENT_RBV")  # without waiting for the next post
        # 1e12 photons of 12658 eV, of which the silicon takes 1 - exp(-3.96 * 0.3)
        assert currents["Out"] == pytest.approx(1e12 * 0.695 * 12658 / 3.66 * 1.602e-19, rel=0.01)
        assert currents["In"] == pytest.approx(1e-10)
        await site.put("BEAMSTOP", "Out")
        await site.put("HUTCH:SHUTTER", "Closed")
        assert shown(site, "DIODE:CURRENT_RBV") == pytest.approx(1e-10)

    in_virtual_time(work)


def test_a_gain_that_is_too_high_saturates():
    async def work(site):
        assert site.get("I0:SATURATED_RBV") == 0
        await site.put("I0:GAIN", "1e6")
        assert (shown(site, "I0:GAIN_RBV"), shown(site, "I0:SATURATED_RBV")) == ("1e6", 1)
        assert shown(site, "I0:CURRENT_RBV") == 1e-5
        assert shown(site, "I0:VOLTAGE_RBV") == pytest.approx(10.0)

    in_virtual_time(work)


def test_foils_take_their_time_and_come_near():
    async def work(site):
        assert await site.seconds(site.put("ATTEN:TRANSMISSION", 0.1)) == pytest.approx(0.5, abs=0.01)
        assert shown(site, "ATTEN:TRANSMISSION") == 0.1
        assert shown(site, "ATTEN:TRANSMISSION_RBV") == pytest.approx(0.1, rel=0.01)
        assert shown(site, "ATTEN:INSERTED_RBV") > 0
        await site.put("BEAM:ENERGY", 14000.0)
        assert site.get("ATTEN:TRANSMISSION_RBV") > 0.13
        with pytest.raises(Refused, match="allowed is 0 to 1"):
            await site.put("ATTEN:TRANSMISSION", 10.0)

    in_virtual_time(work, attenuator={"kind": "filters"})


def test_an_ideal_attenuator_is_exact():
    async def work(site):
        await site.put("ATTEN:TRANSMISSION", 0.123456)
        assert shown(site, "ATTEN:TRANSMISSION_RBV") == site.beam.transmission_frac == 0.123456
        assert site.get("ATTEN:FILTERS_RBV") == 0

    in_virtual_time(work)


def test_the_hutch_shutter_opens_after_a_search():
    async def work(site):
        with pytest.raises(Refused, match="HUTCH:SHUTTER: the hutch shutter stays closed"):
            await site.put("HUTCH:SHUTTER", "Open")
        assert (shown(site, "HUTCH:SHUTTER_RBV"), shown(site, "HUTCH:INTERLOCK_RBV")) == ("Closed", "Broken")
        search = asyncio.create_task(site.put("HUTCH:SEARCH", 1))
        await site.clock.sleep(1.0)
        assert shown(site, "HUTCH:SEARCH_RBV") == "Searching"
        await search
        assert (shown(site, "HUTCH:SEARCH_RBV"), shown(site, "HUTCH:INTERLOCK_RBV")) == ("Searched", "Set")
        await site.put("HUTCH:SHUTTER", "Open")
        assert shown(site, "HUTCH:SHUTTER_RBV") == "Open"
        with pytest.raises(Refused, match="HUTCH:DOOR: the door is locked"):
            await site.put("HUTCH:DOOR", "Open")
        await site.put("HUTCH:TRIP", 1)
        assert (shown(site, "HUTCH:SHUTTER"), shown(site, "HUTCH:SHUTTER_RBV")) == ("Closed", "Closed")
        await site.put("HUTCH:DOOR", "Open")
        assert shown(site, "HUTCH:LIGHT_CURTAIN_RBV") == "Broken"
        with pytest.raises(Refused, match="HUTCH:SEARCH: the hutch cannot be searched"):
            await site.put("HUTCH:SEARCH", 1)

    in_virtual_time(work, environment={"hutch": {"searched": False}})


def test_a_ramp_of_the_cryostream():
    async def work(site):
        await site.put("CRYO:RAMP_RATE", 180.0)
        assert await site.seconds(site.put("CRYO:TEMPERATURE", 110.0)) == pytest.approx(200.0, abs=0.1)
        assert (shown(site, "CRYO:TEMPERATURE_RBV"), shown(site, "CRYO:STATE_RBV")) == (110.0, "Hold")
        with pytest.raises(Refused, match="outside of 80 to 400 K"):
            await site.put("CRYO:TEMPERATURE", 500.0)
        assert shown(site, "CRYO:TEMPERATURE") == 110.0
        with pytest.raises(Refused, match="0 to 360 K/h"):
            await site.put("CRYO:RAMP_RATE", -1.0)
        await site.put("CRYO:JET", "Out")
        assert shown(site, "CRYO:JET_RBV") == "Out"

    in_virtual_time(work)


def test_a_cold_that_fails_shows():
    async def work(site):
        site.faults.lasting["cryo_warm"] = {}
        await site.clock.sleep(60.0)
        assert shown(site, "CRYO:STATE_RBV") == "Warming"
        assert shown(site, "CRYO:PRESSURE_RBV") == 0.4
        assert 120 < site.get("CRYO:TEMPERATURE_RBV") < 200
        with pytest.raises(Refused, match="restore it"):
            await site.put("CRYO:TEMPERATURE", 90.0)
        assert shown(site, "CRYO:TEMPERATURE") == 100.0

    in_virtual_time(work, watch=True)


def test_what_does_not_change_is_not_posted():
    async def work(site):
        posts = {name: record(site, name) for name, channel in site.channels.items() if isinstance(channel, LIVE)}
        await site.clock.sleep(100.0)
        posted = {name for name, seen in posts.items() if seen}
        assert posted == {
            "RING:CURRENT_RBV",
            "RING:USER_COUNTDOWN_RBV",
            "BEAM:FLUX_RBV",
            "I0:CURRENT_RBV",
            "I0:VOLTAGE_RBV",
        }

    in_virtual_time(work, watch=True)
