"""Whole records at a real server: every row once, whatever happens on the way."""

from importlib.metadata import entry_points
from typing import Any

import pytest
from expeye_server import ExpeyeServer, Fault
from lims_record_parts import asked
from lims_records import RECORDS, characterisation, delivery, energy_scan, failed, mad, rotation, running, unattended
from pydantic import ValidationError
from step_sender import Sender

from mxplans.errors import TargetRefused, TargetUnreachable
from mxplans_lims.delivery import Step, Target
from mxplans_lims.records import SampleRecord
from mxplans_lims.targets.expeye import ExpeyeSettings, ExpeyeTarget

ROTATION = {"robot-actions": 2, "data-groups": 2, "data-collections": 3, "position": 3, "grids": 2}


def with_prefix(prefix: str) -> SampleRecord:
    """A record whose prefix somebody has made longer than a queue would take it."""
    (turn,) = rotation().sweeps
    return rotation(sweeps=(turn.model_copy(update={"sweep": {**turn.sweep, "prefix": prefix}}),))


def test_it_is_found_by_its_entry_point(target: ExpeyeTarget) -> None:
    (found,) = entry_points(group="mxplans.lims_targets", name="expeye")
    assert found.load() is ExpeyeTarget
    assert isinstance(target, Target)


def test_a_record_becomes_rows_that_hang_together(server: ExpeyeServer, target: ExpeyeTarget) -> None:
    Sender(target).send(rotation())

    assert server.counts() == ROTATION
    mesh, turn = server.rows["data-groups"].values()
    assert (mesh["experimentType"], turn["experimentType"]) == ("Mesh3D", "OSC")
    assert mesh["proposal"] == "mx1234" and mesh["session"] == 5
    assert "COLLECTED: all images; sample Lyso-1 at 2:3 is not in ISPyB; mxplans " in turn["comments"]

    (collection,) = (
        row
        for row in server.rows["data-collections"].values()
        if row["dataCollectionGroupId"] == turn["dataCollectionGroupId"]
    )
    told = {name: collection[name] for name in ("numberOfImages", "axisStart", "axisEnd", "axisRange", "transmission")}
    assert told == {"numberOfImages": 3600, "axisStart": 0.0, "axisEnd": 360.0, "axisRange": 0.1, "transmission": 49.0}
    assert collection["imageDirectory"] == "/data/night/data/Lyso-1/Lyso-1_osc/"
    assert collection["runStatus"] == "DataCollection Successful"
    assert server.rows["position"][collection["positionId"]]["posX"] == 0.11
    grid = next(iter(server.rows["grids"].values()))
    assert (grid["dx"], grid["dy"], grid["stepsX"], grid["stepsY"]) == (0.02, 0.01, 8, 6)
    load, unload = server.rows["robot-actions"].values()
    assert (load["actionType"], load["status"], unload["actionType"]) == ("LOAD", "SUCCESS", "UNLOAD")


def test_times_are_those_of_the_site(server: ExpeyeServer, settings: dict[str, Any]) -> None:
    target = ExpeyeTarget("lims", ExpeyeSettings(**settings | {"timezone": "Europe/Paris"}))
    Sender(target).send(rotation())
    target.close()

    load = server.rows["robot-actions"][101]
    assert load["startTimestamp"] == "2026-11-25T21:00:01"  # 20:00:01 UTC, in winter


@pytest.mark.parametrize("name", RECORDS)
def test_a_second_replay_adds_nothing(server: ExpeyeServer, target: ExpeyeTarget, name: str) -> None:
    record = RECORDS[name]()
    Sender(target).send(record)
    rows = {table: {number: dict(row) for number, row in found.items()} for table, found in server.rows.items()}
    Sender(target).send(record)

    assert server.rows == rows


@pytest.mark.parametrize("what", ["cut after", "silent after", "500", "429", "cut before", "html"])
def test_every_row_is_made_once_though_every_answer_is_lost(
    server: ExpeyeServer, target: ExpeyeTarget, what: Any
) -> None:
    """The first attempt at each row fails, whether or not the server has written it."""
    sender = Sender(target)
    total = sum(ROTATION.values())
    server.faults = [Fault(what, path=f"/{table}$") for table, count in ROTATION.items() for _ in range(count)]
    sender.send(rotation(), tries=5)

    assert server.counts() == ROTATION
    assert len(sender.failures) == total


