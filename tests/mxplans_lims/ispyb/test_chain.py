"""Every kind of experiment in ISPyB: all its rows, once, whatever comes in between."""

import json

import pytest
from ispyb_sending import send_all
from ispyb_support import counts, rows
from lims_record_parts import at, uid
from lims_records import RECORDS, rotation

BESIDE = ("Person", "Proposal", "BLSession", "Shipping", "Dewar", "Container", "Protein", "Crystal", "BLSample")
EXPECTED = {
    "rotation": {
        "RobotAction": 2,
        "DataCollectionGroup": 2,
        "DataCollection": 3,
        "Position": 3,
        "GridInfo": 2,
        "XrayCentring": 1,
        "XrayCentringResult": 2,
    },
    "mad": {"RobotAction": 2, "DataCollectionGroup": 1, "DataCollection": 3, "Position": 3},
    "characterisation": {
        "RobotAction": 2,
        "DataCollectionGroup": 1,
        "DataCollection": 1,
        "Position": 1,
        "Screening": 1,
        "ScreeningOutput": 1,
        "ScreeningOutputLattice": 1,
        "ScreeningStrategy": 1,
        "ScreeningStrategyWedge": 2,
        "ScreeningStrategySubWedge": 2,
    },
    "stills": {"RobotAction": 2, "DataCollectionGroup": 1, "DataCollection": 1, "Position": 1},
    "empty_mount": {"RobotAction": 2, "DataCollectionGroup": 1},
    "aborted": {"RobotAction": 2, "DataCollectionGroup": 1, "DataCollection": 1, "Position": 1},
    "failed": {"RobotAction": 1, "DataCollectionGroup": 1},
    "energy_scan": {"RobotAction": 2, "EnergyScan": 1, "BLSample_has_EnergyScan": 1},
    "fluorescence": {"RobotAction": 2, "XFEFluorescenceSpectrum": 1},
}


def new(before, after):
    return {name: number - before.get(name, 0) for name, number in after.items() if number != before.get(name, 0)}


@pytest.mark.parametrize("name", EXPECTED)
def test_rows_of_each_kind_once(ispyb, name):
    before = counts(ispyb.engine)
    target = ispyb.target()
    ids = send_all(target, RECORDS[name]())
    after = counts(ispyb.engine)
    assert new(before, after) == EXPECTED[name]
    send_all(target, RECORDS[name](), ids)  # as an outbox that was told to send again
    send_all(target, RECORDS[name]())  # as one that has lost all it knew
    assert counts(ispyb.engine) == after
    target.close()


def test_everything_at_once_hangs_on_the_right_rows(ispyb):
    target = ispyb.target()
    for make in RECORDS.values():
        send_all(target, make())
    target.close()
    groups = {row["dataCollectionGroupId"]: row for row in rows(ispyb.engine, "DataCollectionGroup")}
    for collection in rows(ispyb.engine, "DataCollection"):
        told = json.loads(groups[collection["dataCollectionGroupId"]]["scanParameters"])["mxplans"]
        assert 1 <= collection["dataCollectionNumber"] <= len(told["sweeps"])
    assert {row["sessionId"] for row in groups.values()} == {ispyb.ids["BLSession5"]}
    (lyso,) = (row for row in rows(ispyb.engine, "BLSample") if row["name"] == "Lyso-1")
    assert lyso["blSampleStatus"] == "COLLECTED"


def test_later_attempt_changes_what_stands_there(ispyb):
    target = ispyb.target()
    whole = rotation()
    short = whole.sweeps[0].model_copy(update={"files": whole.sweeps[0].files[:1], "exit_status": "abort"})
    ids = send_all(target, rotation(verdict="FAILED", reason="stopped", sweeps=(short,)))
    before = counts(ispyb.engine)
    first = rows(ispyb.engine, "DataCollection")[-1]
    assert (first["numberOfImages"], first["runStatus"]) == (1000, "DataCollection Cancelled")
    send_all(target, rotation(crystals=whole.crystals[:1]), ids)
    target.close()
    last = rows(ispyb.engine, "DataCollection")[-1]
    assert last["dataCollectionId"] == first["dataCollectionId"]
    assert (last["numberOfImages"], last["runStatus"]) == (3600, "DataCollection Successful")
    assert new(before, counts(ispyb.engine)) == {"XrayCentringResult": -1}  # there is one crystal only, after all


