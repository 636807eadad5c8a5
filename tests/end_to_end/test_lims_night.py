"""A night whose LIMS, catalogue and exporter are killed in its middle: at its end every record is there exactly once."""

import contextlib
import json
import os
import signal
import sqlite3
import threading
from collections import Counter
from pathlib import Path

import pytest
import yaml
from icat_support import icat_running
from ispyb_support import TABLES, add_proposal, connect, make_schema
from mariadb_support import PASSWORD, mariadb_server
from night_support import Night, phase_begins, processes_about, short_profile, short_shipment
from sqlalchemy import func, select

from mxplans_lims.executed import executed_sweeps
from mxplans_lims.fold import fold_journal
from mxplans_lims.targets.ispyb.groups import groups_of

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
PROPOSAL, SESSION = "mx1234", 2
AWAY_S = 5.0


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    with mariadb_server() as database, icat_running(tmp_path_factory.mktemp("icat")) as icat:
        url = database.database("ispyb")
        engine = connect(url, PASSWORD)
        make_schema(engine)
        with engine.begin() as connection:
            add_proposal(connection)
        engine.dispose()  # its connections end with the server that is killed
        icat.start_investigation(PROPOSAL)
        yield database, icat, url, engine
        engine.dispose()


@pytest.fixture(scope="module")
def night(servers, tmp_path_factory):
    database, icat, url, _ = servers
    folder = tmp_path_factory.mktemp("lims")
    (folder / "password").write_text(PASSWORD)
    targets = {
        "mxlims": {"type": "mxlims"},
        "nxmx": {"type": "nxmx"},
        "ispyb": {
            "type": "ispyb",
            "settings": {"url": url, "password": {"file": str(folder / "password")}, "timezone": "Europe/Paris"},
        },
        "icat": {"type": "icat", "settings": {**icat.settings, "resend_after_s": 20.0}},
    }
    profile = short_profile(folder)
    settings = yaml.safe_load(profile.read_text())
    settings["lims"] |= {"targets": targets, "ids_before_collection": {"target": "ispyb", "timeout_s": 30}}
    profile.write_text(yaml.safe_dump(settings))
    shipment = short_shipment(folder, 1, 2, 3)
    content = json.loads(shipment.read_text())
    content["Shipment"]["Shipment1"] |= {"proposalCode": PROPOSAL, "sessionNumber": SESSION}
    shipment.write_text(json.dumps(content))
    running = Night(profile, shipment, folder / "night")
    running.wait_for_document(phase_begins("collect"))
    kill_followers(running.out)
    database.kill()
    icat.kill()
    threading.Event().wait(AWAY_S)
    database.start()
    icat.start()
    running.wait_for_document(phase_begins("unmount"))
    kill_followers(running.out)
    assert running.finish(240) == 0, running.text
    return running


def kill_followers(out: Path) -> None:
    """kill -9 of archive, with its Tiled server, and exporter."""
    killed = 0
    for pid in processes_about(out):
        command = Path(f"/proc/{pid}/cmdline").read_text()
        if "mxplans_lims." in command:
            os.kill(pid, signal.SIGKILL)
            killed += 1
    assert killed >= 1


def test_the_collection_did_not_notice(night):
    verdicts = {sample["name"]: sample["verdict"] for sample in night.summary()["samples"]}
    assert verdicts == {"demo-1": "COLLECTED", "demo-2": "COLLECTED", "demo-3": "EMPTY_MOUNT"}
    assert "nothing is lost" not in night.text  # everything had arrived when the command ended


def test_every_row_of_ispyb_is_there_once(night, servers):
    *_, engine = servers
    records = fold_journal(night.out / "documents.jsonl")
    sweeps = [sweep for record in records for sweep in executed_sweeps(record)]
    with engine.connect() as connection:

        def count(table):
            return connection.execute(select(func.count()).select_from(TABLES[table])).scalar_one()

        assert count("DataCollectionGroup") == sum(len(groups_of(record)) for record in records)
        assert count("DataCollection") == len(sweeps)
        assert count("GridInfo") == sum(sweep.grid is not None for sweep in sweeps)
        assert count("RobotAction") == sum(len(record.robot) for record in records)
        assert count("XrayCentringResult") == sum(len(record.crystals) for record in records) > 0


def test_the_group_was_known_before_the_first_frame(night, servers):
    *_, engine = servers
    told = [doc["data"] for name, doc in night.documents() if name == "event" and "lims_group_id" in doc["data"]]
    assert len(told) == 2  # of the samples that came to a scan
    with engine.connect() as connection:
        known = connection.execute(select(TABLES["DataCollectionGroup"].c.dataCollectionGroupId)).scalars().all()
    assert {int(each["lims_group_id"]) for each in told} <= set(known)


def test_every_dataset_of_icat_is_there_once(night, servers):
    _, icat, *_ = servers
    records = fold_journal(night.out / "documents.jsonl")
    folders = {str(Path(s.first.files[0].path).parent) for record in records for s in executed_sweeps(record)}
    assert Counter(icat.datasets(PROPOSAL)) == Counter(folders)


def test_messages_and_nexus_files_stand_beside_the_data(night):
    records = fold_journal(night.out / "documents.jsonl")
    wanted = Counter(record.item_uid for record in records)
    assert Counter(path.stem for path in (night.out / "lims/messages").iterdir()) == wanted
    assert Counter(path.name.partition(".")[0] for path in night.out.rglob("*.mxlims.json")) == wanted
    rotations = [s for record in records for s in executed_sweeps(record) if s.grid is None]
    assert len(list((night.out / "data").rglob("*.nxs"))) >= len(rotations)
    assert list(night.out.rglob("metadata.json"))


def test_every_run_is_in_the_catalogue_once(night):
    starts = [doc["uid"] for name, doc in night.documents() if name == "start"]
    with contextlib.closing(sqlite3.connect(f"file:{night.out / 'catalog.db'}?mode=ro", uri=True)) as catalogue:
        keys = Counter(key for (key,) in catalogue.execute("SELECT key FROM nodes"))
    assert {uid: keys[uid] for uid in starts} == dict.fromkeys(starts, 1)
