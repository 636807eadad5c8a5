"""Grids that are really scanned: the service finds the crystal where the specimen has it, over stomp.py."""

import asyncio
import json

import numpy as np
import pytest
from stomp_support import client
from zocalo_scan_support import COLUMNS, OFFSET_BOXES, ROWS, with_two_scans


def test_two_scanned_grids_give_the_crystal(tmp_path, no_new_threads):
    message = asyncio.run(with_two_scans(tmp_path, result))
    (found,) = message["results"]
    assert found["centre_of_mass"] == pytest.approx(OFFSET_BOXES, abs=0.15)  # 3 um
    lower, upper = np.array(found["bounding_box"])
    assert (upper - lower).max() <= 4  # a crystal of two boxes in a beam of one
    assert (lower <= OFFSET_BOXES).all()
    assert (upper >= OFFSET_BOXES).all()
    assert message["recipe_parameters"] == {"dcid": 12, "dcgid": 11, "gpu": False}


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
