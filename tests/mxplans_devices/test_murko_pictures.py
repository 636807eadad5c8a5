"""Pictures as the on-axis viewer takes them, through the whole way: where the detector has things, and where they are."""

import numpy as np
import pytest
from murko_client_support import QUICK, iou, serving
from viewer_support import at_motors, specimen

from mxplans.model.detection import Look, Notion, PinSide
from mxplans_devices.murko import MurkoDetector
from mxplans_sim.world.optics import ON_AXIS, Exposure, Viewer
from mxplans_sim.world.recent import RecentFrames
from mxplans_sim.world.shadow import masks

BEAM_Y_MM = 0.012
OMEGAS_DEG = range(0, 360, 60)


@pytest.mark.parametrize("zoom", ON_AXIS.zooms, ids=lambda zoom: zoom.name)
@pytest.mark.parametrize("options", [{}, {"send": "jpeg", "width_px": None}], ids=str)
def test_the_crystal_is_where_it_is_at_every_angle(zoom, options, no_new_threads):
    viewer, recent, looks, true_px, truths = Viewer(3), RecentFrames(), [], [], []
    for frame, omega_deg in enumerate(OMEGAS_DEG):
        # The crystal goes round within the picture of both zoom levels.
        x, y, z = np.array([0.05, -0.13, 0.08]) - specimen().crystals[0].centre_mm
        placement = at_motors(x, y, z, float(omega_deg))
        gray = viewer.take(specimen(), placement, zoom, BEAM_Y_MM, Exposure(), frame)
        notions = masks(viewer.shadow(specimen(), placement, zoom, BEAM_Y_MM))
        recent.keep(gray, zoom.um_per_px, lambda notions=notions: notions)
        looks.append(Look(gray, zoom.um_per_px, PinSide.RIGHT))
        truths.append(notions)
        crystal_x_mm, crystal_y_mm, _ = placement.lab(np.array(specimen().crystals[0].centre_mm))[0]
        true_px.append(
            [
                zoom.beam_x_px + 1000 * crystal_x_mm / zoom.um_per_px,
                zoom.beam_y_px + 1000 * (crystal_y_mm - BEAM_Y_MM) / zoom.um_per_px,
            ]
        )
    with serving(recent) as address:
        found = MurkoDetector(address, largest_frac=1.0, **QUICK, **options).detect(looks)
    error_um = (np.array([each.centroid_px for each in found]) - true_px) * zoom.um_per_px
    assert np.abs(error_um).max() < 1.0  # a pixel of the prediction is 2.5 or 5 um
    predicted_px = ON_AXIS.width_px / 320
    for each, true in zip(found, truths, strict=True):
        assert iou(each.masks[Notion.FOREGROUND], true["foreground"]) > 0.95
        true_first = np.flatnonzero(true["foreground"].any(axis=0))[0]
        if true_first > predicted_px and each.tip_px is not None:
            assert each.tip_px[0] == pytest.approx(true_first, abs=predicted_px)
