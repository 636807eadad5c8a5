"""The rendering process of the virtual detector: it never blocks the server and never outlives it."""

import asyncio
import multiprocessing
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mxplans_sim.clock import RealClock
from mxplans_sim.servers.simplon.server import SimplonServer
from mxplans_sim.settings import DetectorSettings
from mxplans_sim.world.gate import Gate


def test_many_long_bursts_do_not_block_the_server(fresh_server):
    server = fresh_server
    server.arm(60000)
    for _ in range(12):  # more than a pipe holds while nobody reads it
        begin_s = time.monotonic()
        server.publish(server.burst(5000, width_deg=0.01))
        assert time.monotonic() - begin_s < 0.5
    assert server.get("status/state", "filewriter") == "acquire"


def test_a_lost_renderer_is_an_error_that_initialize_ends(fresh_server):
    server = fresh_server
    server.arm(5)
    server.kill_renderer()
    server.until(lambda: server.get("status/state") == "error")
    server.publish(server.burst(5))
    assert server.command("arm").status_code == 400
    assert "initialize" in server.get("status/error", "filewriter")
    series = server.arm(2)
    server.publish(server.burst(2))
    server.wait_written()
    assert len(server.frames(series)) == 2


def test_a_full_disk_is_an_error_that_initialize_ends(fresh_server):
    server = fresh_server
    series = server.arm(50)
    (renderer,) = server.renderers()
    resource.prlimit(renderer.pid, resource.RLIMIT_FSIZE, (100_000, 100_000))
    server.publish(server.burst(50))
    server.until(lambda: server.get("status/state", "filewriter") == "error")
    assert f"series {series} is not on disk" in server.get("status/error", "filewriter")
    server.until(lambda: not list(server.folder.rglob("*.partial")))
    assert server.files(series) == []
    series = server.arm(3)
    server.publish(server.burst(3))
    server.wait_written()
    assert len(server.frames(series)) == 3


def test_a_port_in_use_is_an_os_error_and_leaves_nothing(tmp_path):
    before = multiprocessing.active_children()

    async def try_it():
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            settings = DetectorSettings.model_validate({})
            server = SimplonServer(Gate(), RealClock(100.0), settings, tmp_path, 1, lambda number, exposure_s: None)
            with pytest.raises(OSError, match="in use"):
                await server.start(taken.getsockname()[1])
            await server.stop()

    asyncio.run(try_it())
    assert multiprocessing.active_children() == before


ORPHAN = """
import asyncio, multiprocessing, pathlib, sys
from mxplans_sim.clock import RealClock
from mxplans_sim.servers.simplon.server import SimplonServer
from mxplans_sim.settings import DetectorSettings
from mxplans_sim.world.gate import Gate

async def main():
    detector = DetectorSettings.model_validate({})
    server = SimplonServer(Gate(), RealClock(1.0), detector, pathlib.Path(sys.argv[1]), 1, lambda n, s: None)
    await server.start(0)
    print(multiprocessing.active_children()[0].pid, flush=True)
    await asyncio.Event().wait()

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_the_renderer_ends_when_its_parent_is_killed(tmp_path):
    script = tmp_path / "orphan.py"
    script.write_text(ORPHAN)
    path = os.pathsep.join(entry for entry in sys.path if entry)
    with subprocess.Popen(
        [sys.executable, script, tmp_path], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    ) as parent:
        renderer = int(parent.stdout.readline())
        assert running(renderer)
        parent.kill()
    end_s = time.monotonic() + 20.0
    while running(renderer):
        assert time.monotonic() < end_s
        threading.Event().wait(0.02)


def running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
