"""The detector's distance on each side of each limit, wherever it is given: refused with its unit, or driven to.

Millimetres everywhere but on the wire to the detector, which wants metres: a number in the other unit must not pass.
"""

import math

import httpx
import pytest
from beamline_support import value, wait
from conftest import VirtualBeamline
from pydantic import ValidationError

from mxplans.errors import LimitExceeded
from mxplans.model import Sweep
from mxplans.model.acquisition import AcquisitionSettings
from mxplans.roles import Beamline
from mxplans.schedule import BeamlineLimits, check_limits

LOW_MM, HIGH_MM = 80.0, 400.0
"""Soft limits of the virtual beamline's detector stage."""
LIMITS = {
    "distance_range_mm": (LOW_MM, HIGH_MM),
    "apertures": {"Medium": {"horizontal_um": 50, "vertical_um": 50}},
    "aperture": "Medium",
}
SWEEP = {"number_images": 10, "image_width_deg": 0.1, "exposure_s": 0.1}
SETTINGS = {"number_images": 1, "exposure_s": 0.1, "energy_ev": 12658.0, "directory": "a", "prefix": "b"}


@pytest.mark.parametrize("distance_mm", [0.1, 0.08, -1.0, 79.9, 400.1, 80_000.0, math.nan, math.inf, -math.inf])
def test_the_stage_refuses_what_is_beyond_its_limits_and_stays(beamline: Beamline, distance_mm: float) -> None:
    stage = beamline.detector_distance
    before = value(stage)
    with pytest.raises(LimitExceeded, match=r"detector_distance: .*( mm is outside of 80\.\.400 mm|is not a position)"):
        stage.set(distance_mm)
    assert value(stage) == before


@pytest.mark.parametrize("distance_mm", [LOW_MM, 100.0, HIGH_MM])
def test_the_stage_goes_to_what_is_within(beamline: Beamline, distance_mm: float) -> None:
    wait(beamline.detector_distance.set(distance_mm))
    assert value(beamline.detector_distance) == pytest.approx(distance_mm, abs=0.01)


@pytest.mark.parametrize("distance_mm", [0.1, 0.08, 0.0, -1.0, 9.9, 5000.1, 80_000.0, math.nan, math.inf])
def test_a_sweep_refuses_what_no_beamline_has(distance_mm: float) -> None:
    with pytest.raises(ValidationError, match="distance_mm"):
        Sweep.model_validate(SWEEP | {"distance_mm": distance_mm})


@pytest.mark.parametrize(
    ("distance_mm", "allowed"), [(79.9, False), (80, True), (100, True), (400, True), (400.1, False)]
)
def test_limits_of_the_beamline_are_told_with_their_unit(distance_mm: float, allowed: bool) -> None:
    limits = BeamlineLimits.model_validate(LIMITS)
    told = [str(each) for each in check_limits([Sweep.model_validate(SWEEP | {"distance_mm": distance_mm})], limits)]
    assert bool(told) is not allowed
    assert all(f"distance is {distance_mm:g} mm; allowed is 80 to 400 mm" in text for text in told)


@pytest.mark.parametrize("distance_mm", [-1.0, 0.0, math.nan, math.inf])
def test_what_the_detector_is_to_know_is_a_distance(distance_mm: float) -> None:
    with pytest.raises(ValidationError, match="distance_mm"):
        AcquisitionSettings.model_validate(SETTINGS | {"distance_mm": distance_mm})


@pytest.mark.parametrize(
    ("distance_m", "status"),
    [(80, 400), (100, 400), (10.1, 400), (-1, 400), (-0.001, 400), (0.08, 200), (0.1, 200), (0.4, 200)],
)
def test_the_detector_takes_metres_and_refuses_millimetres(
    virtual_beamline: VirtualBeamline, distance_m: float, status: int
) -> None:
    url = f"{virtual_beamline.simplon_url}/detector/api/1.8.0"
    with httpx.Client(trust_env=False) as client:
        client.put(f"{url}/command/initialize")
        answer = client.put(f"{url}/config/detector_distance", json={"value": distance_m})
        now_m = client.get(f"{url}/config/detector_distance").json()
    assert answer.status_code == status, answer.text
    assert now_m["unit"] == "m"
    assert (now_m["value"] == distance_m) is (status == 200)
    if status == 400:
        assert "detector_distance" in answer.text


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", '"80 mm"', "null", "true"])
def test_the_detector_takes_numbers_only(virtual_beamline: VirtualBeamline, word: str) -> None:
    url = f"{virtual_beamline.simplon_url}/detector/api/1.8.0/config/detector_distance"
    assert httpx.put(url, content=f'{{"value": {word}}}', trust_env=False).status_code == 400
