"""Public loop finders see a loop in the virtual viewer's pictures, and its tip where it is.

They are installed without what they depend on, of which they need nothing here: a plotting library, an OpenCV with
windows beside ours, a beamline's devices (requirements/loop_finders.txt).
"""

import importlib
import importlib.util
import logging
import sys
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

import numpy as np
import pytest
from viewer_support import at_motors, specimen

from mxplans_sim.settings.camera import CameraSettings
from mxplans_sim.world.optics import Exposure, Viewer
from mxplans_sim.world.shadow import ring

MOUNTS = 20
NEAR_UM = 60.0
VIEWER = Viewer(1, CameraSettings.model_validate({"width_px": 1360, "height_px": 1024}))


def installed(name):
    spec = importlib.util.find_spec(name)
    if spec is None or spec.submodule_search_locations is None:
        pytest.skip(f"{name} is not installed: pip install --no-deps -r requirements/loop_finders.txt")
    return Path(spec.submodule_search_locations[0])


def lucid():
    """ESRF's lucid3, as MXCuBE uses it: the pin enters from the left."""
    installed("lucid3")
    unused = {name: ModuleType(name) for name in ("imageio", "matplotlib", "matplotlib.pyplot")}
    with patch.dict(sys.modules, unused):
        find_loop = importlib.import_module("lucid3").find_loop

    def find(image):
        mirrored = np.ascontiguousarray(np.repeat(image[:, ::-1, None], 3, axis=2))
        status, column, row = find_loop(mirrored)
        return (image.shape[1] - 1 - column, row) if status == "Coord" else None

    return find


def mx_sample_detect():
    """Diamond's MxSampleDetect with its own defaults: the pin enters from the right."""
    source = installed("dodal") / "devices" / "oav" / "pin_image_recognition" / "utils.py"
    pytest.importorskip("ophyd_async")
    log = ModuleType("dodal.log")
    log.LOGGER = logging.getLogger("dodal")
    spec = importlib.util.spec_from_file_location("pin_image_recognition", source)
    module = importlib.util.module_from_spec(spec)
    with patch.dict(sys.modules, {"dodal": ModuleType("dodal"), "dodal.log": log, spec.name: module}):
        spec.loader.exec_module(module)

    def find(image):
        found = module.MxSampleDetect().process_array(image)
        return None if found.tip_x is None else (found.tip_x, found.tip_y)

    return find


def seen(seed):
    """A mount's picture as it comes from the robot, at any angle; where the loop ends in it."""
    sample, placement, zoom = specimen(seed), at_motors(0.0, 0.0, 0.0, 37.0 * seed), VIEWER.settings.zooms[0]
    outline = VIEWER.view(zoom, 0.0).pixels(placement.lab(ring(sample.loop)))
    return VIEWER.take(sample, placement, zoom, 0.0, Exposure(), seed), outline[outline[:, 0].argmin()]


@pytest.mark.parametrize("finder", [lucid, mx_sample_detect])
def test_the_tip_is_found_where_it_is(finder):
    find, near = finder(), 0
    for seed in range(MOUNTS):
        image, tip = seen(seed)
        found = find(image)
        if found is not None:
            near += bool(np.hypot(*(np.array(found) - tip)) * VIEWER.settings.zooms[0].um_per_px < NEAR_UM)
    assert near >= 0.9 * MOUNTS


@pytest.mark.parametrize("finder", [lucid, mx_sample_detect])
def test_nothing_is_found_where_nothing_is(finder):
    zoom = VIEWER.settings.zooms[0]
    assert finder()(VIEWER.take(None, at_motors(0, 0, 0, 0), zoom, 0.0, Exposure(), 1)) is None
