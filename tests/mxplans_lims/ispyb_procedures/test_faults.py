"""What goes wrong with procedures: each a clear reason, and no row lost or doubled."""

import itertools
import sys
from pathlib import Path
from typing import Any

import pymysql
import pytest
from ispyb_stubs import statements
from ispyb_support import add_sample, counts, rows
from lims_records import delivery, energy_scan, failed, mad, rotation, running, unattended
from mariadb_support import PASSWORD
from step_sender import Sender

from mxplans.errors import InvalidInput, TargetRefused, TargetUnreachable
from mxplans_lims.exporter import _sender as outbox_sender
from mxplans_lims.exporter._backoff import Backoff
from mxplans_lims.outbox import Outbox, spell
from mxplans_lims.records import SampleRecord
from mxplans_lims.targets.ispyb_procedures import IspybProceduresSettings, IspybProceduresTarget

ROWS = {"RobotAction": 2, "DataCollectionGroup": 2, "DataCollection": 3, "Position": 3, "GridInfo": 2}


def written(ispyb: Any) -> dict[str, int]:
    found = counts(ispyb.engine)
    return {name: found.get(name, 0) for name in ROWS}


def on(ispyb: Any, *changes: str) -> None:
    """Run statements as root in the database of the tests."""
    connection = pymysql.connect(unix_socket=str(ispyb.server.socket), user="root", database="ispyb", autocommit=True)
    try:
        with connection.cursor() as cursor:
            for statement in changes:
                cursor.execute(statement)
    finally:
        connection.close()


def with_prefix(prefix: str) -> SampleRecord:
    (turn,) = rotation().sweeps
    return rotation(sweeps=(turn.model_copy(update={"sweep": {**turn.sweep, "prefix": prefix}}),))


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (rotation(lims={"proposal": "mx99", "session": 5}), "no proposal mx99"),
        (rotation(lims={"proposal": "mx1234", "session": 77}), "no session 77 in ISPyB; allowed is one of: 2, 5"),
        (with_prefix("S" * 46), "DataCollection.imagePrefix has 46 characters.*allowed are 45"),
        (failed(robot=(failed().robot[0].model_copy(update={"action": "THROW"}),)), "actionType is 'THROW'; allowed"),
        (
            energy_scan(energy_scans=(energy_scan().energy_scans[0].model_copy(update={"edge": "K and L1 and L2"}),)),
            "EnergyScan.edgeEnergy is 'K and L1 and L2'; allowed by its procedure are 10",
        ),
    ],
)
def test_what_does_not_fit_is_refused_before_the_database_cuts_it(ispyb: Any, record: Any, told: str) -> None:
    with pytest.raises(TargetRefused, match=told):
        Sender(ispyb.target()).send(record)


def test_a_server_that_is_killed_and_comes_back_gets_each_row_once(ispyb: Any) -> None:
    target = ispyb.target()
    record = rotation()
    ids: dict[str, str] = {}
    for number, step in enumerate(target.steps(delivery(record))):
        if number in (2, 5):
            ispyb.server.kill()
            with pytest.raises(TargetUnreachable, match="does not answer"):
                target.send(step, ids)
            ispyb.server.start()
            ispyb.engine.dispose()  # the test's own
        ids |= target.send(step, ids)
    Sender(ispyb.target()).send(record)

    assert written(ispyb) == ROWS


def test_an_answer_that_was_lost_makes_no_second_row(ispyb: Any) -> None:
    """Each step is sent twice with what was known before the first: as after a kill between the two commits."""
    target = ispyb.target()
    ids: dict[str, str] = {}
    for step in target.steps(delivery(rotation())):
        target.send(step, ids)
        ids |= target.send(step, ids)
    assert written(ispyb) == ROWS


def test_a_server_that_says_nothing_is_left_after_the_time_out(ispyb: Any) -> None:
    target = ispyb.target(answer_timeout_s=1)
    step = target.steps(delivery(rotation()))[0]
    target.send(step, {})
    slow = target.steps(delivery(rotation()))[1]
    holder = pymysql.connect(unix_socket=str(ispyb.server.socket), user="root", database="ispyb", autocommit=True)
    try:
        with holder.cursor() as cursor:
            cursor.execute("LOCK TABLES RobotAction WRITE")
            with pytest.raises(TargetUnreachable, match="does not answer"):
                target.send(slow, {"session": str(ispyb.ids["BLSession5"])})
            cursor.execute("UNLOCK TABLES")
    finally:
        holder.close()
    target.send(slow, {"session": str(ispyb.ids["BLSession5"])})
    assert counts(ispyb.engine)["RobotAction"] == 1


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"pw": "wrong"}, "refuses us.*Access denied.*correct the credentials"),
        ({"db": "none"}, "refuses us|does not answer"),
        ({"port": 1}, "does not answer"),
        ({"colour": "red"}, "not those of a database.*colour"),
    ],
)
def test_credentials_that_are_wrong_can_be_corrected(ispyb: Any, changes: dict[str, Any], told: str) -> None:
    target = ispyb.target()
    ispyb.write_credentials(**changes)
    with pytest.raises(TargetUnreachable, match=told):
        Sender(target).send(rotation(), tries=1)
    ispyb.write_credentials()
    Sender(target).send(rotation())
    assert written(ispyb) == ROWS


@pytest.mark.parametrize("content", [None, "", "[ispyb_ws]\nurl = x\n", "no ini at all"])
def test_credentials_that_are_not_there_are_told(ispyb: Any, content: str | None) -> None:
    if content is None:
        ispyb.credentials.unlink()
    else:
        ispyb.credentials.write_text(content)
    with pytest.raises(TargetUnreachable, match=r"credentials in .*ispyb.cfg (have no section|cannot be read)"):
        Sender(ispyb.target()).send(rotation(), tries=1)


