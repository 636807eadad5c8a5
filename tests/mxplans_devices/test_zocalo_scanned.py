"""Grids that are really scanned: the crystal finder says where the specimen has its crystal."""

import asyncio

import pytest
from zocalo_scan_support import COLUMNS, OFFSET_BOXES, ROWS, with_two_scans

from mxplans.model.crystal_search import CrystalRequest, GridFrames
from mxplans_devices import ZocaloCrystalFinder


def found(address):
    grids = [
        GridFrames(
            data_collection_id=11 + index,
            file_name="/data/one/grid_1_master.h5",
            first_frame=index * COLUMNS * ROWS,
            columns=COLUMNS,
            rows=ROWS,
        )
        for index in (0, 1)
    ]
    device = ZocaloCrystalFinder(name="crystal_finder", address=address, results_queue="/queue/xrc.sim")
    device.set(CrystalRequest(grids=tuple(grids))).wait(40)
    return device.answer


def test_the_crystal_is_where_the_specimen_has_it(tmp_path, no_new_threads):
    (crystal,) = asyncio.run(with_two_scans(tmp_path, found)).crystals
    # Given from the corner of the grid; our boxes are counted from the centre of the first one.
    true_box = [offset - 0.5 for offset in OFFSET_BOXES]
    assert (crystal.x_box, crystal.y_box, crystal.z_box) == pytest.approx(true_box, abs=0.15)  # 3 um
    assert all(
        first - 0.5 <= place <= last + 0.5
        for first, place, last in zip(crystal.first_box, true_box, crystal.last_box, strict=True)
    )
