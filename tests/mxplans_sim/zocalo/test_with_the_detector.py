"""Grids that are really scanned: the service finds the crystal where the specimen has it, over stomp.py."""

import asyncio
import json

import httpx
import numpy as np
import pytest
from stomp_support import client

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


def grid(axis, crystal_mm):
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


def test_two_scanned_grids_give_the_crystal(tmp_path, no_new_threads):
    async def main():
        clock = RealClock(20.0)
        settings = WorldSettings.model_validate(WORLD)
        site = Site(settings, DEWAR, clock, Truth(None, clock), Options(tmp_path))
        facts = await site.start()
        try:
            await site.world.robot.load((1, 1))
            await scan(site, facts["simplon_url"])
            return await asyncio.to_thread(result, facts["stomp_addr"])
        finally:
            await site.rest()
            await site.stop()

    message = asyncio.run(main())
    (found,) = message["results"]
    assert found["centre_of_mass"] == pytest.approx(OFFSET_BOXES, abs=0.15)  # 3 um
    lower, upper = np.array(found["bounding_box"])
    assert (upper - lower).max() <= 4  # a crystal of two boxes in a beam of one
    assert (lower <= OFFSET_BOXES).all()
    assert (upper >= OFFSET_BOXES).all()
    assert message["recipe_parameters"] == {"dcid": 12, "dcgid": 11, "gpu": False}


async def scan(site, url):
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
        await site.world.scanner.run(grid(axis, crystal.centre_mm))


def result(address):
    """Tell the service of the two grids, and wait for what it finds."""
    with client(address) as (one, inbox):
        one.subscribe("/queue/xrc.sim", id="1", ack="auto")
        number = COLUMNS * ROWS
        for index in (0, 1):
            send(
                one,
                event="start",
                ispyb_dcid=11 + index,
                filename="/data/one/grid_1_master.h5",
                start_frame_index=index * number,
                number_of_frames=number,
                message_index=index,
            )
        for index in (0, 1):
            send(one, event="end", ispyb_dcid=11 + index)
        return json.loads(inbox.bodies(1, timeout_s=30)[0])


def send(connection, **parameters):
    connection.send("/queue/processing_recipe", json.dumps({"recipes": ["mimas"], "parameters": parameters}))
