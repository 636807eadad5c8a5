"""Both spot finders on one series of the virtual detector, while it is taken: the service, and the built-in one on the files."""

from typing import Any

import numpy as np
import pytest
from beamline_support import home, value, wait
from conftest import VirtualBeamline

from mxplans.model.acquisition import AcquisitionSettings, Pose, ScanMotion, SpotRequest
from mxplans.roles import Beamline
from mxplans_devices import FileSpotFinder, SimplonDetector

pytestmark = pytest.mark.usefixtures("no_new_threads")
LINE = 20
IMAGES = LINE * LINE


def test_the_files_show_what_the_service_says(mounted: Beamline, virtual_beamline: VirtualBeamline) -> None:
    folder = virtual_beamline.data_dir
    detector = SimplonDetector(name="detector", url=virtual_beamline.simplon_url, data_dir=folder, images_per_file=150)
    built_in = FileSpotFinder(name="spot_finder", data_dir=folder, period_s=0.02)
    asked = AcquisitionSettings(
        number_images=IMAGES,
        exposure_s=0.03,
        energy_ev=12658.0,
        distance_mm=150.0,
        directory="Lyso-1",
        prefix="agree",
    )
    # All over the pin, wherever its crystal is: many frames without spots and some with.
    motion = ScanMotion(
        start=Pose(x_mm=0.5, y_mm=0.475, z_mm=0.0, omega_deg=0.0),
        step_mm=(-0.05, 0.0, 0.0),
        images_per_row=LINE,
        rows=LINE,
        row_step_mm=(0.0, -0.05, 0.0),
        snake=True,
        exposure_s=0.03,
    )
    before_mm = value(mounted.detector_distance)
    wait(mounted.attenuator.set(1.0), mounted.fast_shutter.set("Open"), mounted.detector_distance.set(150.0))
    wait(detector.prepare(asked))
    request = SpotRequest(
        sequence_id=detector.sequence_id.get(), number_images=IMAGES, file_base=detector.file_base.get()
    )
    wait(
        mounted.goniometer.scan.set(motion),
        detector.complete(),
        built_in.set(request),
        mounted.spot_finder.set(request),
    )
    detector.unstage()
    wait(mounted.fast_shutter.set("Closed"), mounted.detector_distance.set(before_mm))
    home(mounted)
    missed = listed = 0
    for service, own in zip(mounted.spot_finder.frames, built_in.frames, strict=True):
        assert own.image == service.image
        strong = [spot for spot in service.spots if spot.intensity > 10 * spot.sigma]
        listed += len(strong)
        missed += np.count_nonzero(_apart(strong, own.spots) > 1.5)
        for spot in strong:  # the same spacings, from the headers of the master file
            near = [each for each in own.spots if np.hypot(each.x_px - spot.x_px, each.y_px - spot.y_px) < 1.0]
            assert [each.d_a for each in near] == [pytest.approx(spot.d_a, rel=0.02)] * len(near)
    assert listed > 20
    assert missed <= 0.05 * listed


def _apart(spots: Any, others: Any) -> Any:
    """Distance of each spot to the nearest of others, px."""
    if not spots or not others:
        return np.full(len(spots), np.inf)
    one, other = (np.array([(spot.x_px, spot.y_px) for spot in each]) for each in (spots, others))
    return np.hypot(*(one[:, None] - other).transpose(2, 0, 1)).min(axis=1)