def test_an_account_that_may_only_call_procedures(ispyb: Any) -> None:
    """It is told to say so; then records go out, but a lost answer cannot be looked up."""
    ispyb.write_credentials(user="limited", pw=PASSWORD)
    with pytest.raises(TargetUnreachable, match="grant|refuses us"):
        Sender(ispyb.target()).send(rotation(), tries=1)
    sender = Sender(ispyb.target(look_up=False))
    sender.send(rotation(reason="first"))
    sender.send(rotation())

    assert written(ispyb) == ROWS
    group = rows(ispyb.engine, "DataCollectionGroup")[0]
    assert (group["sessionId"], group["blSampleId"]) == (ispyb.ids["BLSession5"], ispyb.ids["Lyso-1"])
    assert group["comments"] == "sample Lyso-1 at 2:3 is not in ISPyB; COLLECTED: first"  # as it was first told
    with pytest.raises(TargetRefused, match="no session mx1234-77"):
        Sender(ispyb.target(look_up=False)).send(rotation(lims={"proposal": "mx1234", "session": 77}))


@pytest.mark.parametrize(
    "change",
    [
        "DROP PROCEDURE upsert_robot_action",
        "CREATE OR REPLACE PROCEDURE upsert_robot_action(INOUT p_id INT, IN p_session INT) BEGIN END",
    ],
)
def test_procedures_of_another_version_are_told_from_a_wrong_record(ispyb: Any, change: str) -> None:
    on(ispyb, change)
    try:
        with pytest.raises(TargetUnreachable, match="another version than the installed package ispyb"):
            Sender(ispyb.target()).send(rotation(), tries=1)
    finally:
        lenient, *others = statements()
        (again,) = (text for text in others if "upsert_robot_action" in text)
        on(ispyb, lenient, again.replace("CREATE PROCEDURE", "CREATE OR REPLACE PROCEDURE"))
    Sender(ispyb.target()).send(rotation())
    assert written(ispyb) == ROWS


def test_a_row_whose_group_was_taken_away_is_refused(ispyb: Any) -> None:
    target = ispyb.target()
    step = next(step for step in target.steps(delivery(rotation())) if step.key.startswith("collection/"))
    (row,) = step.payload["rows"]
    with pytest.raises(TargetRefused, match="does not take this.*foreign key"):
        target.send(step, {row["links"]["dataCollectionGroupId"]: "987654"})
    with pytest.raises(TargetUnreachable, match="hangs on group/.*not there yet"):
        target.send(step, {})


def test_a_sample_is_found_by_the_barcode_of_its_pin(ispyb: Any) -> None:
    with ispyb.engine.begin() as connection:
        sample = add_sample(connection, ispyb.ids, "Se-1")
    Sender(ispyb.target()).send(mad())
    assert {row["blSampleId"] for row in rows(ispyb.engine, "DataCollectionGroup")} == {sample}


def test_an_unattended_shipment_gets_the_session_of_its_time_or_of_the_profile(ispyb: Any) -> None:
    with pytest.raises(TargetRefused, match=r"none is at sim at 2026-11-25 21:00:00.*2 \(sim.*5 \(sim"):
        Sender(ispyb.target()).send(unattended())
    then = "UPDATE BLSession SET startDate = '2026-11-25 09:00', endDate = '2026-11-26 09:00' WHERE visit_number = 5"
    on(ispyb, then)
    Sender(ispyb.target()).send(unattended())
    assert {group["sessionId"] for group in rows(ispyb.engine, "DataCollectionGroup")} == {ispyb.ids["BLSession5"]}

    with pytest.raises(TargetRefused, match="without `look_up` none is looked up"):
        Sender(ispyb.target(look_up=False)).send(unattended())
    Sender(ispyb.target(look_up=False, session=2)).send(unattended())
    assert rows(ispyb.engine, "DataCollectionGroup")[-1]["sessionId"] == ispyb.ids["BLSession2"]


@pytest.mark.parametrize("missing", ["ispyb", "mysql.connector", "mysql"])
def test_a_missing_package_names_its_extra(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """When the target is made, so that its records wait for the package."""
    for name in [name for name in sys.modules if name == missing or name.startswith(f"{missing}.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    settings = IspybProceduresSettings(credentials=Path("none"), timezone="Etc/UTC")
    with pytest.raises(InvalidInput, match=r"package \S+ is not installed.*pip install 'mxplans\[ispyb\]'"):
        IspybProceduresTarget("lims", settings)


def test_the_outbox_brings_a_record_through_a_night_of_failures(ispyb: Any, tmp_path: Path) -> None:
    now = itertools.count(1_000_000.0, 5.0)  # each look at the clock is five seconds later
    target, record = ispyb.target(), rotation()
    with Outbox(tmp_path / "outbox.sqlite", lambda: next(now)) as outbox:
        sender = outbox_sender.Sender(target, outbox, Backoff(1.0, 4.0, lambda: 1.0), lambda: next(now))
        for each in (running(sample="Lyso-1"), record):
            outbox.put(record.item_uid, {"lims": spell(list(target.steps(delivery(each))))})
            for turn in range(60):
                if turn == 3:
                    ispyb.server.kill()
                if turn == 6:
                    assert outbox.statuses()[0].state == "away"
                    ispyb.server.start()
                    ispyb.engine.dispose()
                sender.turn()
        (status,) = outbox.statuses()

    assert (status.state, status.pending, status.dead, status.held) == ("ready", 0, 0, 0)
    assert written(ispyb) == ROWS
