"""Whole records through procedures on a real MariaDB: every row once, every value in its column."""

from importlib.metadata import entry_points
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ispyb.sp.mxacquisition import MXAcquisition
from ispyb.sp.mxscreening import MXScreening
from ispyb_stubs import INSERTS, UPSERTS
from ispyb_support import counts, rows
from lims_records import RECORDS, characterisation, delivery, energy_scan, fluorescence, rotation, running
from step_sender import Sender

from mxplans_lims.delivery import Target
from mxplans_lims.targets.ispyb.row import RESOLVE, rows_of
from mxplans_lims.targets.ispyb.rows import ispyb_rows
from mxplans_lims.targets.ispyb.site import Site
from mxplans_lims.targets.ispyb_procedures import IspybProceduresTarget
from mxplans_lims.targets.ispyb_procedures.procedures import NO_PROCEDURE, PROCEDURES, UNTOLD

WRITTEN = ("RobotAction", "DataCollectionGroup", "DataCollection", "Position", "GridInfo")


def written(ispyb: Any) -> dict[str, int]:
    """Rows by table, of those that procedures write."""
    return {name: number for name, number in counts(ispyb.engine).items() if name in PROCEDURES}


def test_it_is_found_by_its_entry_point(ispyb: Any) -> None:
    (found,) = entry_points(group="mxplans.lims_targets", name="ispyb_procedures")
    assert found.load() is IspybProceduresTarget
    assert isinstance(ispyb.target(), Target)


def test_a_record_becomes_rows_that_hang_together(ispyb: Any) -> None:
    Sender(ispyb.target()).send(rotation())

    assert written(ispyb) == dict(zip(WRITTEN, (2, 2, 3, 3, 2), strict=True))
    mesh, turn = rows(ispyb.engine, "DataCollectionGroup")
    assert (mesh["experimentType"], turn["experimentType"]) == ("Mesh3D", "OSC")
    assert (turn["sessionId"], turn["blSampleId"]) == (ispyb.ids["BLSession5"], ispyb.ids["Lyso-1"])
    collection = rows(ispyb.engine, "DataCollection")[-1]
    assert collection["dataCollectionGroupId"] == turn["dataCollectionGroupId"]
    assert str(collection["startTime"]) == "2026-11-25 21:01:40"
    place = {row["positionId"]: row for row in rows(ispyb.engine, "Position")}[collection["POSITIONID"]]
    assert [float(place[axis]) for axis in ("posX", "posY", "posZ")] == [0.11, -0.05, 0.02]
    assert {row["blsampleId"] for row in rows(ispyb.engine, "RobotAction")} == {ispyb.ids["Lyso-1"]}


@pytest.mark.parametrize("name", RECORDS)
def test_every_value_stands_in_its_column(ispyb: Any, name: str) -> None:
    """What the rows say is what the tables hold: the order and the names of all parameters are right."""
    record = RECORDS[name]()
    target = ispyb.target()
    sender = Sender(target)
    sender.send(record)

    for step in target.steps(delivery(record)):
        if step.key == RESOLVE:
            continue
        (row,) = rows_of(step)
        stands = rows(ispyb.engine, row.table)
        told = {column: value for column, value in row.values.items() if column not in UNTOLD.get(row.table, ())}
        wrong = [{name for name in told if not _equal(name, each[name], told[name])} for each in stands]
        assert set() in wrong, f"{row.table}: {sorted(min(wrong, key=len))} of {told}"


def _equal(column: str, stands: Any, told: Any) -> bool:
    if isinstance(told, float) and stands is not None:
        return bool(float(stands) == pytest.approx(told, rel=1e-5))  # FLOAT columns keep six digits
    if hasattr(stands, "isoformat"):
        return bool(stands.isoformat() == told)
    if column == "comments":
        return bool(str(stands).endswith(str(told)))  # a sample that is not known is told first
    return bool(stands == told)


def test_every_column_of_the_rows_has_a_parameter_or_is_known_to_have_none() -> None:
    """A column that appears in the rows later must not get lost in silence."""
    for make in RECORDS.values():
        told = delivery(make())
        for step in ispyb_rows(told.record, told.out, Site(ZoneInfo("Europe/Paris")))[1:]:
            for row in rows_of(step):
                if row.table in NO_PROCEDURE:
                    continue
                columns = set(row.values) | set(row.links)
                assert columns <= set(PROCEDURES[row.table].columns) | UNTOLD.get(row.table, frozenset()), row.table


def test_every_procedure_takes_the_parameters_that_it_is_given() -> None:
    """`ispyb` raises KeyError for a name that it does not know; none of ours may be one."""
    areas = {"mx_acquisition": MXAcquisition, "mx_screening": MXScreening}
    assert {table for table, _ in (*UPSERTS.values(), *INSERTS.values())} | {"Position"} == set(PROCEDURES)
    for procedure in PROCEDURES.values():
        parameters = getattr(areas[procedure.area], procedure.parameters)()
        for name in procedure.columns.values():
            parameters[name] = 1
        assert list(parameters.values()).count(1) == len(procedure.columns)  # no two columns share one


@pytest.mark.parametrize("name", RECORDS)
def test_a_second_replay_adds_nothing(ispyb: Any, name: str) -> None:
    record = RECORDS[name]()
    Sender(ispyb.target()).send(record)
    before = {table: rows(ispyb.engine, table) for table in PROCEDURES}
    Sender(ispyb.target()).send(record)

    assert {table: rows(ispyb.engine, table) for table in PROCEDURES} == before


