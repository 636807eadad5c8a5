import asyncio
import json

import numpy as np
import pytest
from control_stand_in import PROFILE, ListedFaults

from mxplans_sim.clock import RealClock
from mxplans_sim.settings import load_world
from mxplans_sim.truth import Truth
from mxplans_sim.view.look import Look
from mxplans_sim.view.snapshot import snapshot
from mxplans_sim.world.dewar import read_dewar
from mxplans_sim.world.state import World

INSTANT = {"robot_s": 0.0, "unload_s": 0.0, "zoom_s": 0.0, "backlight_s": 0.0}


def make_world(faults=None, **gonio):
    settings = load_world(PROFILE / "world.yaml", 1000.0)
    timing = settings.timing.model_copy(update=INSTANT)
    goniometer = settings.goniometer.model_copy(update=gonio)
    settings = settings.model_copy(update={"timing": timing, "goniometer": goniometer})
    clock = RealClock(1000.0)
    return World(settings, read_dewar(PROFILE / "shipment.json"), clock, Truth(None, clock), faults)


def test_an_empty_beamline_is_plain_json():
    told = snapshot(make_world(kind="smargon"))
    assert json.loads(json.dumps(told)) == told
    assert told["sample"] == "" and told["specimen"] is None
    assert [link["name"] for link in told["goniometer"]["chain"]] == ["omega", "chi", "phi"]
    assert [motor["name"] for motor in told["motors"]] == ["x", "y", "z", "omega", "chi", "phi", "distance", "focus"]
    assert {motor["name"]: motor["unit"] for motor in told["motors"]}["distance"] == "mm"
    assert told["beam"]["flux_at_sample_hz"] == 0.0  # the shutter is closed


def test_what_is_mounted_lost_and_moving_is_told():
    async def work():
        world = make_world(kind="single-axis")
        first, second, third = sorted(world.storage.dewar)[:3]
        world.storage.lose(third)
        await world.robot.load(first)
        world.axes["omega"].speed = 0.01
        world.axes["omega"].move_to(10.0)
        return snapshot(world), first, second, third

    told, first, second, third = asyncio.run(work())
    states = {(pin["puck"], pin["pin"]): pin["state"] for pin in told["dewar"]}
    assert (states[first], states[second], states[third]) == ("mounted", "in dewar", "missing")
    assert told["robot"]["mounted"] == list(first) and told["robot"]["pin_sensed"]
    moving = {motor["name"] for motor in told["motors"] if motor["moving"]}
    assert moving == {"omega"}
    assert told["specimen"]["name"] == told["sample"] != ""
    json.dumps(told)


def test_what_is_drawn_of_a_specimen_stays_while_it_is_exposed():
    async def work():
        world = make_world(kind="single-axis")
        await world.robot.load(min(world.storage.dewar))
        await world.shutter.go("Open")
        before = snapshot(world)
        for crystal in world.specimen.crystals:
            for name, value in zip("xyz", crystal.centre_mm, strict=True):
                world.axes[name].move_to(-value)
        await world.clock.sleep(10.0)
        world.publish(world.still(10, 1.0))
        return before, snapshot(world)

    before, after = asyncio.run(work())
    assert after["dose_mgy"] > 0.01 and before["dose_mgy"] == 0.0
    assert after["specimen"] == before["specimen"]


@pytest.mark.parametrize("sign", [1, -1])
def test_the_chain_turns_as_the_specimen_does(sign):
    """Turning about +x by the chain's angle must be what the placement says, whatever way the motor counts."""

    async def work():
        world = make_world(kind="single-axis", omega_sign=sign, confusion_um=0.0)
        world.axes["omega"].move_to(30.0)
        await world.clock.sleep(world.axes["omega"].remaining_s + 1.0)
        return snapshot(world)

    gonio = asyncio.run(work())["goniometer"]
    assert gonio["chain"][0]["angle_deg"] == pytest.approx(30.0 * sign)
    c, s = np.cos(np.radians(30.0 * sign)), np.sin(np.radians(30.0 * sign))
    np.testing.assert_allclose(gonio["rotation"], [[1, 0, 0], [0, c, -s], [0, s, c]], atol=1e-5)


def test_looking_does_not_move_the_cameras_frame_counter():
    async def work():
        world = make_world()
        await world.backlight.go("In")
        look = Look(world)
        photos = [await look.picture() for _ in range(3)]
        picture = await world.camera.take()
        return photos, picture

    photos, picture = asyncio.run(work())
    assert [photo.name for photo in photos] == ["1", "2", "3"]
    assert photos[0].content.startswith(b"\xff\xd8")
    assert picture.number == 1


def test_a_frozen_camera_is_seen_to_be_frozen():
    async def work():
        faults = ListedFaults()
        look = Look(make_world(faults))
        before = await look.picture()
        faults.listed["1"] = {"kind": "camera_frozen"}
        frozen = await look.picture()
        faults.listed.clear()
        return before, frozen, await look.picture()

    before, frozen, after = asyncio.run(work())
    assert frozen == before
    assert after.name == "2"