def test_later_attempt_that_centres_anew_takes_the_place_of_the_earlier(ispyb):
    target = ispyb.target()
    first = RECORDS["running"](sample="Lyso-1")
    ids = send_all(target, first)
    before = counts(ispyb.engine)
    again = tuple(
        each.model_copy(
            update={
                "run_uid": uid("again", n),
                "volume_scan_uuid": uid("again"),
                "start": at(200 + n),
                "end": at(210 + n),
            }
        )
        for n, each in enumerate(first.grids)
    )
    crystals = tuple(each.model_copy(update={"time": at(220)}) for each in first.crystals)
    send_all(target, first.model_copy(update={"grids": again, "crystals": crystals}), ids)
    target.close()
    assert counts(ispyb.engine) == before
    assert [str(row["startTime"]) for row in rows(ispyb.engine, "DataCollection")] == [
        "2026-11-25 21:03:20",
        "2026-11-25 21:03:21",
    ]


def test_live_experiment_grows(ispyb):
    target = ispyb.target()
    ids = send_all(target, RECORDS["running"]())
    assert [row["endTime"] for row in rows(ispyb.engine, "DataCollection")].count(None) == 0  # both grids have ended
    assert "end" not in ids and "sample" not in ids  # Now-1 is not known to ISPyB
    mesh, asked = rows(ispyb.engine, "DataCollectionGroup")
    assert ids["group"] == str(asked["dataCollectionGroupId"])  # it is there before the first frame
    assert (mesh["experimentType"], asked["experimentType"]) == ("Mesh3D", "OSC")
    assert (asked["endTime"], asked["comments"]) == (None, "sample Now-1 at 2:3 is not in ISPyB")
    whole = RECORDS["rotation"](sample="Now-1")
    send_all(target, whole, ids)
    target.close()
    assert counts(ispyb.engine)["DataCollection"] == 3
    assert counts(ispyb.engine)["RobotAction"] == 2
    assert rows(ispyb.engine, "DataCollectionGroup")[1]["endTime"] is not None


def test_comments_of_others_stay(ispyb):
    target = ispyb.target()
    ids = send_all(target, RECORDS["running"](sample="Lyso-1"))
    with ispyb.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE DataCollectionGroup SET comments = 'looks twinned'")
    for known in (ids, ids, {}):
        send_all(target, rotation(), known)
    target.close()
    comments = [group["comments"] for group in rows(ispyb.engine, "DataCollectionGroup")]
    assert comments == ["looks twinned; COLLECTED: all images"] * 2


def test_comments_of_others_lose_no_letter_for_want_of_room(ispyb):
    theirs = "x" * 1023
    target = ispyb.target()
    ids = send_all(target, RECORDS["running"](sample="Lyso-1"))
    with ispyb.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE DataCollectionGroup SET comments = '{theirs}'")
    send_all(target, rotation(), ids)
    target.close()
    assert {group["comments"] for group in rows(ispyb.engine, "DataCollectionGroup")} == {theirs}


def test_words_of_ours_stand_once_however_often_they_are_sent(ispyb):
    """The sample is not in ISPyB, which the group says from the beginning."""
    target = ispyb.target()
    ids = send_all(target, RECORDS["running"](sample="Now-1"))
    with ispyb.engine.begin() as connection:
        words = "sample Now-1 at 2:3 is not in ISPyB; looks twinned"
        connection.exec_driver_sql(f"UPDATE DataCollectionGroup SET comments = '{words}'")
    for _ in range(2):
        send_all(target, rotation(sample="Now-1"), ids)
    target.close()
    (comments,) = {group["comments"] for group in rows(ispyb.engine, "DataCollectionGroup")}
    assert comments == f"{words}; COLLECTED: all images"
