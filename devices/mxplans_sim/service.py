"""The process of the virtual beamline: one event loop with all its servers, and a clean end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from mxplans_sim.clock import RealClock
from mxplans_sim.servers.epics.server import CA_SOCKETS, EpicsServer, find_port
from mxplans_sim.servers.epics.records import PREFIX, Records
from mxplans_sim.servers.simplon.server import SimplonServer
from mxplans_sim.settings import WorldSettings
from mxplans_sim.truth import Truth
from mxplans_sim.world.dewar import Dewar
from mxplans_sim.world.state import World


@dataclass(frozen=True)
class Options:
    """Where the service listens and writes; port 0 is a free one."""

    data_dir: Path
    truth_path: Path | None = None
    simplon_port: int = 0
    ca_port: int = 0


async def serve(settings: WorldSettings, dewar: Dewar, options: Options) -> None:
    """Serve until SIGTERM, SIGINT or the end of standard input; then write the truth.

    Says `{"event": "ready", ...}` on standard output when all servers answer.

    Raises:
        PortInUse: If a given port is taken.
    """
    ended = asyncio.Event()
    _end_on_signals(ended)
    _end_with_stdin(ended)
    # Before anything is started: what fails later has more to clean up.
    ca_port = find_port(options.ca_port, "Channel Access", CA_SOCKETS)
    simplon_port = find_port(options.simplon_port, "the detector")
    clock = RealClock(settings.speed_up)
    truth = Truth(options.truth_path, clock)
    world = World(settings, dewar, clock, truth)
    simplon = SimplonServer(
        world.bursts, clock, settings.detector, options.data_dir, seed=settings.seed, static_burst=world.still
    )
    epics = EpicsServer(Records(world))
    try:
        ca_addr = await epics.start(ca_port)
        url = await simplon.start(simplon_port)
        ready = {"event": "ready", "ca_addr": ca_addr, "ca_prefix": PREFIX, "simplon_url": url, "pid": os.getpid()}
        print(json.dumps(ready), flush=True)
        try:
            await _first(ended, epics)
        finally:
            await epics.stop()
            truth.write()
    finally:
        await epics.stop()
        await simplon.stop()


async def _first(ended: asyncio.Event, epics: EpicsServer) -> None:
    """Wait for the order to end; a server that ends by itself is an error."""
    waits = [asyncio.create_task(ended.wait()), asyncio.create_task(epics.wait())]
    done, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    for task in done:
        task.result()


def _end_on_signals(ended: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)


def _end_with_stdin(ended: asyncio.Event) -> None:
    """Watch standard input, so that the service ends with whoever started it; a terminal has Ctrl-C instead."""
    if sys.stdin is None or sys.stdin.closed or os.isatty(sys.stdin.fileno()):
        return
    loop = asyncio.get_running_loop()
    descriptor = sys.stdin.fileno()

    def watch() -> None:
        while os.read(descriptor, 4096):
            pass
        if not loop.is_closed():
            loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=watch, name="standard input", daemon=True).start()
