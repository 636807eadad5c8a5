"""The list of spots and the frame tell the same: a plain peak finder, which knows nothing of either, compares them."""

from dataclasses import replace

import numpy as np
import pytest
from burst_support import make_burst
from scipy import ndimage
from scipy.spatial.transform import Rotation

from mxplans_sim.diffraction import spots
from mxplans_sim.diffraction.panel import Panel
from mxplans_sim.diffraction.render import SPOTS_MAX, Scene
from mxplans_sim.settings import DetectorSettings
from mxplans_sim.world.specimen import Crystal

EYE = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
U = tuple(map(tuple, Rotation.random(random_state=4).as_matrix().tolist()))
CRYSTAL = Crystal((0.0, 0.0, 0.0), (0.03,) * 3, EYE, (79.1, 79.1, 37.9, 90, 90, 90), "P 43 21 2", U)
PANEL = Panel(DetectorSettings.model_validate({"background": 60.0}))


def peaks(frame):
    """Columns, rows and heights of what rises above its surroundings, (n, 3)."""
    local = ndimage.median_filter(frame, 11)
    summed = ndimage.uniform_filter(frame, 5) * 25
    signal = summed - 25 * local
    noise = np.sqrt(25 * np.maximum(local, 0.3))
    top = (signal == ndimage.maximum_filter(signal, 7)) & (signal > 9 * noise) & (signal > 25)
    rows, columns = np.nonzero(top)
    return np.stack([columns, rows, signal[top]], axis=1)


def nearest(points, others):
    return np.hypot(*(points[:, None, :2] - others[None, :, :2]).transpose(2, 0, 1)).min(axis=1)


@pytest.mark.parametrize(("width_deg", "flux_hz"), [(0.0, 2e10), (0.2, 2e10), (0.2, 4e11)])
def test_a_peak_finder_finds_the_listed_spots_and_they_are_on_the_list(width_deg, flux_hz):
    scene = Scene.of(make_burst((CRYSTAL,), 5, flux_hz=flux_hz, omega_width_deg=width_deg), PANEL, 1)
    missed = strong = extra = seen = 0
    for index in range(5):
        frame = np.empty((PANEL.ny, PANEL.nx), np.uint32)
        listed = scene.render(index, index + 1, frame)
        found = peaks(frame.astype(np.float32))
        # Well above both thresholds: listed at 4.5 sigma of the background, found at 9.
        bright = listed[listed[:, 2] > 60]
        away = nearest(bright, found)
        missed, strong = missed + np.count_nonzero(away > 3), strong + len(bright)
        if len(listed) < SPOTS_MAX:  # a longer list is cut
            extra, seen = extra + np.count_nonzero(nearest(found, listed) > 4), seen + len(found)
    assert strong > 20
    assert missed <= max(1, 0.03 * strong)
    assert seen > 60 or flux_hz > 1e11
    assert extra <= 0.03 * seen


def test_equal_crystals_diffract_alike_however_their_cells_are_written():
    decimal = replace(CRYSTAL, cell=(79.1, 79.1, 37.9, 90.0, 90.0, 90.0))
    assert decimal == CRYSTAL
    found = []
    for crystal in (decimal, CRYSTAL):
        spots._crossings.cache_clear()  # which takes one for the other
        found.append(spots.expected_spots(make_burst((crystal,), 3), PANEL).photons)
    assert len(found[0])
    np.testing.assert_array_equal(*found)
