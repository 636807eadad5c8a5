"""Pictures as the on-axis viewer takes them: what the service says of them, and where things really are."""

import cv2
import numpy as np
import pytest
from murko_support import NOTIONS
from viewer_support import at_motors, specimen

from mxplans_sim.servers.murko.eyes import Eyes
from mxplans_sim.servers.murko.reply import make_reply
from mxplans_sim.servers.murko.request import Request, read_images, read_notions
from mxplans_sim.settings.analysis import MurkoSettings
from mxplans_sim.world.optics import ON_AXIS, Exposure, Viewer
from mxplans_sim.world.recent import RecentFrames
from mxplans_sim.world.shadow import masks

BEAM_Y_MM = 0.012
OMEGAS_DEG = range(0, 360, 30)


def pictures(zoom):
    """A turn of a specimen: what was taken, where it stood, and what remembers it."""
    viewer, recent, taken = Viewer(3), RecentFrames(), []
    for frame, omega_deg in enumerate(OMEGAS_DEG):
        # The crystal goes round within the picture of both zoom levels.
        x, y, z = np.array([0.05, -0.13, 0.08]) - specimen().crystals[0].centre_mm
        placement = at_motors(x, y, z, float(omega_deg))
        gray = viewer.take(specimen(), placement, zoom, BEAM_Y_MM, Exposure(), frame)
        recent.keep(
            gray,
            zoom.um_per_px,
            lambda placement=placement: masks(viewer.shadow(specimen(), placement, zoom, BEAM_Y_MM)),
        )
        taken.append((gray, placement))
    return recent, taken


def descriptions(recent, images, **settings):
    request = Request(tuple(images), read_notions(NOTIONS, images[0].shape), False, 16)
    eyes = Eyes(recent, MurkoSettings.model_validate(settings), 5)
    return make_reply(request, [eyes.look(image) for image in images])["descriptions"]


def as_jpeg(gray):
    return read_images(cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, 75])[1].tobytes())[0]


def offsets_um(zoom, **settings):
    """Clicks minus the crystal's centre, x and y, for each picture of a turn."""
    recent, taken = pictures(zoom)
    found = []
    described = descriptions(recent, [as_jpeg(gray) for gray, _ in taken], **settings)
    for description, (_, placement) in zip(described, taken, strict=True):
        x, y, _ = placement.lab(np.array(specimen().crystals[0].centre_mm))[0]
        vertical, horizontal = description["most_likely_click"]
        column, row = horizontal * ON_AXIS.width_px - 0.5, vertical * ON_AXIS.height_px - 0.5
        seen_um = np.array([column - zoom.beam_x_px, row - zoom.beam_y_px]) * zoom.um_per_px
        found.append(seen_um - [1000 * x, 1000 * (y - BEAM_Y_MM)])
    return np.array(found)


@pytest.mark.parametrize("zoom", ON_AXIS.zooms, ids=lambda zoom: zoom.name)
def test_the_click_is_at_the_crystal_at_every_angle(zoom):
    exact = offsets_um(zoom, edge_um=0.0, jitter_um=0.0)
    assert np.abs(exact).max() < 1.0  # a pixel of the prediction is 2.5 or 5 um
    noisy = offsets_um(zoom)
    assert 0.5 < noisy.std() < 4.0  # jitter of 1 um, wander of the outline of 3 um
    assert np.abs(noisy.mean(axis=0)).max() < 2.5


def test_compressed_pictures_are_taken_for_what_they_are():
    recent, taken = pictures(ON_AXIS.zooms[0])
    exact = {"edge_um": 0.0, "jitter_um": 0.0}
    plain = descriptions(recent, [np.repeat(gray[..., None], 3, axis=2) for gray, _ in taken], **exact)
    small = descriptions(recent, [cv2.resize(as_jpeg(gray), (640, 482)) for gray, _ in taken], **exact)
    for one, other in zip(plain, small, strict=True):
        assert np.array_equal(one["hierarchical_mask"], other["hierarchical_mask"])
    clicks = {description["most_likely_click"] for description in plain}
    assert len(clicks) == len(taken)  # each its own
