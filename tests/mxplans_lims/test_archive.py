"""Documents and frames go through the journal into the catalogue and come back unharmed."""

import json
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from sweeps_support import run_documents
from tiled.client import from_uri
from tiled.client.dataframe import DataFrameClient
from tiled_support import ArchiveProcess

from mxplans.errors import TargetUnreachable
from mxplans_lims.archive._catalogue import Catalogue
from mxplans_lims.journal import read_journal


@pytest.fixture(scope="module")
def archive(small_night) -> Iterator[Any]:
    with ArchiveProcess(small_night.out, "--follow") as process:
        said = process.flush()
        wanted = {"event": "caught-up", "documents": len(small_night.documents), "failed": 0, "pending": 0}
        assert said == wanted, process.log.read_text()
        yield process
        assert process.end() == 0


@pytest.fixture
def client(archive):
    client = from_uri(archive.url, api_key=archive.key)
    yield client
    client.context.close()


def of_run(night, uid: str, *names: str) -> list[dict]:
    descriptors = {d["uid"] for name, d in night.documents if name == "descriptor" and d["run_start"] == uid}
    return [
        json.loads(json.dumps(d))
        for name, d in night.documents
        if name in names and (d.get("uid") == uid or d.get("run_start") == uid or d.get("descriptor") in descriptors)
    ]


@pytest.mark.timeout(120)  # starts the server
def test_every_frame_bit_for_bit(client, small_night):
    assert len(small_night.frames) == 3 + 2  # two grids and a rotation; two grids before the beam was gone
    for uid, written in small_night.frames.items():
        read = client[uid]["primary"]["detector_image"][:]
        assert read.dtype == written.dtype
        np.testing.assert_array_equal(read, written)


def test_one_frame_of_the_second_file(client, small_night):
    uid, written = next((uid, frames) for uid, frames in small_night.frames.items() if len(frames) == 10)
    np.testing.assert_array_equal(client[uid]["primary"]["detector_image"][8], written[8])


def test_every_document(client, small_night):
    starts = [d for name, d in small_night.documents if name == "start"]
    assert len(client) == len(starts)
    for start in starts:
        served = list(client[start["uid"]].documents())
        for name in ("start", "stop"):
            assert [d for n, d in served if n == name] == of_run(small_night, start["uid"], name)
        # The archive adds a stream for each sweep, which says so of itself.
        by_uid = {d["uid"]: d for n, d in served if n == "descriptor" and "sweep" not in d["configuration"]}
        wanted = of_run(small_night, start["uid"], "descriptor")
        assert by_uid.keys() == {d["uid"] for d in wanted}
        for descriptor in wanted:
            found = by_uid[descriptor["uid"]]
            for device, configuration in descriptor["configuration"].items():
                for part in ("data", "timestamps"):
                    assert found["configuration"][device][part] == configuration[part]
            for key, data_key in descriptor["data_keys"].items():
                assert data_key.items() <= found["data_keys"][key].items()
        events = {(d["descriptor"], d["seq_num"]): d for n, d in served if n == "event"}
        wanted_events = of_run(small_night, start["uid"], "event")
        assert len(events) == len(wanted_events)
        for event in wanted_events:
            found = events[event["descriptor"], event["seq_num"]]
            for part in ("data", "timestamps", "time"):
                assert found[part] == event[part], (event, found)


def test_partial_uid_and_scan_id(client, small_night):
    start = next(d for name, d in small_night.documents if name == "start")
    assert client[start["uid"][:8]].start["uid"] == start["uid"]
    assert client[start["scan_id"]].start["uid"] == start["uid"]
    last = [d["run_start"] for name, d in small_night.documents if name == "stop"][-1]
    assert client[-1].start["uid"] == last  # the one that ended last


