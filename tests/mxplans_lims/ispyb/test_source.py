"""What waits in ISPyB becomes messages that a queue takes and the schema knows, in the units of both."""

import json
from datetime import datetime

import pytest
from ispyb_support import add, add_sample
from mxlims_support import needs_schemas, validator
from sqlalchemy import text

from mxplans.errors import InvalidInput, InvalidMessage, TargetUnreachable
from mxplans.model.checks import check_message
from mxplans.model.extensions import DOMAIN
from mxplans.model.message import parse_message, read_message
from mxplans.model.queue import build_queue
from mxplans.model.sweeps import Sweep
from mxplans_lims.sources.fetching import fetch, source_of
from mxplans_lims.sources.source import SampleSource

DEFAULT = Sweep(number_images=1800, image_width_deg=0.2, exposure_s=0.02, transmission_frac=0.1)
PLAN = {
    "experimentKind": "OSC",
    "centringMethod": "xray",
    "collectionMode": "auto",
    "priority": 3,
    "aimedResolution": 1.6,
    "requiredResolution": 2.0,
    "exposureTime": 0.01,
    "axisStart": 10.0,
    "axisRange": 0.1,
    "numberOfImages": 3600,
    "kappaStart": 30.0,
    "energy": 12700.0,
    "transmission": 0.25,
    "preferredBeamSizeX": 50.0,
    "preferredBeamSizeY": 20.0,
    "aimedCompleteness": 98.0,
    "radiationSensitivity": 0.5,
}


@pytest.fixture
def waits(ispyb):
    """The puck is queued with a plan for one sample; of the pin with several positions two are taken."""
    ids = ispyb.ids
    with ispyb.engine.begin() as connection:
        connection.execute(text("DELETE FROM BLSample"))
        ids["plan"] = add(
            connection, "DiffractionPlan", **PLAN, strategyOption=json.dumps({"mxplans": {"order": "gs"}})
        )
        ids["one"] = add_sample(connection, ids, "Lyso #1", location="1", diffractionPlanId=ids["plan"])
        ids["bare"] = add_sample(connection, ids, "Lyso-2", location="2")
        for position in (1, 4):
            more = {"code": "PIN-M", "location": "5", "subLocation": position}
            add_sample(connection, ids, f"Many-{position}", **more, diffractionPlanId=ids["plan"])
        ids["queue"] = add(connection, "ContainerQueue", containerId=ids["Container"])
    return ispyb


def asked(waits, **more):
    settings = waits.settings(**more)
    settings.pop("timezone")
    return source_of("ispyb", settings).waiting()


def test_source_is_one(waits):
    settings = waits.settings()
    settings.pop("timezone")
    assert isinstance(source_of("ispyb", settings), SampleSource)


def test_message_of_a_container(waits):
    waiting = asked(waits)
    assert waiting.refused == ()
    (work,) = waiting.work
    assert work.name == f"PUCK-7-{waits.ids['queue']}"
    message = parse_message(work.message, "ISPyB")
    assert check_message(message) == ()
    assert {kind: len(objects) for kind, objects in work.message.items() if kind != "version"} == {
        "Shipment": 1,
        "Dewar": 1,
        "Puck": 1,
        "Pin": 2,
        "MultiPin": 1,
        "PinPosition": 2,
        "Macromolecule": 1,
        "MacromoleculeSample": 4,
        "MxExperiment": 4,
        "CollectionSweep": 3,
    }
    assert {experiment.job_status for experiment in message.mx_experiments.values()} == {"Ready"}
    items = build_queue(message, DEFAULT)
    assert [(item.sample_name, item.location.puck, item.location.pin, item.position_in_pin) for item in items] == [
        ("Lyso_1", 2, 1, None),
        ("Lyso-2", 2, 2, None),
        ("Many-1", 2, 5, 1),
        ("Many-4", 2, 5, 4),
    ]
    assert items[0].objects["Shipment"]["proposalCode"] == "mx1234"


@needs_schemas
def test_message_follows_the_published_schema(waits):
    (work,) = asked(waits).work
    assert [error.message for error in validator("messages/MxlimsMessage.json").iter_errors(work.message)] == []


def test_plan_in_the_units_of_the_queue(waits):
    (work,) = asked(waits).work
    first, bare, *_ = build_queue(parse_message(work.message, "ISPyB"), DEFAULT)
    (sweep,) = first.asked
    assert sweep.energy_ev == pytest.approx(12700.0)
    assert sweep.transmission_frac == pytest.approx(0.25)  # a fraction in the plan, 25 % in MXLIMS
    assert (sweep.exposure_s, sweep.image_width_deg) == (pytest.approx(0.01), pytest.approx(0.1))
    assert (sweep.number_images, sweep.omega_start_deg, sweep.kappa_deg) == (3600, 10.0, 30.0)
    assert sweep.resolution_a == pytest.approx(1.6)
    assert sweep.prefix == "Lyso_1"
    assert first.experiment.priority == 3
    assert first.experiment.required_resolution == pytest.approx(2.0)
    assert first.experiment.extensions[DOMAIN] == {"centring": "xray", "order": "gs"}
    assert first.experiment.extensions[f"ispyb.{DOMAIN}"]["preferredBeamSize"] == pytest.approx([0.05, 0.02])
    assert first.experiment.expected_space_group_name == "P43212"
    # Without a plan the beamline's own sweep is taken.
    assert bare.asked[0].number_images == DEFAULT.number_images