def test_a_strategy_is_a_chain_of_screening_rows(ispyb: Any) -> None:
    Sender(ispyb.target()).send(characterisation())

    (screening,) = rows(ispyb.engine, "Screening")
    (output,) = rows(ispyb.engine, "ScreeningOutput")
    (lattice,) = rows(ispyb.engine, "ScreeningOutputLattice")
    (strategy,) = rows(ispyb.engine, "ScreeningStrategy")
    wedges, parts = rows(ispyb.engine, "ScreeningStrategyWedge"), rows(ispyb.engine, "ScreeningStrategySubWedge")
    assert output["screeningId"] == screening["screeningId"]
    assert lattice["screeningOutputId"] == strategy["screeningOutputId"] == output["screeningOutputId"]
    assert [wedge["screeningStrategyId"] for wedge in wedges] == [strategy["screeningStrategyId"]] * 2
    assert [part["screeningStrategyWedgeId"] for part in parts] == [w["screeningStrategyWedgeId"] for w in wedges]
    assert (lattice["spaceGroup"], lattice["unitCell_c"], output["indexingSuccess"]) == ("P41212", 150.1, 1)
    assert [part["axisStart"] for part in parts] == [20.0, 200.0]


@pytest.mark.parametrize(
    ("make", "table", "told"),
    [
        (energy_scan, "EnergyScan", {"element": "Se", "peakEnergy": 12660.5, "transmissionFactor": 1.0}),
        (fluorescence, "XFEFluorescenceSpectrum", {"energy": 13500.0, "exposureTime": 10.0, "comments": "Fe, Zn"}),
    ],
)
def test_spectra_are_told(ispyb: Any, make: Any, table: str, told: dict[str, Any]) -> None:
    Sender(ispyb.target()).send(make())

    (row,) = rows(ispyb.engine, table)
    assert {column: row[column] for column in told} == told
    assert row["sessionId"] == ispyb.ids["BLSession5"]


def test_an_experiment_that_runs_is_brought_up_to_date_and_keeps_its_type(ispyb: Any) -> None:
    sender = Sender(ispyb.target())
    sender.send(running(sample="Lyso-1"))
    first = rows(ispyb.engine, "DataCollectionGroup")[0]
    assert (first["comments"], first["experimentTypeId"] is None) == (None, False)
    sender.send(rotation())

    assert written(ispyb) == dict(zip(WRITTEN, (2, 2, 3, 3, 2), strict=True))
    group = rows(ispyb.engine, "DataCollectionGroup")[0]
    assert group["comments"] == "COLLECTED: all images"
    assert (group["sessionId"], group["experimentTypeId"]) == (first["sessionId"], first["experimentTypeId"])


def test_a_later_attempt_changes_what_stands(ispyb: Any) -> None:
    whole = rotation()
    short = whole.sweeps[0].model_copy(update={"exit_status": "fail", "files": whole.sweeps[0].files[:2]})
    moved = whole.grids[0].model_copy(update={"columns": 9})
    sender = Sender(ispyb.target())
    sender.send(rotation(sweeps=(short,), verdict="FAILED", reason="fail: no beam", exit_status="fail"))
    before = dict(sender.ids)
    sender.send(rotation(attempt=2, grids=(moved, whole.grids[1])))

    collection = rows(ispyb.engine, "DataCollection")[-1]
    assert (collection["numberOfImages"], collection["runStatus"]) == (3600, "DataCollection Successful")
    assert rows(ispyb.engine, "GridInfo")[0]["steps_x"] == 9.0
    assert written(ispyb) == dict(zip(WRITTEN, (2, 2, 3, 3, 2), strict=True))
    assert before.items() <= sender.ids.items()  # also those of grids, whose procedure answers with another's


def test_comments_of_others_stay(ispyb: Any) -> None:
    sender = Sender(ispyb.target())
    sender.send(running(sample="Lyso-1"))
    with ispyb.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE DataCollectionGroup SET comments = 'looks twinned'")
    for each in (sender, sender, Sender(ispyb.target())):
        each.send(rotation())

    comments = [group["comments"] for group in rows(ispyb.engine, "DataCollectionGroup")]
    assert comments == ["looks twinned; COLLECTED: all images"] * 2


def test_words_of_ours_stand_once_and_those_of_others_to_the_letter(ispyb: Any) -> None:
    """The sample is not in ISPyB, which the group says from the beginning."""
    sender = Sender(ispyb.target())
    sender.send(running(sample="Now-1"))
    with ispyb.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE DataCollectionGroup SET comments = CONCAT(comments, '; looks twinned')")
        connection.exec_driver_sql("UPDATE DataCollection SET comments = REPEAT('x', 1023)")
    for each in (sender, Sender(ispyb.target())):
        each.send(rotation(sample="Now-1"))
    (comments,) = {group["comments"] for group in rows(ispyb.engine, "DataCollectionGroup")}
    assert comments == "sample Now-1 at 2:3 is not in ISPyB; looks twinned; COLLECTED: all images"
    assert [row["comments"] for row in rows(ispyb.engine, "DataCollection")] == ["x" * 1023] * 2 + ["dose 1.25 MGy"]


def test_comments_of_others_stay_where_they_cannot_be_read(ispyb: Any) -> None:
    sender = Sender(ispyb.target(look_up=False))
    sender.send(running(sample="Lyso-1"))
    with ispyb.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE DataCollectionGroup SET comments = 'looks twinned'")
    sender.send(rotation())
    assert {group["comments"] for group in rows(ispyb.engine, "DataCollectionGroup")} == {"looks twinned"}