def test_rows_are_found_on_the_last_page_of_a_long_session(server: ExpeyeServer, target: ExpeyeTarget) -> None:
    server.page_limit = 2
    others = [mad(sample=f"Se-{number}") for number in range(5)]
    for record in (*others, rotation(), rotation()):
        Sender(target).send(record)

    assert len(server.rows["data-groups"]) == len(others) + 2


def test_an_experiment_that_runs_is_brought_up_to_date(server: ExpeyeServer, target: ExpeyeTarget) -> None:
    sender = Sender(target)
    sender.send(running(sample="Lyso-1"))
    assert server.counts() == {"robot-actions": 1, "data-groups": 2, "data-collections": 2, "position": 2, "grids": 2}
    assert "COLLECTED" not in server.rows["data-groups"][101]["comments"]
    sender.send(rotation())

    assert server.counts() == ROTATION
    assert "; COLLECTED: all images" in server.rows["data-groups"][101]["comments"]


def test_a_later_attempt_changes_what_stands(server: ExpeyeServer, target: ExpeyeTarget) -> None:
    whole = rotation()
    short = whole.sweeps[0].model_copy(update={"exit_status": "fail", "files": whole.sweeps[0].files[:2]})
    sender = Sender(target)
    sender.send(rotation(sweeps=(short,), verdict="FAILED", reason="fail: no beam", exit_status="fail"))
    collection = list(server.rows["data-collections"].values())[-1]
    assert (collection["numberOfImages"], collection["runStatus"]) == (2000, "DataCollection Unsuccessful")
    sender.send(rotation(attempt=2))

    assert server.counts() == ROTATION
    assert (collection["numberOfImages"], collection["runStatus"]) == (3600, "DataCollection Successful")


def test_comments_of_others_stay(server: ExpeyeServer, target: ExpeyeTarget) -> None:
    sender = Sender(target)
    sender.send(running(sample="Lyso-1"))
    server.rows["data-groups"][101]["comments"] += "; looks twinned"
    sender.send(rotation())
    Sender(target).send(rotation())

    comments = server.rows["data-groups"][101]["comments"]
    assert comments.count("looks twinned") == comments.count("COLLECTED: all images") == comments.count("mxplans ") == 1


def test_a_sample_that_ispyb_knows_is_named_and_gets_its_state(server: ExpeyeServer, target: ExpeyeTarget) -> None:
    server.rows["samples"][4711] = {"blSampleId": 4711}
    record = rotation()
    pin = record.objects["Pin"] | {"identifiers": {"ispyb.example.org": "4711"}}
    Sender(target).send(record.model_copy(update={"objects": record.objects | {"Pin": pin}}))

    assert server.rows["samples"][4711]["blSampleStatus"] == "COLLECTED"
    assert {row["sampleId"] for row in server.rows["data-groups"].values()} == {4711}
    assert {row["sampleId"] for row in server.rows["robot-actions"].values()} == {4711}
    assert "is not in ISPyB" not in server.rows["data-groups"][101]["comments"]


def test_what_has_no_route_is_left_out_and_a_site_may_give_one(server: ExpeyeServer, settings: dict[str, Any]) -> None:
    fields = {name: name for name in ("element", "startEnergy", "endEnergy", "startTime", "endTime", "peakEnergy")}
    path = "/proposals/{proposal}/sessions/{session}/energy-scans"
    given = {"EnergyScan": {"create": path, "row": "/energy-scans/{id}", "id_field": "energyScanId", "fields": fields}}
    for routes, count in (({}, 0), (given, 1)):
        target = ExpeyeTarget("lims", ExpeyeSettings(**settings, routes=routes))
        for _ in range(2):
            Sender(target).send(energy_scan())
        target.close()
        assert len(server.rows["energy-scans"]) == count
    assert server.rows["energy-scans"][101]["peakEnergy"] == 12660.5


