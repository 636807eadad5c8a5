"""A whole Channel Access site in this process, in real time, with its world open to the test: one per process.

As a script, given a speed-up: turns omega and prints what came of it as one JSON line.
"""

import asyncio
import json
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from spin_truth import exposures

from mxplans.app.session import running_engine
from mxplans.model.acquisition import SampleLocation, Spin
from mxplans.plans.spinning import spin_and_see
from mxplans.plans.waiting import set_and_wait
from mxplans.roles import BacklightState
from mxplans_devices import Backlight, OnAxisViewer, SampleChanger, Smargon
from mxplans_sim.clock import RealClock
from mxplans_sim.servers.fleet import Options
from mxplans_sim.settings import load_world
from mxplans_sim.site import Site
from mxplans_sim.truth import Truth
from mxplans_sim.world.dewar import read_dewar

PROFILE = Path(__file__).parents[1] / "profiles/sim"
SPIN = Spin(start_deg=10.0, speed_deg_s=120.0)


@contextmanager
def serving(speed_up: float, folder: Path) -> Iterator[tuple[Site, dict[str, str]]]:
    """The site of `profiles/sim` on Channel Access, in a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def do(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(60)

    async def build() -> Site:
        clock = RealClock(speed_up)
        settings, dewar = load_world(PROFILE / "world.yaml"), read_dewar(PROFILE / "shipment.json")
        return Site(settings, dewar, clock, Truth(None, clock), Options(folder, renderers=1), names=("epics",))

    site = do(build())
    try:
        yield site, do(site.start())
    finally:
        do(site.rest())
        do(site.stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def devices(prefix: str, folder: Path) -> Any:
    """Those that a turn needs, and those that put a sample into the light."""
    made = SimpleNamespace(
        goniometer=Smargon(
            f"{prefix}GON:", name="goniometer", scan_prefix=f"{prefix}SCAN:", signs={"omega": -1, "z": -1}
        ),
        viewer=OnAxisViewer(f"{prefix}CAM:", name="viewer", root=folder, stamp="middle"),
        sample_changer=SampleChanger(f"{prefix}ROBOT:", name="sample_changer"),
        backlight=Backlight(f"{prefix}BACKLIGHT", name="backlight"),
    )
    for device in vars(made).values():
        device.wait_for_connection(timeout=20)
    return made


def main(speed_up: float, with_sample: bool) -> None:
    """Turn once and tell."""
    folder = Path(tempfile.mkdtemp())
    with (
        serving(speed_up, folder) as (site, facts),
        running_engine(asyncio.new_event_loop()) as engine,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as repeater,
    ):
        repeater.bind(("127.0.0.1", 0))
        os.environ |= {
            "EPICS_CA_ADDR_LIST": facts["ca_addr"],
            "EPICS_CA_AUTO_ADDR_LIST": "NO",
            "EPICS_CA_REPEATER_PORT": str(repeater.getsockname()[1]),
        }
        bl = devices(facts["ca_prefix"], folder)
        found: list[Any] = []

        def plan() -> Any:
            if with_sample:
                yield from set_and_wait(400.0, bl.sample_changer.load, SampleLocation(puck=1, pin=1))
            yield from set_and_wait(60.0, bl.backlight, BacklightState.IN)
            found.append((yield from spin_and_see(bl, SPIN)))

        with exposures(site.world.camera) as kept:
            begin = time.perf_counter()
            engine(plan())
            wall_s = time.perf_counter() - begin
        errors = kept.errors_deg(found[0])
        told = {
            "frames": len(errors),
            "taken": len(kept.pictures),
            "mean_deg": errors.mean(),
            "sd_deg": errors.std(),
        }
        told |= {
            "max_deg": abs(errors).max(),
            "wall_s": wall_s,
            "velocity_deg_s": bl.goniometer.omega.velocity.get(),
        }
        print(json.dumps({key: round(float(value), 4) for key, value in told.items()}), flush=True)
        for device in vars(bl).values():
            device.destroy()


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2:] == ["sample"])
