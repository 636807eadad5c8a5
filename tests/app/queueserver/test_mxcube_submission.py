"""MXCuBE's tasks at the front door of a beamline without kappa."""

from pathlib import Path

import pytest
from mxcube_tasks import collection, sample

from mxplans.app.queueserver.requests import Refused
from mxplans.app.queueserver.submission import read_submission
from mxplans.model import Kind, Position
from mxplans.profile import load_profile

PROFILE = Path(__file__).parents[3] / "profiles" / "sim" / "beamline.yaml"
PLACE = {"sampleX": 0.1, "sampleY": 0.0, "sampleZ": 0.0}


@pytest.fixture(scope="module")
def profile():
    return load_profile(PROFILE)


def test_the_zero_kappa_that_mxcube_always_sends_is_no_reason_to_refuse(profile):
    (item,) = read_submission({"mxcube": [sample(collection(kappa=0, kappa_phi=0))]}, profile).items
    assert item.asked[0].orientation == (None, None, None)


def test_a_kappa_that_is_not_there_is_refused(profile):
    with pytest.raises(Refused) as refused:
        read_submission({"mxcube": [collection(kappa=30)]}, profile)
    assert "there is no kappa here" in str(refused.value.detail)


def test_a_line_is_collected_where_its_places_are_sent(profile):
    line = collection(helical=True, shape="L1")
    end = PLACE | {"sampleX": -0.1}
    (item,) = read_submission({"mxcube": [line], "points": {"L1": [PLACE, end]}}, profile).items
    assert (item.kind, item.asked[0].start) == (Kind.HELICAL, Position(x_mm=0.1, y_mm=0.0, z_mm=0.0))


def test_every_problem_is_answered_with_its_path_and_value(profile):
    wrong = [collection(transmission=9999), collection(prefix="a/b")]
    with pytest.raises(Refused) as refused:
        read_submission({"mxcube": wrong}, profile)
    assert refused.value.status == 422
    assert [(each["loc"], each["input"]) for each in refused.value.detail] == [
        (["mxcube", "[0].parameters.transmission"], 9999),
        (["mxcube", "[1].parameters.prefix"], "a/b"),
    ]


def test_what_is_switched_off_and_what_has_no_place_is_told(profile):
    submission = read_submission({"mxcube": [collection(shape="P1") | {"checked": False}]}, profile)
    assert submission.disabled == {submission.items[0].uuid}
    assert {"path": "[0].parameters.shape", "value": "P1"}.items() <= submission.notes[0].items()
