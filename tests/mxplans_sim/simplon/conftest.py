"""The virtual detector behind real HTTP, for the tests beside this file."""

import asyncio
import multiprocessing
import os
import signal
import threading
import time

import h5py
import hdf5plugin  # noqa: F401
import httpx
import pytest
from simplon_support import DETECTOR, burst, in_turn, watch

from mxplans_sim.clock import RealClock
from mxplans_sim.servers.simplon.server import SimplonServer
from mxplans_sim.settings import DetectorSettings
from mxplans_sim.world.gate import Gate


def wait(duration_s):
    threading.Event().wait(duration_s)


def until(condition, timeout_s=20.0):
    """Wait for something to become true."""
    end_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end_s:
            raise TimeoutError
        wait(0.01)


class Server:
    """A SimplonServer in a loop of its own, driven from the test's thread."""

    burst = staticmethod(burst)
    until = staticmethod(until)

    settings = DETECTOR

    def __init__(self, folder, speed_up=100.0, processes=1):
        self.processes = processes
        self.folder = folder
        self.speed_up = speed_up
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.gate = Gate()

    def __enter__(self):
        self.thread.start()
        self.url = self.run(self._start())
        self.http = httpx.Client(base_url=self.url, timeout=10)
        return self

    def __exit__(self, *error):
        self.http.close()
        try:
            self.run(self.server.stop())
        finally:
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join()
            self.loop.close()

    async def _start(self):
        self.clock = RealClock(self.speed_up)
        self.server = SimplonServer(
            self.gate, self.clock, self.settings, self.folder, 1, watch, processes=self.processes
        )
        return (await self.server.start(0))["simplon_url"]

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    def publish(self, *bursts):
        """Bursts that begin now, or one after the other."""

        async def publish():
            for each in in_turn(bursts, self.clock.now_s()):
                self.gate.publish(each)

        self.run(publish())

    def put(self, name, value, part="detector"):
        return self.http.put(f"/{part}/api/1.8.0/config/{name}", json={"value": value})

    def get(self, name, part="detector"):
        return self.http.get(f"/{part}/api/1.8.0/{name}").json()["value"]

    def kill_renderer(self):
        (renderer,) = self.renderers()
        os.kill(renderer.pid, signal.SIGKILL)

    def command(self, name):
        return self.http.put(f"/detector/api/1.8.0/command/{name}")

    def arm(self, number, mode="exts", pattern="sample/sweep_$id", per_file=1000):
        """Get ready for so many pulses, or for so many images after a command."""
        self.command("initialize")
        images = {"nimages": number} if mode == "ints" else {"nimages": 1, "ntrigger": number}
        for name, value in (images | {"trigger_mode": mode, "frame_time": 0.02, "count_time": 0.02}).items():
            assert self.put(name, value).status_code == 200
        self.put("name_pattern", pattern, "filewriter")
        self.put("nimages_per_file", per_file, "filewriter")
        return self.command("arm").json()["sequence id"]

    def files(self, series):
        names = self.http.get("/filewriter/api/1.8.0/files").json()
        return [name for name in names if name.startswith(f"sample/sweep_{series}_")]

    def frames(self, series, number=1):
        with h5py.File(self.folder / f"sample/sweep_{series}_data_{number:06d}.h5") as file:
            return file["entry/data/data"][()]

    def wait_written(self):
        for _ in range(1000):
            if self.get("status/state", "filewriter") == "ready" and self.get("status/state") == "idle":
                return
            wait(0.02)
        raise TimeoutError(self.get("status/state", "filewriter"))


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory):
    before = set(multiprocessing.active_children())
    with Server(tmp_path_factory.mktemp("data")) as running:
        yield running
    assert set(multiprocessing.active_children()) == before


@pytest.fixture
def server(shared_server):
    """Started once; in its first state but for the sequence id."""
    shared_server.command("initialize")
    shared_server.put("ntrigger", 1)
    shared_server.put("nimages", 1)
    shared_server.put("mode", "enabled", "filewriter")
    shared_server.put("compression_enabled", True, "filewriter")
    return shared_server


@pytest.fixture
def fresh_server(tmp_path):
    """Runs at five times real time."""
    before = set(multiprocessing.active_children())
    with Server(tmp_path, speed_up=5.0) as running:
        running.renderers = lambda: set(multiprocessing.active_children()) - before
        yield running
    assert set(multiprocessing.active_children()) == before


@pytest.fixture
def light_server(tmp_path):
    """Runs at five times real time and draws in its own process: quick to start."""
    before = set(multiprocessing.active_children())
    with Server(tmp_path, speed_up=5.0, processes=0) as running:
        assert set(multiprocessing.active_children()) == before
        yield running


@pytest.fixture
def module_server(tmp_path):
    """A detector of two modules with bad pixels and a region that is faster."""
    settings = {"nx": 64, "ny": 100, "modules_y": 2, "gap_y_px": 20, "dead_px": 3, "hot_px": 2, "bit_depth": 16}
    settings |= {"pixel_um": 600.0, "roi": {"nx": 32, "ny": 40, "frame_time_min_s": 0.001}}
    running = Server(tmp_path, speed_up=1000.0, processes=0)
    running.settings = DetectorSettings.model_validate(settings)
    with running:
        yield running