def test_crystals_are_told_apart_by_their_place_where_a_site_takes_them(
    server: ExpeyeServer, settings: dict[str, Any]
) -> None:
    centring = {"status": "status", "xrayCentringType": "xrayCentringType"}
    result = {"status": "status", "totalCount": "totalCount"}
    ways = {
        "XrayCentring": ("/data-groups/{parent}/xray-centrings", "DataCollectionGroup", "xrayCentringId", centring),
        "XrayCentringResult": ("/xray-centrings/{parent}/results", "XrayCentring", "xrayCentringResultId", result),
    }
    routes = {
        table: {"create": path, "parent": parent, "id_field": id_field, "fields": fields}
        for table, (path, parent, id_field, fields) in ways.items()
    }
    target = ExpeyeTarget("lims", ExpeyeSettings(**settings, routes=routes))
    for _ in range(2):
        Sender(target).send(rotation())
    target.close()

    assert server.counts() == ROTATION | {"xray-centrings": 1, "results": 2}
    assert [row["totalCount"] for row in server.rows["results"].values()] == [900.0, 450.0]


def test_a_site_adds_and_removes_fields(server: ExpeyeServer, settings: dict[str, Any]) -> None:
    fields = {"rotationAxis": "rotationAxis", "imageContainerSubPath": "imageContainerSubPath", "flux": None}
    target = ExpeyeTarget("lims", ExpeyeSettings(**settings, routes={"DataCollection": {"fields": fields}}))
    Sender(target).send(rotation())
    target.close()

    collection = server.rows["data-collections"][101]
    assert (collection["rotationAxis"], collection["imageContainerSubPath"]) == ("Omega", "/entry/data/data")
    assert "flux" not in collection and collection["wavelength"] == pytest.approx(0.97623, abs=1e-5)


def test_a_server_of_another_version_is_told_from_a_wrong_record(
    server: ExpeyeServer, settings: dict[str, Any], target: ExpeyeTarget
) -> None:
    server.faults.append(Fault("no id", path="/data-groups$"))
    with pytest.raises(TargetUnreachable, match="without dataCollectionGroupId, it has status.*another version"):
        Sender(target).send(rotation(), tries=1)
    other = ExpeyeTarget(
        "lims", ExpeyeSettings(**settings, routes={"GridInfo": {"create": "/data-collections/{parent}/meshes"}})
    )
    with pytest.raises(TargetUnreachable, match="no such route, it may be of another version"):
        Sender(other).send(rotation(), tries=1)
    other.close()
    with pytest.raises(ValidationError, match="the route of GridInfo is no whole one: creates: "):
        ExpeyeSettings(**settings, routes={"GridInfo": {"creates": "/x"}})


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (rotation(lims={"proposal": "mx99", "session": 5}), "Proposal mx99 not found"),
        (rotation(lims={"proposal": "mx1234", "session": 77}), "Session 77 of mx1234 not found"),
        (with_prefix("S" * 46), "body.imagePrefix: String should have at most 45 characters"),
        (failed(robot=(failed().robot[0].model_copy(update={"action": "THROW"}),)), "one of LOAD, UNLOAD"),
    ],
)
def test_what_the_server_cannot_take_is_refused_with_its_reason(target: ExpeyeTarget, record: Any, told: str) -> None:
    with pytest.raises(TargetRefused) as raised:
        Sender(target).send(record)
    assert told in str(raised.value)


def test_an_experiment_type_is_told_in_the_words_of_the_site(server: ExpeyeServer, settings: dict[str, Any]) -> None:
    target = ExpeyeTarget("lims", ExpeyeSettings(**settings, experiment_types={"Mesh3D": "Mesh"}))
    Sender(target).send(rotation())
    target.close()
    assert server.rows["data-groups"][101]["experimentType"] == "Mesh"


def test_a_row_is_not_sent_before_the_one_it_hangs_on(target: ExpeyeTarget) -> None:
    step = next(step for step in target.steps(delivery(rotation())) if step.key.startswith("collection/"))
    with pytest.raises(TargetUnreachable, match="hangs on group/.*not there yet"):
        target.send(step, {})


def test_steps_are_pure_and_plain(target: ExpeyeTarget, server: ExpeyeServer) -> None:
    first, second = (list(target.steps(delivery(characterisation()))) for _ in range(2))
    assert first == second
    assert [Step(step.key, dict(step.payload)) for step in first] == first
    assert len({step.key for step in first}) == len(first)
    assert server.asked == []


