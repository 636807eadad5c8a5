"""The process of the virtual beamline: one event loop with all its servers, and a clean end."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mxplans_sim.clock import RealClock
from mxplans_sim.control.file import write_control_file
from mxplans_sim.control.server import ControlServer
from mxplans_sim.ending import ended_event
from mxplans_sim.faults import Rule
from mxplans_sim.servers.fleet import Fleet, Options
from mxplans_sim.settings import WorldSettings
from mxplans_sim.site import Site
from mxplans_sim.truth import Truth
from mxplans_sim.world.dewar import Dewar


@dataclass(frozen=True)
class Output:
    """Where the service writes, besides the detector's files; None writes nothing.

    Attributes:
        truth: What really happened.
        control: Where the control server is; without it there is none.
    """

    truth: Path | None = None
    control: Path | None = None


async def serve(
    settings: WorldSettings,
    dewar: Dewar,
    options: Options,
    output: Output,
    names: Sequence[str] = (),
    rules: Sequence[Rule] = (),
) -> None:
    """Serve until SIGTERM, SIGINT or the end of standard input; then write the truth.

    Says `{"event": "ready", ...}` on standard output when all servers answer.

    Args:
        settings: The world file.
        dewar: What the shipment says.
        options: How the servers are made.
        output: Where to write.
        names: Which servers; those of the world file when empty.
        rules: Faults, besides those of the world file.

    Raises:
        PortInUse: If a given port is taken.
    """
    ended = ended_event()
    clock = RealClock(settings.speed_up)
    truth = Truth(output.truth, clock)
    site = Site(settings, dewar, clock, truth, options, names, rules)
    control = ControlServer(site.world, site.faults, site.fleet.detector.detector)
    try:
        facts = dict(await site.start())
        if output.control is not None:
            facts |= await control.start()
            write_control_file(output.control, facts["control_url"], control.token)
        print(json.dumps({"event": "ready", **facts, "pid": os.getpid()}), flush=True)
        try:
            await _first(ended, site.fleet)
        finally:
            await site.rest()
            truth.write()
    finally:
        await control.stop()
        await site.stop()
        if output.control is not None:
            output.control.unlink(missing_ok=True)


async def _first(ended: asyncio.Event, fleet: Fleet) -> None:
    """Wait for the order to end; a server that ends by itself is an error."""
    waits = [asyncio.create_task(ended.wait()), asyncio.create_task(fleet.wait())]
    done, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    for task in done:
        task.result()
