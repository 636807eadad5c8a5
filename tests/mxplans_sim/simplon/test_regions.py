"""The whole detector, a region, the whole again: each series carries the beam centre of its own frames."""

import h5py
import numpy as np

WHOLE_PX, REGION_PX = (64, 100), (32, 40)
WHOLE_CENTRE, REGION_CENTRE = (31.5, 49.5), (15.5, 19.5)
"""The middle of each, counted from the centre of the first pixel: the region has 16 columns and 30 rows less on each side."""


def series(server, mode):
    """Beam centre in the master, beam centre told by the server, shape of the frames, mask of the pixels."""
    assert server.put("roi_mode", mode).status_code == 200
    told = server.get("config/beam_center_x"), server.get("config/beam_center_y")
    number = server.arm(2)
    server.publish(server.burst(2))
    server.wait_written()
    with h5py.File(server.folder / f"sample/sweep_{number}_master.h5") as master:
        detector = master["entry/instrument/detector"]
        written = float(detector["beam_center_x"][()]), float(detector["beam_center_y"][()])
        return written, told, master["entry/data/data"].shape[:0:-1], detector["pixel_mask"][()]


def test_each_header_has_the_beam_centre_of_its_frames(module_server):
    module_server.command("initialize")
    found = [series(module_server, mode) for mode in ("disabled", "4M", "disabled")]
    assert [shape for _, _, shape, _ in found] == [WHOLE_PX, REGION_PX, WHOLE_PX]
    assert [written for written, _, _, _ in found] == [WHOLE_CENTRE, REGION_CENTRE, WHOLE_CENTRE]
    assert [told for _, told, _, _ in found] == [WHOLE_CENTRE, REGION_CENTRE, WHOLE_CENTRE]


def test_a_pixel_is_as_far_from_the_beam_in_the_region_as_in_the_whole(module_server):
    """The truth behind the header: gaps and bad pixels are where they are, whichever part is read out."""
    module_server.command("initialize")
    places = []
    for mode in ("disabled", "4M"):
        (x, y), _, _, mask = series(module_server, mode)
        rows, columns = np.nonzero(mask)
        away = np.stack([columns - x, rows - y, mask[rows, columns]], axis=1)
        inside = (abs(away[:, 0]) < REGION_PX[0] / 2) & (abs(away[:, 1]) < REGION_PX[1] / 2)
        places.append(away[inside].tolist())
    assert places[0] == places[1]
    assert len(places[0]) >= 20 * REGION_PX[0]  # the gap between the modules
