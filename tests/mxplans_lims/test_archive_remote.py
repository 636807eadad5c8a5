"""A Tiled server that somebody else runs, with catalogue and events in PostgreSQL, which goes away when it pleases."""

import contextlib
import json
import secrets
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from postgres_support import Postgres, running_postgres
from tiled.client import from_uri
from tiled_support import ArchiveProcess, RemoteTiled

ROUNDS = 60


@dataclass
class Site:
    postgres: Postgres
    tiled: RemoteTiled


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with running_postgres() as postgres:
        tiled = RemoteTiled(tmp_path, tmp_path.parent, postgres.database, secrets.token_hex(16))
        yield Site(postgres, tiled)
        tiled.stop()


def runs_of(site: Site) -> int:
    found = httpx.get(f"{site.tiled.url}/search/?fields=count", headers={"Authorization": f"Apikey {site.tiled.key}"})
    count: int = found.raise_for_status().json()["meta"]["count"]
    return count


def until_nothing_waits(archive: ArchiveProcess) -> dict[str, Any]:
    patience = threading.Event()
    for _ in range(ROUNDS):
        said = archive.flush()
        if said["pending"] == 0:
            return said
        patience.wait(0.5)
    raise AssertionError(archive.log.read_text()[-3000:])


def rows_of_events(postgres: Postgres) -> int:
    """In all tables of the server's storage, those of deleted runs among them."""
    tables = [name for (name,) in postgres.ask("select tablename from pg_tables where tablename like 'table_%'")]
    return sum(int(postgres.ask(f'select count(*) from "{name}"')[0][0]) for name in tables)


def check_catalogue(catalogue: Any, night: Any) -> None:
    """Each run once and complete, each event once, each frame as written."""
    starts = [d["uid"] for name, d in night.documents if name == "start"]
    assert sorted(catalogue) == sorted(starts)
    run_of = {d["uid"]: d["run_start"] for name, d in night.documents if name == "descriptor"}
    events = Counter(run_of[d["descriptor"]] for name, d in night.documents if name == "event")
    for uid in starts:
        run = catalogue[uid]
        assert run.stop["run_start"] == uid
        names = [document_name for document_name, _ in run.documents()]
        assert names.count("event") == events[uid]
    for uid, frames in night.frames.items():
        np.testing.assert_array_equal(catalogue[uid]["primary"]["detector_image"][:], frames)


def append(out: Path, lines: Sequence[bytes]) -> None:
    with (out / "documents.jsonl").open("ab") as journal:
        journal.write(b"".join(lines))


def last_error(out: Path) -> str:
    """While the server is away."""
    state = json.loads((out / "lims" / "tiled_state.json").read_text())
    assert state["away_since"] and state["pending_runs"] > 0
    error: str = state["last_error"]
    return error


@pytest.fixture
def start_archive() -> Iterator[Callable[..., ArchiveProcess]]:
    with contextlib.ExitStack() as cleanup:
        yield lambda *args, **options: cleanup.enter_context(ArchiveProcess(*args, **options))


@pytest.mark.timeout(240)  # starts the server twice, on a machine that may be busy
def test_server_and_database_come_late_and_are_killed(
    site: Site, make_night: Any, start_archive: Callable[..., ArchiveProcess]
) -> None:
    night = make_night({"One": "COLLECTED", "Two": "EMPTY_MOUNT"})
    lines = (night.out / "documents.jsonl").read_bytes().splitlines(keepends=True)
    one, two = [n + 1 for n, line in enumerate(lines) if line.startswith(b'["stop"')][:2]  # behind so many runs
    (night.out / "documents.jsonl").write_bytes(b"".join(lines[:one]))
    remote = ("--follow", "--url", site.tiled.url)
    key_file = night.out / "key"
    key_file.write_text("a" * 32)

    site.tiled.start()
    archive = start_archive(night.out, *remote, "--api-key-file", str(key_file))
    site.tiled.wait()
    assert archive.flush() == {"event": "caught-up", "documents": one, "failed": 0, "pending": 1}
    assert "401" in last_error(night.out)  # a wrong key, which somebody puts right
    key_file.write_text(site.tiled.key)
    assert until_nothing_waits(archive)["failed"] == 0

    site.postgres.stop(signal.SIGQUIT)  # the database alone
    append(night.out, lines[one:two])
    assert archive.flush()["pending"] == 1
    assert "500" in last_error(night.out)
    site.postgres.start()
    assert until_nothing_waits(archive)["failed"] == 0

    append(night.out, lines[two:])
    patience = threading.Event()
    while runs_of(site) < 3:  # the third is being written
        patience.wait(0.02)
    site.tiled.stop(signal.SIGKILL)
    site.postgres.stop(signal.SIGQUIT)
    assert archive.flush()["pending"] > 0  # and it lives
    assert "ConnectError" in last_error(night.out)
    site.tiled.start()  # before its database, which must not matter
    site.postgres.start()
    site.tiled.wait()
    assert until_nothing_waits(archive)["failed"] == 0

    catalogue = from_uri(site.tiled.url, api_key=site.tiled.key)
    check_catalogue(catalogue, night)
    catalogue.context.close()
    assert rows_of_events(site.postgres) == sum(name == "event" for name, _ in night.documents)
    assert site.tiled.key not in archive.log.read_text() + (night.out / "lims" / "tiled_state.json").read_text()
    assert archive.end() == 0
