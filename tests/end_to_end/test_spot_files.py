"""A night with the built-in spot finder instead of the service: another class in the profile, and the same crystals."""

import numpy as np
import pytest
from night_support import Night, short_profile, short_shipment

pytestmark = pytest.mark.timeout(240)
SERVICE = """    class: mxplans_devices:HttpSpotFinder
    settings: {url: "{virtual_beamline.simplon_url}"}"""
BUILT_IN = """    class: mxplans_devices:FileSpotFinder
    settings: {data_dir: "{out}/data"}"""
GOOD, EMPTY = 1, 3


def test_either_finder_centres_the_crystal_by_profile(tmp_path):
    night = Night(
        short_profile(tmp_path, archive=False, **{SERVICE: BUILT_IN}),
        short_shipment(tmp_path, GOOD, EMPTY),
        tmp_path / "night",
        "--virtual-time",
    )
    assert night.finish() == 0, night.text
    found = [
        document["data"] for name, document in night.documents() if name == "event" and "xrc_x_mm" in document["data"]
    ]
    assert len(found) == 1
    rotation = [event for event in night.truth()["events"] if event.get("scan") == "rotation"]
    assert len(rotation) == 1
    assert np.linalg.norm(rotation[0]["crystal_offset_um"]) < 10
