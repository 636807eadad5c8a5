"""A whole site in this process: servers by name, proxies before them, faults of the network."""

import asyncio

import httpx
import pytest
from sim_bench import DEWAR

from mxplans_sim.clock import RealClock
from mxplans_sim.faults import Rule
from mxplans_sim.servers.fleet import Options
from mxplans_sim.settings import SettingsError, WorldSettings
from mxplans_sim.site import Site
from mxplans_sim.truth import Truth

STATE = "/detector/api/1.8.0/status/state"


def site(folder, **settings):
    clock = RealClock(50.0)
    made = WorldSettings.model_validate({"seed": 3, **settings})
    return Site(made, DEWAR, clock, Truth(None, clock), Options(folder, renderers=0))


def test_a_fault_of_the_network_is_seen_through_its_proxy_alone_and_ends_when_cleared(tmp_path):
    async def work():
        whole = site(tmp_path, servers=["simplon"], proxies={"detector": "simplon"})
        facts = await whole.start()
        try:
            direct, through = facts["simplon_url"] + STATE, f"http://{facts['detector_proxy_addr']}{STATE}"
            async with httpx.AsyncClient(trust_env=False) as client:
                assert (await client.get(through)).json()["value"] == "na"
                parameters = {"proxy": "detector", "mode": "http_status", "status": 503}
                whole.faults.inject(Rule(kind="network", parameters=parameters))
                await asyncio.sleep(0.1)
                assert (await client.get(through)).status_code == 503
                assert (await client.get(direct)).status_code == 200
                whole.faults.clear()
                await asyncio.sleep(0.1)
                assert (await client.get(through)).status_code == 200
        finally:
            await whole.stop()

    asyncio.run(work())


def test_all_servers_of_both_sites_stand_beside_each_other_and_end(tmp_path):
    async def work():
        names = ["epics", "simplon", "exporter", "isara", "camera", "murko", "zocalo", "work_source"]
        whole = site(tmp_path, servers=names, work=[{}], goniometer={"kind": "mini-kappa"})
        facts = await whole.start()
        addresses = [value for name, value in facts.items() if name.endswith(("_addr", "_url"))]
        assert len(set(addresses)) == 9  # the robot has two
        assert all("127.0.0.1:" in address for address in addresses)
        await whole.rest()
        await whole.stop()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left

    asyncio.run(work())


def test_the_truth_tells_how_everything_was_left_and_not_what_the_end_made_of_it(tmp_path):
    async def work():
        whole = site(tmp_path, servers=["simplon"])
        await whole.start()
        detector, world = whole.fleet.detector.detector, whole.world
        detector.initialize()
        await detector.arm()
        await world.shutter.go("Open")
        await world.robot.load((1, 1))
        world.robot.start_unload()
        await asyncio.sleep(0)
        await whole.rest()
        await whole.stop()
        assert whole._truth.at_end == {
            "shutter": "Open",
            "scan_runs": False,
            "moving": [],
            "robot_program": "unload",
            "mounted": "one",
            "detector": "ready",
        }
        assert world.robot.program == ""

    asyncio.run(work())


def test_a_proxy_to_nowhere_is_refused_with_what_there_is(tmp_path):
    async def work():
        whole = site(tmp_path, servers=["simplon"], proxies={"lims": "ispyb"})
        try:
            with pytest.raises(SettingsError, match="HOST:PORT and simplon"):
                await whole.start()
        finally:
            await whole.stop()

    asyncio.run(work())