def test_a_sweep_nobody_asked_for_has_a_row_of_its_own(server: ExpeyeServer, target: ExpeyeTarget) -> None:
    record = rotation()
    extra = record.sweeps[0].model_copy(update={"run_uid": "another", "sweep": asked("extra").to_json()})
    Sender(target).send(record.model_copy(update={"sweeps": (*record.sweeps, extra)}))
    assert server.counts()["data-collections"] == ROTATION["data-collections"] + 1


@pytest.mark.parametrize(
    "given",
    [
        {"url": "ftp://x", "timezone": "Etc/UTC"},
        {"url": "http://x", "timezone": "Nowhere/Here"},
        {"url": "http://x", "timezone": "Etc/UTC", "a": 1},
    ],
)
def test_a_profile_that_cannot_be_meant_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="url|no time zone|Extra"):
        ExpeyeSettings(**given)


def test_words_of_ours_are_shortened_and_our_uid_is_not(server: ExpeyeServer, target: ExpeyeTarget) -> None:
    told = failed().robot[0].model_copy(update={"message": "x" * 400})
    Sender(target).send(rotation(reason="y" * 2000, robot=(told,)))
    Sender(target).send(rotation(reason="y" * 2000, robot=(told,)))

    assert server.counts() == ROTATION | {"robot-actions": 1}
    assert len(server.rows["robot-actions"][101]["message"]) == 255
    assert len(server.rows["data-groups"][101]["comments"]) == 1024


def test_a_server_that_lists_nothing_can_be_written_to(server: ExpeyeServer, settings: dict[str, Any]) -> None:
    target = ExpeyeTarget("lims", ExpeyeSettings(**settings, look_up=False))
    sender = Sender(target)
    sender.send(running(sample="Lyso-1"))
    server.rows["data-groups"][101]["comments"] = "looks twinned"
    sender.send(rotation())
    target.close()

    assert server.counts() == ROTATION
    assert {method for method, _ in server.asked} == {"POST", "PATCH"}
    assert server.rows["data-groups"][101]["comments"] == "looks twinned"
    assert server.rows["data-collections"][103]["comments"] == "dose 1.25 MGy"


THEN = {"beamLineName": "sim", "startDate": "2026-11-25T20:00:00", "endDate": "2026-11-26T09:00:00+00:00"}
BEFORE = {"beamLineName": "sim", "startDate": "2026-11-20 09:00:00", "endDate": "2026-11-25 19:59:59"}


def test_an_unattended_shipment_gets_the_session_of_its_beamline_and_time(
    server: ExpeyeServer, target: ExpeyeTarget
) -> None:
    server.times.update({5: BEFORE, 6: THEN})
    sender = Sender(target)
    for record in (running(sample="Lyso-1", lims={**unattended().lims}, objects=unattended().objects), unattended()):
        sender.send(record)
    assert server.counts() == ROTATION
    assert {group["session"] for group in server.rows["data-groups"].values()} == {6}


def test_an_unattended_shipment_without_one_session_says_which_there_are(
    server: ExpeyeServer, settings: dict[str, Any], target: ExpeyeTarget
) -> None:
    server.times.update({5: BEFORE, 6: {**THEN, "beamLineName": "i00"}})
    with pytest.raises(TargetRefused, match=r"none is at sim at 2026-11-25 20:00:00.*5 \(sim.*6 \(i00"):
        Sender(target).send(unattended())
    with pytest.raises(TargetRefused, match="Proposal mx99 not found"):
        Sender(target).send(unattended(lims={"proposal": "mx99"}))
    with pytest.raises(TargetUnreachable, match="session, which is not found yet"):
        target.send(target.steps(delivery(unattended()))[1], {})
    blind = ExpeyeTarget("lims", ExpeyeSettings(**settings, look_up=False))
    with pytest.raises(TargetRefused, match="without `look_up` none is looked up"):
        Sender(blind).send(unattended())
    blind.close()
    told = ExpeyeTarget("lims", ExpeyeSettings(**settings, look_up=False, session=5))
    Sender(told).send(unattended())
    told.close()
    assert {group["session"] for group in server.rows["data-groups"].values()} == {5}
