"""Faults of detector and file writer: how each is wired, and what a client sees of it over HTTP."""

import asyncio

import httpx
import pytest
from sim_bench import DEWAR

from mxplans_sim.clock import RealClock
from mxplans_sim.faults import CATALOGUE, Faults, Rule
from mxplans_sim.faults.acts import teach_detector
from mxplans_sim.servers.fleet import Options
from mxplans_sim.servers.simplon.faults import HttpFault, SimplonFaults
from mxplans_sim.settings import WorldSettings
from mxplans_sim.site import Site
from mxplans_sim.truth import Truth
from mxplans_sim.virtual_time.kernel import Kernel
from mxplans_sim.virtual_time.loop import VirtualClock, VirtualLoop
from mxplans_sim.world.program import Scan

STATE = "/detector/api/1.8.0/status/state"
ARM = "/detector/api/1.8.0/command/arm"
WRITER = "/filewriter/api/1.8.0"
SWEEP = Scan((0.0,) * 4, (0, 0, 0, 0.1), (0.0,) * 4, images=20, rows=1, snake=False, exposure_s=0.05)
WIRED = [
    ("detector_stuck_armed", {"times": 2}, {"stuck_disarms": 2}),
    ("detector_fails_to_arm", {"times": 3}, {"failed_arms": 3}),
    ("detector_fails_after_interrupt", {}, {"failed_arms_after_interrupt": 1}),
    ("frames_lost", {"frames": 5}, {"lost_frames": 5}),
    ("writer_stalled", {}, {"writer_stalled": True}),
    ("writer_slow", {"delay_s": 20.0}, {"writer_delay_s": 20.0}),
    ("writer_fails", {"error": "no more room"}, {"writer_error": "no more room"}),
    ("detector_deaf", {}, {"deaf": True}),
    ("detector_slow", {"delay_s": 3.0}, {"delay_s": 3.0}),
    ("spots_late", {"delay_s": 4.0}, {"spots_delay_s": 4.0}),
    ("spots_dropped", {}, {"spots": "dropped"}),
    ("spots_empty", {}, {"spots": "empty"}),
    ("spots_wrong_series", {}, {"spots": "other_series"}),
    ("detector_ignores", {"parameter": "nimages"}, {"ignored": {"nimages"}}),
    ("detector_clamps", {"low": 0.1, "high": 0.2}, {"clamped": {"frame_time": (0.1, 0.2)}}),
    ("detector_http_error", {"status": 500, "times": -1}, {"http": {"/detector/": HttpFault(500, -1)}}),
]


def test_all_that_the_detector_can_do_wrong_is_in_the_table():
    clock = RealClock()
    faults = Faults(clock, 1, Truth(None, clock))
    teach_detector(faults, SimplonFaults())
    assert {kind for kind, *_ in WIRED} == faults.can_do
    assert faults.can_do < set(CATALOGUE)


@pytest.mark.parametrize(("kind", "parameters", "told"), WIRED)
def test_the_detector_is_told_and_healed(kind, parameters, told):
    async def main():
        clock, detector = RealClock(), SimplonFaults()
        faults = Faults(clock, 1, Truth(None, clock))
        teach_detector(faults, detector)
        running = asyncio.create_task(faults.run())
        await asyncio.sleep(0)
        faults.inject(Rule(kind=kind, parameters=parameters))
        await asyncio.sleep(0.01)
        assert detector == SimplonFaults(**told)
        faults.clear()
        assert detector == SimplonFaults()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(main())


class Client:
    """A site's detector, asked over HTTP."""

    def __init__(self, site, http):
        self.site = site
        self.clock = site.world.clock
        self.detector = site.fleet.detector.detector
        self._http = http

    async def inject(self, kind, **parameters):
        self.site.faults.inject(Rule(kind=kind, parameters=parameters))
        await asyncio.sleep(0.02)

    async def get(self, path):
        return (await self._http.get(path)).json()

    async def arm(self):
        return await self._http.put(ARM)

    async def seconds(self, path):
        """Simulated seconds until an answer is there."""
        begin_s = self.clock.now_s()
        assert (await self._http.get(path)).status_code == 200
        return self.clock.now_s() - begin_s

    async def prepare(self):
        self.detector.initialize()
        for name, value in {"trigger_mode": "exts", "ntrigger": 20, "frame_time": 0.05, "count_time": 0.05}.items():
            self.detector.put(name, value)

    async def sweep(self):
        """A series of 20 frames, drawn."""
        await self.prepare()
        series = await self.detector.arm()
        await self.site.world.scanner.run(SWEEP)
        await self.detector.rendered()
        return series


