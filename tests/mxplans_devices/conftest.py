"""All devices of the virtual beamline, by role."""

from collections.abc import Iterator
from typing import Any

import pytest
from beamline_support import home, value, wait
from conftest import VirtualBeamline

from mxplans.centring.detection import ClassicalDetector
from mxplans.model.acquisition import SampleLocation
from mxplans.roles import Beamline
from mxplans_devices import (
    Aperture,
    Attenuator,
    Backlight,
    Beam,
    DetectorDistance,
    Goniometer,
    HttpSpotFinder,
    OnAxisViewer,
    SampleChanger,
    Shutter,
    SimplonDetector,
)


@pytest.fixture(scope="session")
def beamline(virtual_beamline: VirtualBeamline, tmp_path_factory: pytest.TempPathFactory) -> Beamline:
    prefix = virtual_beamline.ca_prefix
    url = virtual_beamline.simplon_url
    devices: dict[str, Any] = {
        "goniometer": Goniometer(f"{prefix}GON:", name="goniometer", scan_prefix=f"{prefix}SCAN:"),
        "viewer": OnAxisViewer(f"{prefix}CAM:", name="viewer", root=tmp_path_factory.mktemp("night")),
        "detector": SimplonDetector(name="detector", url=url, data_dir=virtual_beamline.data_dir),
        "detector_distance": DetectorDistance(f"{prefix}DET:Z", name="detector_distance"),
        "spot_finder": HttpSpotFinder(name="spot_finder", url=url),
        "sample_changer": SampleChanger(f"{prefix}ROBOT:", name="sample_changer"),
        "fast_shutter": Shutter(f"{prefix}SHUTTER", name="fast_shutter"),
        "attenuator": Attenuator(f"{prefix}ATTEN:TRANSMISSION", name="attenuator"),
        "backlight": Backlight(f"{prefix}BACKLIGHT", name="backlight"),
        "aperture": Aperture(f"{prefix}APERTURE", name="aperture"),
        "beam": Beam(f"{prefix}BEAM:", name="beam", ring_prefix=f"{prefix}RING:"),
    }
    for device in devices.values():
        device.wait_for_connection(timeout=20)
    return Beamline(**devices, sample_detector=ClassicalDetector(name="sample_detector"))


@pytest.fixture
def mounted(beamline: Beamline) -> Iterator[Beamline]:
    home(beamline)
    if not value(beamline.sample_changer.pin_mounted):
        wait(beamline.sample_changer.load.set(SampleLocation(puck=1, pin=1)))
    yield beamline
