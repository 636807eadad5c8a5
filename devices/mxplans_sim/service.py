"""The process of the virtual beamline: one event loop with all its servers, and a clean end."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from pathlib import Path

from mxplans_sim.clock import RealClock
from mxplans_sim.ending import ended_event
from mxplans_sim.servers.fleet import Fleet, Options
from mxplans_sim.settings import WorldSettings
from mxplans_sim.truth import Truth
from mxplans_sim.world.dewar import Dewar
from mxplans_sim.world.state import World


async def serve(
    settings: WorldSettings, dewar: Dewar, options: Options, truth_path: Path | None, names: Sequence[str]
) -> None:
    """Serve until SIGTERM, SIGINT or the end of standard input; then write the truth.

    Says `{"event": "ready", ...}` on standard output when all servers answer.

    Args:
        settings: The world file.
        dewar: What the shipment says.
        options: How the servers are made.
        truth_path: Where to write what really happened.
        names: Which servers; those of the world file when empty.

    Raises:
        PortInUse: If a given port is taken.
    """
    ended = ended_event()
    clock = RealClock(settings.speed_up)
    truth = Truth(truth_path, clock)
    world = World(settings, dewar, clock, truth)
    fleet = Fleet(world, names or settings.servers, options)
    try:
        facts = await fleet.start()
        print(json.dumps({"event": "ready", **facts, "pid": os.getpid()}), flush=True)
        try:
            await _first(ended, fleet)
        finally:
            await world.scanner.abort()
            await world.robot.abort()
            truth.write()
    finally:
        await fleet.stop()


async def _first(ended: asyncio.Event, fleet: Fleet) -> None:
    """Wait for the order to end; a server that ends by itself is an error."""
    waits = [asyncio.create_task(ended.wait()), asyncio.create_task(fleet.wait())]
    done, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    for task in done:
        task.result()