class Within:
    """A network within this process, for one application."""

    def add_app(self, app):
        self.app = app
        return "http://detector"


def with_detector(folder, work):
    """On a clock that jumps, so that a busy machine is never late."""
    kernel = Kernel()
    loop = VirtualLoop(kernel)

    async def main():
        clock, network = VirtualClock(kernel, loop), Within()
        detector = {"nx": 64, "ny": 64, "pixel_um": 1200.0}
        world = WorldSettings.model_validate({"seed": 3, "detector": detector})
        site = Site(world, DEWAR, clock, Truth(None, clock), Options(folder, renderers=0), ("simplon",))
        facts = await site.join(network)
        try:
            transport = httpx.ASGITransport(app=network.app)
            async with httpx.AsyncClient(base_url=facts["simplon_url"], transport=transport) as http:
                await work(Client(site, http))
        finally:
            await site.rest()
            await site.stop()

    try:
        loop.run_until_complete(main())
    finally:
        loop.close()


def test_each_answer_of_a_slow_detector_is_late(tmp_path):
    async def work(client):
        await client.inject("detector_slow", delay_s=60.0)
        assert await client.seconds(STATE) == pytest.approx(60.0)
        client.site.faults.clear()
        assert await client.seconds(STATE) == 0.0

    with_detector(tmp_path, work)


def test_spots_are_late_and_the_rest_is_not(tmp_path):
    async def work(client):
        series = await client.sweep()
        await client.inject("spots_late", delay_s=60.0)
        assert await client.seconds(f"/spotfinder/1/series/{series}") == pytest.approx(60.0)
        assert await client.seconds(STATE) == 0.0

    with_detector(tmp_path, work)


def test_a_slow_writer_has_its_files_later(tmp_path):
    async def work(client):
        await client.inject("writer_slow", delay_s=200.0)
        await client.sweep()
        await client.clock.sleep(199.0)
        assert await client.get(f"{WRITER}/files") == []
        assert (await client.get(f"{WRITER}/status/state"))["value"] == "acquire"
        await client.clock.sleep(2.0)
        assert any(name.endswith("master.h5") for name in await client.get(f"{WRITER}/files"))
        assert (await client.get(f"{WRITER}/status/state"))["value"] == "ready"

    with_detector(tmp_path, work)


def test_a_writer_that_fails_says_why(tmp_path):
    async def work(client):
        await client.prepare()
        await client.inject("writer_fails", error="the disk is full")
        assert (await client.get(f"{WRITER}/status/state"))["value"] == "error"
        assert "the disk is full" in str((await client.get(f"{WRITER}/status/error"))["value"])
        client.site.faults.clear()
        assert (await client.get(f"{WRITER}/status/state"))["value"] != "error"

    with_detector(tmp_path, work)


def test_a_detector_fails_to_arm_as_often_as_it_should(tmp_path):
    async def work(client):
        await client.prepare()
        await client.inject("detector_fails_to_arm", times=2)
        for _ in range(2):
            assert (await client.arm()).status_code == 400
            assert (await client.get(STATE))["value"] == "error"
            client.detector.initialize()
        assert (await client.arm()).status_code == 200

    with_detector(tmp_path, work)


def test_arming_fails_once_after_a_series_that_was_interrupted(tmp_path):
    async def work(client):
        await client.inject("detector_fails_after_interrupt")
        await client.sweep()
        assert (await client.arm()).status_code == 200, "the series before came to its end"
        client.detector.abort()
        answer = await client.arm()
        assert answer.status_code == 400
        assert "initialize" in answer.text
        assert (await client.get(STATE))["value"] == "error"
        client.detector.initialize()
        assert (await client.arm()).status_code == 200

    with_detector(tmp_path, work)