def test_databroker_opens_the_catalogue(archive, small_night, tmp_path: Path):
    """databroker finds catalogues by Tiled profile; its Broker is the class that the Tiled client gives for ours."""
    profile = {"night": {"uri": archive.url}}
    (tmp_path / "profiles.yml").write_text(json.dumps(profile))
    uid = next(iter(small_night.frames))
    code = f"""
import databroker
from databroker.v2 import Broker
from databroker.queries import PartialUID
catalog = databroker.catalog["night"]
assert isinstance(catalog, Broker), type(catalog)
run = catalog[{uid[:8]!r}]
assert run.start["uid"] == {uid!r}
assert len(catalog.search(PartialUID({uid[:8]!r}))) == 1
v2 = catalog.v2[{uid[:8]!r}]
assert type(v2).__name__ == "BlueskyRunV2SQL", type(v2)
documents = [[name for name, _ in each.documents()] for each in (run, v2)]
assert documents[0] == documents[1]
print(int(run["primary"]["detector_image"][:].sum()), len(catalog), documents[1].count("event"), documents[1][-1])
"""
    environment = {"TILED_PROFILES": str(tmp_path), "TILED_API_KEY": archive.key, "HOME": str(tmp_path)}
    environment |= {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=50, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    runs = sum(name == "start" for name, _ in small_night.documents)
    events = len(of_run(small_night, uid, "event"))
    assert done.stdout.split() == [str(int(small_night.frames[uid].sum())), str(runs), str(events), "stop"]


def test_key_is_needed_and_well_kept(archive, small_night):
    path = Path(archive.ready["api_key_file"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert archive.url.startswith("http://127.0.0.1:")
    assert httpx.get(f"{archive.url}/metadata/").status_code == 401
    assert httpx.get(f"{archive.url}/metadata/", headers={"Authorization": "Apikey 0000"}).status_code == 401
    assert archive.key not in archive.log.read_text()


def test_a_lost_answer_doubles_no_event(archive, small_night, monkeypatch: pytest.MonkeyPatch):
    """Rows that arrived although nobody heard of it go when the run is written anew."""
    uid = str(uuid.uuid4())
    original = next(d["uid"] for name, d in small_night.documents if name == "start")
    text = json.dumps(run_documents(small_night.documents, original), default=lambda array: array.tolist())
    documents = [(name, document) for name, document in json.loads(text.replace(original, uid))]
    catalogue = Catalogue(archive.url, lambda: archive.key)
    append = DataFrameClient.append_partition

    def unheard(self, *args):
        append(self, *args)
        monkeypatch.undo()
        raise httpx.ReadTimeout("no answer")

    monkeypatch.setattr(DataFrameClient, "append_partition", unheard)
    with pytest.raises(TargetUnreachable, match="answer to events was lost"):
        catalogue.write(documents)
    assert catalogue.held([uid, original, "other"]) == {uid: False, original: True}
    catalogue.remove(uid)
    catalogue.write(documents)
    assert catalogue.held([uid]) == {uid: True}
    client = from_uri(archive.url, api_key=archive.key)
    names = [name for name, _ in client[uid].documents()]
    assert names.count("event") == sum(name == "event" for name, _ in documents)
    client.context.close()
    catalogue.remove(uid)
    catalogue.close()


def contents(out: Path) -> dict[str, list[tuple]]:
    """Rows of all tables of the catalogue, and of the events."""
    found = {}
    for database in ("catalog.db", "catalog_tables.db"):
        with sqlite3.connect(out / database) as connection:
            tables = [name for (name,) in connection.execute("select name from sqlite_master where type='table'")]
            for table in sorted(tables):
                found[f"{database}/{table}"] = connection.execute(f'select * from "{table}"').fetchall()
        connection.close()
    return found


@pytest.fixture(scope="module")
def one_sample(make_night):
    return make_night({"Only": "COLLECTED"})


@pytest.mark.timeout(150)  # two starts of the server, on a machine that may be busy
def test_replaying_twice_changes_nothing(one_sample):
    out = one_sample.out
    rows = []
    for again in ((), ("--from-start",)):
        with ArchiveProcess(out, "--follow", *again) as process:
            assert process.flush()["documents"] == len(one_sample.documents)
            assert process.end() == 0
        rows.append(contents(out))
    assert rows[0] == rows[1]


def test_serve_takes_in_the_journal_and_ends_on_ctrl_c(make_night):
    out = make_night({"Empty": "EMPTY_MOUNT"}).out
    code = f"from pathlib import Path; from mxplans_lims.archive import serve; serve(Path({str(out)!r}))"
    with (out / "serve.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=log, text=True)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(4)]
    url = lines[1].split()[-1]
    key = (out / ".tiled-api-key").read_text()
    client = from_uri(url, api_key=key)
    assert len(client) == 1 and "stop" in client[-1].metadata
    client.context.close()
    assert key not in "".join(lines)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0, (out / "serve.log").read_text()
    process.stdout.close()


def test_port_in_use_is_said_in_one_line(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "mxplans_lims.archive", str(tmp_path), "--port", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 2
    assert f"port {port} on 127.0.0.1 cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.timeout(150)  # two starts of the server, on a machine that may be busy
def test_killed_midway_it_completes_at_the_next_start(make_night):
    night = make_night({"Only": "COLLECTED"})
    out = night.out
    lines = (out / "documents.jsonl").read_bytes().splitlines(keepends=True)
    stops = [place for place, line in enumerate(lines) if line.startswith(b'["stop"')]
    half = stops[1] - 1  # one run complete, another one at work, the last line torn
    (out / "documents.jsonl").write_bytes(b"".join(lines[:half]) + lines[half][:20])
    with ArchiveProcess(out, "--follow") as process:
        process.flush()
        with (out / "documents.jsonl").open("ab") as journal:
            journal.write(lines[half][20:] + b"".join(lines[half + 1 :]))
        complete_only = len(contents(out)["catalog.db/nodes"])
        waiting = threading.Event()
        while len(contents(out)["catalog.db/nodes"]) < complete_only + 2:
            waiting.wait(0.02)
    with ArchiveProcess(out, "--follow") as process:  # leaving the block has killed it
        said = process.flush()
        wanted = {"event": "caught-up", "documents": len(lines), "failed": 0, "pending": 0}
        assert said == wanted, process.log.read_text()
        client = from_uri(process.url, api_key=process.key)
        runs = [document["uid"] for name, document in read_journal(out / "documents.jsonl") if name == "start"]
        assert sorted(client) == sorted(runs)
        assert all("stop" in client[uid].metadata for uid in runs)
        for uid, written in night.frames.items():
            np.testing.assert_array_equal(client[uid]["primary"]["detector_image"][:], written)
        client.context.close()
        assert process.end() == 0
