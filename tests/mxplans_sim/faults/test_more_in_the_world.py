"""More faults as they show in the world: sensors, beam, sample, spot finder, proxies and steps."""

import asyncio

import httpx
import numpy as np
import pytest
from sim_bench import DEWAR

from mxplans_sim.clock import RealClock
from mxplans_sim.faults import Rule
from mxplans_sim.servers.fleet import Options
from mxplans_sim.settings import WorldSettings
from mxplans_sim.settings.beam import RingSettings
from mxplans_sim.site import Site
from mxplans_sim.truth import Truth
from mxplans_sim.virtual_time.kernel import Kernel
from mxplans_sim.virtual_time.loop import VirtualClock, VirtualLoop
from mxplans_sim.world import robot
from mxplans_sim.world.program import Scan
from mxplans_sim.world.ring import Ring
from mxplans_sim.world.robot import RobotError

GRID = Scan((0.0,) * 4, (0.02, 0, 0, 0), (0.0, 0.02, 0.0, 0.0), images=5, rows=2, snake=True, exposure_s=0.05)
SWEEP = Scan((0.0,) * 4, (0, 0, 0, 0.1), (0.0,) * 4, images=20, rows=1, snake=False, exposure_s=0.05)


class Hands(RealClock):
    """A clock that is set by hand."""

    time_s = 0.0

    def now_s(self):
        return self.time_s


class Within:
    """A network within this process, for one application."""

    app = None

    def add_app(self, app):
        self.app = app
        return "http://site"


def at_site(folder, does, *rules, names=("simplon",), **settings):
    """On a clock that jumps, so that a busy machine is never late; what is done gets the site and an HTTP client."""
    kernel = Kernel()
    loop = VirtualLoop(kernel)

    async def main():
        clock, network = VirtualClock(kernel, loop), Within()
        world = WorldSettings.model_validate({"seed": 3, "faults": rules, **settings})
        site = Site(world, DEWAR, clock, Truth(None, clock), Options(folder, renderers=0), names)
        await site.join(network)
        try:
            await clock.sleep(0.02)
            transport = httpx.ASGITransport(app=network.app)
            async with httpx.AsyncClient(base_url="http://site", transport=transport) as client:
                await does(site, client)
        finally:
            await site.rest()
            await site.stop()

    try:
        loop.run_until_complete(main())
    finally:
        loop.close()


def test_the_light_curtain_can_break_a_number_of_times(tmp_path):
    async def work(site, _):
        for _ in range(2):
            with pytest.raises(RobotError) as caught:
                await site.world.robot.load((1, 1))
            assert caught.value.code == robot.LIGHT_CURTAIN
        await site.world.robot.load((1, 1))
        await site.world.robot.unload()

    at_site(tmp_path, work, {"kind": "light_curtain_trips", "count": 2, "where": {"action": "load"}})


def test_the_sensor_flaps_and_then_tells_the_truth(tmp_path):
    seen = []

    async def work(site, _):
        site.world.robot.changed.subscribe(lambda: seen.append(site.world.robot.pin_sensed))
        await site.world.robot.load((1, 1))
        seen.clear()
        site.faults.inject(Rule(kind="pin_sensor_flaps", parameters={"period_s": 2.0, "changes": 4}))
        await site.world.clock.sleep(12.0)
        assert seen == [False, True, False, True, True]
        assert site.world.robot.pin_sensed

    at_site(tmp_path, work)


def test_a_crystal_that_diffracts_less_does_so_while_it_lasts(tmp_path):
    async def work(site, _):
        await site.world.robot.load((1, 1))
        (before,) = {crystal.strength for crystal in site.world.specimen.crystals}
        name = site.faults.inject(Rule(kind="weak_diffraction", parameters={"factor": 0.25}, sample="one"))
        assert {crystal.strength for crystal in site.world.specimen.crystals} == {before / 4}
        site.faults.clear(name)
        assert {crystal.strength for crystal in site.world.specimen.crystals} == {before}

    at_site(tmp_path, work)


def test_frost_grows_with_the_time_since_the_mount(tmp_path):
    async def work(site, _):
        await site.world.robot.load((1, 1))
        assert site.world.specimen.ice == ()
        site.faults.inject(Rule(kind="frost_grows", parameters={"um_h": 1000.0}))
        site.faults.inject(Rule(kind="sample_vibrates", parameters={"um": 3.0}))
        site.world.robot.mounted_at_s -= 3600.0  # an hour ago: half of the grains have begun
        assert 20 < len(site.world.specimen.ice) < 40
        assert site.world.specimen.vibration_um == 3.0

    at_site(tmp_path, work)


def test_the_feedback_is_never_content_and_a_beamstop_aside_lets_the_beam_through(tmp_path):
    async def work(site, _):
        world = site.world
        await world.clock.sleep(20.0)
        await world.shutter.go("Open")
        dark_a = world.surroundings.through_diode.current_a
        assert not world.beam.feedback.stable
        site.faults.clear()
        assert world.beam.feedback.stable
        site.faults.inject(Rule(kind="beamstop_aside"))
        assert world.surroundings.beamstop.state == "In"
        assert world.surroundings.through_diode.current_a > 100 * dark_a

    at_site(tmp_path, work, {"kind": "xbpm_unstable"})