def test_experiment_of_a_sample_leads_back_to_it(waits):
    (work,) = asked(waits).work
    sample = work.message["MacromoleculeSample"]["MacromoleculeSample1"]
    assert sample["identifiers"] == {f"ispyb.{DOMAIN}": str(waits.ids["one"])}


def test_asking_again_gives_the_same_and_queueing_again_another_experiment(waits):
    first, again = asked(waits), asked(waits)
    assert first == again
    with waits.engine.begin() as connection:
        connection.execute(text("UPDATE ContainerQueue SET completedTimeStamp = '2026-11-25 12:00:00'"))
    assert asked(waits).work == ()
    with waits.engine.begin() as connection:
        add(connection, "ContainerQueue", containerId=waits.ids["Container"], createdTimeStamp=datetime(2026, 11, 26))
    (other,) = asked(waits).work
    uuids = [
        {experiment["uuid"] for experiment in work.message["MxExperiment"].values()} for work in (first.work[0], other)
    ]
    assert not uuids[0] & uuids[1]


def test_session_of_a_container(waits):
    with waits.engine.begin() as connection:
        assert "sessionNumber" not in asked(waits).work[0].message["Shipment"]["Shipment1"]
        connection.execute(text(f"UPDATE Container SET sessionId = {waits.ids['BLSession2']}"))
    assert asked(waits).work[0].message["Shipment"]["Shipment1"]["sessionNumber"] == 2


def test_only_samples_that_were_queued_by_name(waits):
    with waits.engine.begin() as connection:
        other = add(connection, "DiffractionPlan", **{**PLAN, "numberOfImages": 900})
        add(
            connection,
            "ContainerQueueSample",
            containerQueueId=waits.ids["queue"],
            blSampleId=waits.ids["bare"],
            dataCollectionPlanId=other,
        )
    (work,) = asked(waits).work
    (item,) = build_queue(parse_message(work.message, "ISPyB"), DEFAULT)
    assert (item.sample_name, item.number_images) == ("Lyso-2", 900)


def test_only_containers_of_the_beamline(waits):
    assert asked(waits, beamline_name="i99").work == ()
    with waits.engine.begin() as connection:
        connection.execute(text("UPDATE Container SET beamlineLocation = 'i99'"))
    assert len(asked(waits, beamline_name="i99").work) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE BLSample SET location = 'left'", r"container PUCK-7, sample .*location is 'left'; allowed is a whole"),
        ("UPDATE DiffractionPlan SET strategyOption = 'fast'", "strategyOption is 'fast'; allowed is a JSON object"),
        ("DELETE FROM BLSample", "container PUCK-7 holds no sample"),
        ("UPDATE DiffractionPlan SET transmission = 40", "PUCK-7 does not follow MXLIMS .*transmission"),
    ],
)
def test_container_that_cannot_be_taken_does_not_hold_up_the_others(waits, tmp_path, change, words):
    with waits.engine.begin() as connection:
        connection.execute(text(change))
        good = add(connection, "Container", dewarId=waits.ids["Dewar"], barcode="PUCK-8", sampleChangerLocation="3")
        add_sample(connection, {**waits.ids, "Container": good}, "Good", location="1")
        add(connection, "ContainerQueue", containerId=good)
    waiting = asked(waits)
    assert [work.message["Puck"]["Puck1"]["barcode"] for work in waiting.work] == ["PUCK-8"]
    settings = waits.settings()
    settings.pop("timezone")
    with pytest.raises(InvalidMessage, match=f"1 of 2 containers cannot be taken: .*{words}"):
        fetch("ispyb", settings, tmp_path / "fetched")
    (path,) = (tmp_path / "fetched").iterdir()
    assert read_message(path).pins


def test_fetched_files(waits, tmp_path):
    settings = waits.settings()
    settings.pop("timezone")
    paths = fetch("ispyb", settings, tmp_path / "fetched")
    assert paths == [tmp_path / "fetched" / f"PUCK-7-{waits.ids['queue']}.json"]
    bytes_before = paths[0].read_bytes()
    assert fetch("ispyb", settings, tmp_path / "fetched") == paths
    assert paths[0].read_bytes() == bytes_before
    assert len(build_queue(read_message(paths[0]), DEFAULT)) == 4
    # The same folder is a source itself.
    again = source_of("files", {"folder": str(tmp_path / "fetched")}).waiting()
    assert [work.name for work in again.work] == [paths[0].stem]
    assert again.work[0].message == json.loads(bytes_before)


def test_folder_with_what_is_done_and_what_is_broken(waits, tmp_path):
    (work,) = asked(waits).work
    done = {**work.message, "MxExperiment": {}}
    for key, experiment in work.message["MxExperiment"].items():
        done["MxExperiment"][key] = {**experiment, "jobStatus": "Completed"}
    (tmp_path / "done.json").write_text(json.dumps(done))
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "todo.json").write_text(json.dumps(work.message))
    waiting = source_of("files", {"folder": tmp_path}).waiting()
    assert [work.name for work in waiting.work] == ["todo"]
    assert len(waiting.refused) == 1 and "broken.json" in waiting.refused[0]


def test_sources_that_are_not_there(tmp_path):
    with pytest.raises(InvalidInput, match="allowed is one of files, ispyb"):
        source_of("nowhere", {})
    with pytest.raises(InvalidInput, match="sample source ispyb: url: "):
        source_of("ispyb", {})
    with pytest.raises(TargetUnreachable, match="cannot be read"):
        source_of("files", {"folder": tmp_path / "none"}).waiting()
    with pytest.raises(TargetUnreachable, match="is not there"):
        source_of("ispyb", {"url": f"sqlite:///{tmp_path / 'none'}"}).waiting()
