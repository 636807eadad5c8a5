"""Which session and which sample are meant."""

import pytest
from ispyb_sending import send_all
from ispyb_support import add_proposal, add_sample, rows
from lims_records import RECORDS, delivery, rotation

from mxplans.errors import TargetRefused
from mxplans_lims.targets.ispyb.row import RESOLVE


def resolved(ispyb, record):
    target = ispyb.target()
    step = target.steps(delivery(record))[0]
    assert step.key == RESOLVE
    try:
        return target.send(step, {})
    finally:
        target.close()


def test_session_and_sample_by_barcode(ispyb):
    found = resolved(ispyb, rotation())
    assert found["session"] == str(ispyb.ids["BLSession5"])
    assert found["sample"] == str(ispyb.ids["Lyso-1"])


def test_position_of_a_pin_by_puck_and_places(ispyb):
    assert resolved(ispyb, RECORDS["multi_pin"]())["sample"] == str(ispyb.ids["Many-2"])


def test_identifier_of_ispyb_comes_first(ispyb):
    objects = rotation().objects
    known = {"ispyb.mxplans.example.org": str(ispyb.ids["Se-1"])}
    named = {**objects, "MacromoleculeSample": {**objects["MacromoleculeSample"], "identifiers": known}}
    assert resolved(ispyb, rotation(objects=named))["sample"] == str(ispyb.ids["Se-1"])


def test_sample_of_another_proposal_is_not_meant(ispyb):
    with ispyb.engine.begin() as connection:
        other = add_proposal(connection, "9999")
        add_sample(connection, other, "Lyso-1")
    assert resolved(ispyb, rotation())["sample"] == str(ispyb.ids["Lyso-1"])


def test_pin_of_another_barcode_is_not_meant_and_the_group_says_so(ispyb):
    record = rotation(sample="Unknown-1")  # stands where others stand, with a barcode of its own
    assert "sample" not in resolved(ispyb, record)
    target = ispyb.target()
    send_all(target, record)
    target.close()
    group = rows(ispyb.engine, "DataCollectionGroup")[-1]
    assert group["blSampleId"] is None
    assert group["comments"] == "sample Unknown-1 at 2:3 is not in ISPyB; COLLECTED: all images"


@pytest.mark.parametrize(
    ("lims", "words"),
    [
        ({"proposal": "mx4321", "session": 5}, "no proposal mx4321"),
        ({"proposal": "mx1234", "session": 7}, "proposal mx1234 has no session 7 in ISPyB; allowed is one of: 2, 5"),
    ],
)
def test_what_does_not_exist(ispyb, lims, words):
    with pytest.raises(TargetRefused, match=words):
        resolved(ispyb, rotation(lims=lims))
