import asyncio

import pytest
from surroundings_support import in_virtual_time

from mxplans_sim.world.hutch import NOT_SEARCHED, SEARCHED, HutchRefused


def test_the_shutter_opens_only_in_a_searched_hutch():
    async def work(site):
        hutch = site.around.hutch
        assert not hutch.interlock_set
        with pytest.raises(HutchRefused, match="not searched; search it"):
            await hutch.move_shutter("Open")
        assert hutch.shutter.state == "Closed"
        assert await site.seconds(hutch.search()) == 30.0
        assert await site.seconds(hutch.move_shutter("Open")) == 3.0
        assert hutch.beam_in

    in_virtual_time(work, environment={"hutch": {"searched": False}})


def test_the_door_is_locked_while_there_may_be_beam():
    async def work(site):
        hutch = site.around.hutch
        with pytest.raises(HutchRefused, match="close the shutter first"):
            await hutch.move_door("Open")
        assert (hutch.door.state, hutch.search_state) == ("Closed", SEARCHED)
        await hutch.move_shutter("Closed")
        await hutch.move_door("Open")
        assert (hutch.interlock_set, hutch.search_state, hutch.light_curtain_clear) == (False, NOT_SEARCHED, False)
        with pytest.raises(HutchRefused, match="with its door open"):
            await hutch.search()

    in_virtual_time(work)


def test_an_opened_door_breaks_a_search_off():
    async def work(site):
        hutch = site.around.hutch
        await hutch.move_shutter("Closed")
        search = asyncio.create_task(hutch.search())
        await site.clock.sleep(10.0)
        await hutch.move_door("Open")
        with pytest.raises(HutchRefused, match="broken off"):
            await search
        assert not hutch.interlock_set

    in_virtual_time(work)


def test_the_emergency_button_takes_the_beam_at_once():
    async def work(site):
        hutch = site.around.hutch
        assert site.around.incident_diode.current_a > 1e-5
        trip = asyncio.create_task(hutch.trip())
        await site.clock.sleep(0.01)
        assert not hutch.beam_in
        assert site.around.incident_diode.current_a == 1e-10
        await trip
        assert hutch.shutter.state == "Closed"
        await hutch.search()
        await hutch.move_shutter("Open")
        assert hutch.beam_in

    in_virtual_time(work)


def test_a_button_pressed_while_the_shutter_opens_shuts_it():
    async def work(site):
        hutch = site.around.hutch
        await hutch.move_shutter("Closed")
        opening = asyncio.create_task(hutch.move_shutter("Open"))
        await site.clock.sleep(1.0)
        trip = asyncio.create_task(hutch.trip())
        with pytest.raises(HutchRefused, match="was closed"):
            await opening
        await trip
        assert hutch.shutter.state == hutch.shutter.target == "Closed"

    in_virtual_time(work)


def test_a_broken_interlock_shuts_the_beam_off_by_itself():
    async def work(site):
        hutch = site.around.hutch
        site.faults.lasting["hutch_interlock"] = {}
        assert not hutch.beam_in
        await site.clock.sleep(30.0)
        assert hutch.shutter.state == "Closed"
        with pytest.raises(HutchRefused, match="interlock is broken"):
            await hutch.move_shutter("Open")
        del site.faults.lasting["hutch_interlock"]
        await hutch.move_shutter("Open")

    in_virtual_time(work, watch=True)


def test_the_light_curtain_can_be_broken():
    async def work(site):
        assert site.around.hutch.light_curtain_clear
        site.faults.lasting["robot_light_curtain"] = {}
        assert not site.around.hutch.light_curtain_clear

    in_virtual_time(work)


def test_a_shutter_that_sticks_does_not_let_the_beam_in():
    async def work(site):
        hutch = site.around.hutch
        site.faults.lasting |= {"hutch_interlock": {}, "actuator_stuck": {}}
        await site.clock.sleep(60.0)
        assert (hutch.shutter.state, hutch.beam_in) == ("Open", False)
        del site.faults.lasting["actuator_stuck"]
        await site.clock.sleep(30.0)
        assert hutch.shutter.state == "Closed"

    in_virtual_time(work, watch=True)