@pytest.mark.parametrize("mode", ["decay", "top-up"])
def test_a_top_up_comes_soon(tmp_path, mode):
    async def work(site, _):
        ring = site.world.beam.ring
        site.faults.inject(Rule(kind="topup_soon", parameters={"in_s": 40.0}))
        await asyncio.sleep(0.02)
        assert 0 < ring.top_up_countdown_s() < 40.0

    at_site(tmp_path, work, beam={"ring": {"mode": mode}})


@pytest.mark.parametrize("mode", ["decay", "top-up"])
def test_a_top_up_comes_when_it_is_told_to_and_then_each_period_and_the_past_stays(mode):
    clock = Hands()
    settings = RingSettings.model_validate({"mode": mode, "top_up_period_s": 600.0, "top_up_s": 20.0})
    ring = Ring(settings, clock, 1)
    clock.time_s = 1000.0
    times = np.linspace(0.0, 1000.0, 501)[:-1]
    before = ring.currents_ma(times)
    ring.top_up_in(40.0)
    assert (ring.currents_ma(times) == before).all()
    assert ring.top_up_countdown_s() == pytest.approx(40.0)
    assert ring.top_up_countdown_s(1045.0) == 0.0
    assert ring.top_up_end_countdown_s(1045.0) == pytest.approx(15.0)
    assert ring.top_up_countdown_s(1061.0) == pytest.approx(579.0)
    assert ring.current_ma(1060.0) == pytest.approx(settings.current_ma)
    assert ring.current_ma(1039.9) < ring.current_ma(1000.0) < settings.current_ma
    with pytest.raises(ValueError, match="has passed"):
        ring.top_up_in(-1.0)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("spots_empty", lambda told, right: all(not frame["spots"] for frame in told["frames"]) and told["done"] == 20),
        ("spots_dropped", lambda told, right: (told["done"], told["frames"]) == (0, [])),
        ("spots_wrong_series", lambda told, right: told | {"series": right["series"]} == right != told),
    ],
)
def test_the_spot_finder_answers_with_something_else(tmp_path, kind, wrong):
    async def work(site, client):
        detector = site.fleet.detector.detector
        detector.initialize()
        for name, value in {"trigger_mode": "exts", "ntrigger": 20, "frame_time": 0.05, "count_time": 0.05}.items():
            detector.put(name, value)
        series = await detector.arm()
        await site.world.robot.load((1, 1))
        await site.world.scanner.run(SWEEP)
        await detector.rendered()
        right = (await client.get(f"/spotfinder/1/series/{series}")).json()
        assert right["done"] == 20
        site.faults.inject(Rule(kind=kind))
        await asyncio.sleep(0.02)
        assert wrong((await client.get(f"/spotfinder/1/series/{series}")).json(), right)
        site.faults.clear()
        assert (await client.get(f"/spotfinder/1/series/{series}")).json() == right

    at_site(tmp_path, work)


def test_steps_of_a_sample_are_told_from_each_other(tmp_path):
    steps = ("load", "optical", "grid", "between", "rotation", "unload")

    async def work(site, _):
        world = site.world
        for place in ((1, 1),):
            await world.robot.load(place)
            await world.scanner.run(GRID)
            await world.scanner.run(SWEEP)
            await world.robot.unload()
        assert site.fleet.detector.faults.lost_frames == len(steps)
        struck = [event for event in world.truth.events if event["kind"] == "fault"]
        assert [event["step"] for event in struck] == list(steps)
        assert {event["sample"] for event in struck} == {"one"}

    at_site(
        tmp_path,
        work,
        *({"kind": "frames_lost", "step": step, "sample": "one", "parameters": {"frames": 1}} for step in steps),
    )


def test_a_rule_of_the_world_file_breaks_a_proxy_from_the_beginning(tmp_path):
    async def main():
        clock = RealClock(200.0)
        rule = {"kind": "network", "parameters": {"proxy": "lims", "mode": "refuse"}}
        world = WorldSettings.model_validate({"faults": [rule], "proxies": {"lims": "127.0.0.1:9"}})
        site = Site(world, DEWAR, clock, Truth(None, clock), Options(tmp_path, renderers=0), ("simplon",))
        facts = await site.start()
        try:
            host, _, port = facts["lims_proxy_addr"].partition(":")
            async with asyncio.timeout(20):
                while not site.faults.rules()["network-1"][1]:
                    await asyncio.sleep(0.01)
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(host, int(port))
        finally:
            await site.stop()

    asyncio.run(main())


def test_the_work_source_is_a_server_of_the_site(tmp_path):
    async def work(_, client):
        assert (await client.get("/getnextcollect/i03")).status_code == 503
        assert (await client.get("/getnextcollect/i03")).json() == {"wait": 7}
        assert (await client.get("/getnextcollect/i03")).json() == {}

    at_site(tmp_path, work, {"kind": "work_source_status"}, names=("work_source",), work=[{"wait": 7}])
