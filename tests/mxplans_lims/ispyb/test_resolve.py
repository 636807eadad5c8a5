"""Which session and which sample are meant."""

from datetime import UTC, datetime

import pytest
from ispyb_sending import send_all
from ispyb_support import TABLES, add, add_proposal, add_sample, rows
from lims_records import RECORDS, delivery, rotation, unattended

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


def dated(ispyb, *times):
    """Give the sessions of the proposal their beamlines and times; a third is added where one is told of."""
    sessions = TABLES["BLSession"]
    with ispyb.engine.begin() as connection:
        if len(times) > 2:
            add(connection, "BLSession", proposalId=ispyb.ids["Proposal"], visit_number=9)
        for number, (beamline, start, end) in zip((2, 5, 9), times, strict=False):
            values = {
                "beamLineName": beamline,
                "startDate": start and datetime.fromisoformat(start),
                "endDate": end and datetime.fromisoformat(end),
            }
            connection.execute(sessions.update().where(sessions.c.visit_number == number).values(values))


BEFORE = ("sim", "2026-11-20 09:00:00", "2026-11-25 20:59:59")
THEN = ("sim", "2026-11-25 21:00:00", "2026-11-26 09:00:00")
ELSEWHERE = ("i00", "2026-11-25 09:00:00", "2026-11-26 09:00:00")


@pytest.mark.parametrize("times", [(BEFORE, THEN), (ELSEWHERE, THEN), (BEFORE, THEN, ("sim", None, None))])
def test_unattended_shipment_gets_the_session_of_its_beamline_and_time(ispyb, times):
    dated(ispyb, *times)
    assert resolved(ispyb, unattended())["session"] == str(ispyb.ids["BLSession5"])


def test_session_that_begins_or_ends_with_the_experiment_has_it(ispyb):
    dated(ispyb, ("sim", "2026-11-25 09:00:00", "2026-11-25 21:00:00"), ELSEWHERE)
    assert resolved(ispyb, unattended())["session"] == str(ispyb.ids["BLSession2"])


def test_time_of_a_session_is_that_of_the_site_whatever_the_clocks_do(ispyb):
    """01:30 UTC is 02:30 in Paris after the clocks of October were put back, an hour that it has twice."""
    dated(ispyb, ("sim", "2026-10-24 09:00:00", "2026-10-25 02:29:00"), ("sim", "2026-10-25 02:30:00", "2026-10-26"))
    late = unattended(start=datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
    assert resolved(ispyb, late)["session"] == str(ispyb.ids["BLSession5"])


@pytest.mark.parametrize(
    ("times", "words"),
    [
        (
            (BEFORE, ELSEWHERE),
            r"none is at sim at 2026-11-25 21:00:00 .*2 \(sim, 2026-11-20 09.*5 \(i00, 2026-11-25 09",
        ),
        ((THEN, THEN), r"several are at sim .*2 \(sim.*5 \(sim"),
        ((BEFORE, ("sim", None, None)), r"none is at sim .*5 \(sim, \? to \?\)"),
    ],
)
def test_unattended_shipment_without_one_session_says_which_there_are(ispyb, times, words):
    dated(ispyb, *times)
    with pytest.raises(TargetRefused, match=words):
        resolved(ispyb, unattended())


def test_session_that_is_named_comes_before_that_of_the_target_and_this_before_the_time(ispyb):
    dated(ispyb, BEFORE, THEN)
    target = ispyb.target(session=2)
    for record, number in ((unattended(), 2), (rotation(), 5)):
        step = target.steps(delivery(record))[0]
        assert target.send(step, {})["session"] == str(ispyb.ids[f"BLSession{number}"])
    target.close()


def test_visit_as_proposal_names_its_session(ispyb):
    lims = {"proposal": "mx1234-2", "session": None}
    assert resolved(ispyb, unattended(lims=lims))["session"] == str(ispyb.ids["BLSession2"])
