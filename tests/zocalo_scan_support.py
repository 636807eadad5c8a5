"""Two grids over a crystal of the virtual beamline, really scanned: where it is from the grids' corners, and the scans."""

import asyncio

import httpx
import numpy as np

from mxplans_sim.clock import RealClock
from mxplans_sim.servers.fleet import Options
from mxplans_sim.settings import WorldSettings
from mxplans_sim.site import Site
from mxplans_sim.truth import Truth
from mxplans_sim.world.dewar import PinInDewar, Sample
from mxplans_sim.world.program import Scan

DEWAR = {(1, 1): PinInDewar(1, 1, "BC-1", (Sample("one", "Lyso"),))}
WORLD = {
    "seed": 5,
    "servers": ["simplon", "zocalo"],
    "detector": {"nx": 256, "ny": 256, "pixel_um": 300.0},
    "beam": {"axis_offset_um": 0.0},
    "samples": {"one": {"size_um": [40.0, 40.0, 40.0]}},
    "zocalo": {"recipe_wrapper": False},
}
STEP_MM, COLUMNS, ROWS = 0.02, 14, 10
OFFSET_BOXES = (9.3, 3.7, 6.4)  # the crystal's centre from the grids' corners, along x, y (omega 0) and z (omega 90)


async def with_two_scans(folder, ask):
    """What `ask(address of the broker)` gives, in a thread, after the grids are scanned."""
    clock = RealClock(20.0)
    site = Site(WorldSettings.model_validate(WORLD), DEWAR, clock, Truth(None, clock), Options(folder))
    facts = await site.start()
    try:
        await site.world.robot.load((1, 1))
        await _scan(site, facts["simplon_url"])
        return await asyncio.to_thread(ask, facts["stomp_addr"])
    finally:
        await site.rest()
        await site.stop()


def _grid(axis, crystal_mm):
    """A scan over the crystal at omega 0, rows along y, or at omega 90, rows along z; the second one snakes back."""
    corner = np.array(
        [-centre - boxes * STEP_MM for centre, boxes in zip(crystal_mm, OFFSET_BOXES, strict=True)]
    )  # where a motor stands when the beam is at the crystal, less the way from the corner
    start, row_step = -np.array(crystal_mm), np.zeros(3)
    start[0], start[axis], row_step[axis] = corner[0], corner[axis] + STEP_MM / 2, STEP_MM
    return Scan(
        start=(*start, 0.0 if axis == 1 else 90.0),
        step=(STEP_MM, 0.0, 0.0, 0.0),
        row_step=(*row_step, 0.0),
        images=COLUMNS,
        rows=ROWS,
        snake=True,
        exposure_s=0.02,
    )


async def _scan(site, url):
    """Arm for both grids, and run them."""
    values = {"ntrigger": 2 * COLUMNS * ROWS, "trigger_mode": "exts", "count_time": 0.02, "frame_time": 0.02}
    async with httpx.AsyncClient(base_url=url, timeout=10) as http:

        async def put(path, value=None):
            (await http.put(path, json={"value": value})).raise_for_status()

        await put("/detector/api/1.8.0/command/initialize")
        for name, value in values.items():
            await put(f"/detector/api/1.8.0/config/{name}", value)
        await put("/filewriter/api/1.8.0/config/name_pattern", "one/grid_$id")
        await put("/detector/api/1.8.0/command/arm")
    site.world.beam.aperture, site.world.beam.transmission_frac = "Small", 0.3
    (crystal,) = site.world.specimen.crystals
    for axis in (1, 2):
        await site.world.scanner.run(_grid(axis, crystal.centre_mm))
