"""kill -9 of the plan process and of those that export, and servers that are away for minutes: what was lost or doubled.

A real RunEngine writes experiments into a journal; MariaDB with ISPyB's tables, ICAT's broker, ingester and REST server,
and Tiled run on loopback.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from icat_support import Icat, icat_running
from ispyb_support import TABLES, add_proposal, connect, make_schema
from mariadb_support import PASSWORD, MariaDb, mariadb_server
from sqlalchemy import func, select
from tiled.client import from_uri

from mxplans.app.services import ServiceProcess
from mxplans_lims.executed import executed_sweeps
from mxplans_lims.fold import fold_journal
from mxplans_lims.journal import read_journal
from mxplans_lims.nxmx import nexus_path
from support.lims_items import PROPOSAL, SESSION
from support.meter import Meter

SEED = 11
PAUSE_S = 0.5
AWAY_S = 120.0
"""How long each server is away."""
UP_TIMEOUT_S = 120.0
END_TIMEOUT_S = 900.0
RESEND_S = 60.0
"""The mock broker keeps messages in memory: what it held when it was killed is sent again."""


def kills(meter: Meter, number: int = 100, experiments: int = 100, away_s: float = AWAY_S) -> None:
    """Kill so many times while so many experiments are done, then let all come to an end and count.

    Args:
        meter: Takes the figures.
        number: Of kills, half of the plan process, the others of exporter and archive.
        experiments: To be done.
        away_s: How long each server is away.
    """
    dice = random.Random(SEED)
    with contextlib.ExitStack() as cleanup:
        folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory()))
        database = cleanup.enter_context(mariadb_server())
        (folder / "icat").mkdir()
        icat = cleanup.enter_context(icat_running(folder / "icat"))
        icat.start_investigation(PROPOSAL, datetime.now(UTC))
        night = _Night(folder / "night", database, icat, experiments)
        cleanup.callback(night.stop)
        outages = threading.Thread(target=_outages, args=(database, icat, away_s), name="outages")
        outages.start()
        victims = itertools.cycle(("plan", "exporter", "plan", "archive"))
        for _ in range(number):
            night.kill(next(victims), dice.uniform(0.2, 3.0))
        meter.figure("kills", number, "kills of plan process, exporter and archive")
        outages.join()
        night.finish()
        _account(meter, night, icat)


def _outages(database: MariaDb, icat: Icat, away_s: float) -> None:
    """One server after the other is killed, and comes back after a while."""
    wait = threading.Event().wait
    wait(10.0)
    for kill, start in (
        (database.kill, database.start),
        (lambda: icat.kill("rest"), lambda: icat.start("rest")),
        (lambda: icat.kill("broker", "ingester"), lambda: icat.start("broker", "ingester")),
    ):
        kill()
        wait(away_s)
        start()
        wait(5.0)


class _Night:
    """Plan process, exporter and archive over one folder; whatever has died is started again."""

    def __init__(self, out: Path, database: MariaDb, icat: Icat, experiments: int) -> None:
        self.out = out
        self._database = database
        self.experiments = experiments
        self.reported: Counter[str] = Counter()
        """Documents that the plan process said were taken."""
        self._processes: dict[str, ServiceProcess | subprocess.Popen[str]] = {}
        self._readers: list[threading.Thread] = []
        (out / "lims").mkdir(parents=True)
        (out / "logs").mkdir()
        self.url, self._targets = _targets(out, database, icat)
        (out / "lims" / "targets.json").write_text(json.dumps(self._targets))
        for name in ("exporter", "archive", "plan"):
            self._start(name)

    def kill(self, name: str, after_s: float) -> None:
        """End it at once, after it has worked for so long; a plan process that has done all stands for the exporter."""
        self._wait_until_works(name)
        threading.Event().wait(after_s)
        process = self._processes[name]
        if isinstance(process, subprocess.Popen) and process.poll() == 0:
            self.kill("exporter", 0.0)
            return
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            os.kill(process.pid, signal.SIGKILL)
        self._end(name)
        self._start(name)

    def finish(self) -> None:
        """Let the plans come to their end, and everything arrive."""
        plan = self._processes["plan"]
        while isinstance(plan, subprocess.Popen) and plan.wait(END_TIMEOUT_S) != 0:
            self._end("plan")
            self._start("plan")
            plan = self._processes["plan"]
        self._end("plan")
        end_s = time.monotonic() + END_TIMEOUT_S
        exporter = self._processes["exporter"]
        while isinstance(exporter, ServiceProcess):
            exporter.tell("flush")
            if exporter.wait_for("caught-up", END_TIMEOUT_S)["pending"] == 0 or time.monotonic() > end_s:
                break
            self._end("exporter")
            threading.Event().wait(5.0)
            self._start("exporter")
            exporter = self._processes["exporter"]
            exporter.wait_for("ready", UP_TIMEOUT_S) if isinstance(exporter, ServiceProcess) else None
        archive = self._processes["archive"]
        if isinstance(archive, ServiceProcess):
            archive.wait_for("ready", UP_TIMEOUT_S)
            archive.tell("flush")
            archive.wait_for("caught-up", END_TIMEOUT_S)

    @contextlib.contextmanager
    def catalogue(self) -> Iterator[Any]:
        """A client of the Tiled server."""
        archive = self._processes["archive"]
        if not isinstance(archive, ServiceProcess):
            raise TypeError("there is no archive")
        ready = archive.wait_for("ready", UP_TIMEOUT_S)
        yield from_uri(ready["url"], api_key=Path(ready["api_key_file"]).read_text())

    def replay(self) -> str:
        """Export the journal to an empty database, with nothing killed; its address."""
        url = _empty_ispyb(self._database, "clean")
        clean = self.out.parent / "clean"
        (clean / "lims").mkdir(parents=True)
        (clean / "documents.jsonl").symlink_to(self.out / "documents.jsonl")
        told = {"ispyb": {**self._targets["ispyb"], "settings": {**self._targets["ispyb"]["settings"], "url": url}}}
        (clean / "lims" / "targets.json").write_text(json.dumps(told))
        command = [sys.executable, "-m", "mxplans_lims.exporter", str(clean), "--once"]
        subprocess.run(command, check=True, timeout=END_TIMEOUT_S)
        return url

    def stop(self) -> None:
        """End all."""
        for name in tuple(self._processes):
            self._end(name)
        for reader in self._readers:
            reader.join()

    def _start(self, name: str) -> None:
        if name == "plan":
            command = [sys.executable, "-m", "support.lims_items", str(self.out), "--items", str(self.experiments)]
            command += ["--pause", str(PAUSE_S)]
            with (self.out / "logs" / "plan.log").open("ab") as log:
                plan = subprocess.Popen(
                    command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=Path(__file__).parents[1]
                )
            self._processes[name] = plan
            self._readers.append(threading.Thread(target=self._read, args=(plan,), name="plan output"))
            self._readers[-1].start()
            return
        command = [sys.executable, "-m", f"mxplans_lims.{name}", str(self.out), "--follow"]
        self._processes[name] = ServiceProcess(name, command, self.out / "logs" / f"{name}.log")

    def _read(self, plan: subprocess.Popen[str]) -> None:
        for line in plan.stdout or ():
            if line.endswith("\n") and " " in line:
                self.reported[line.split()[1]] += 1

    def _wait_until_works(self, name: str) -> None:
        process = self._processes[name]
        if isinstance(process, ServiceProcess):
            process.wait_for("ready", UP_TIMEOUT_S)
            return
        told, end_s = self.reported.total(), time.monotonic() + UP_TIMEOUT_S
        while self.reported.total() == told and process.poll() is None and time.monotonic() < end_s:
            threading.Event().wait(0.05)

    def _end(self, name: str) -> None:
        process = self._processes.pop(name)
        if isinstance(process, ServiceProcess):
            process.stop(30.0)
            return
        process.kill() if process.poll() is None else None
        process.wait()


def _targets(out: Path, database: MariaDb, icat: Icat) -> tuple[str, dict[str, Any]]:
    """An empty ISPyB with a proposal, and what the exporter is told of all targets."""
    url = _empty_ispyb(database, "ispyb")
    secret = out / "lims" / "password"
    secret.write_text(PASSWORD)
    ispyb = {"url": url, "password": {"file": str(secret)}, "timezone": "Europe/Paris"}
    return url, {
        "mxlims": {"type": "mxlims", "settings": {}},
        "ispyb": {"type": "ispyb", "settings": ispyb},
        "icat": {"type": "icat", "settings": icat.settings | {"resend_after_s": RESEND_S}},
        "nxmx": {"type": "nxmx", "settings": {}},
    }


def _empty_ispyb(database: MariaDb, name: str) -> str:
    url = database.database(name)
    engine = connect(url, PASSWORD)
    try:
        make_schema(engine)
        with engine.begin() as connection:
            add_proposal(connection, PROPOSAL.removeprefix("mx"), visits=(SESSION,))
    finally:
        engine.dispose()
    return url


def _rows(url: str) -> Counter[str]:
    """How many rows stand in each table."""
    engine = connect(url, PASSWORD)
    try:
        with engine.connect() as connection:
            counted = {
                name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for name, table in TABLES.items()
            }
    finally:
        engine.dispose()
    return Counter({name: number for name, number in counted.items() if number})


def _account(meter: Meter, night: _Night, icat: Icat) -> None:
    """Compare what is there with what the journal says, and with an export that nothing disturbed."""
    documents = list(read_journal(night.out / "documents.jsonl"))
    standing = Counter(document["uid"] for _, document in documents if "uid" in document)
    _told(meter, "documents", night.reported, standing, exact=False)
    records = fold_journal(night.out / "documents.jsonl")
    meter.figure("experiments", len(records), f"of {night.experiments}", "all", len(records) == night.experiments)
    runs = Counter(document["uid"] for name, document in documents if name == "start")
    with night.catalogue() as catalogue:
        ended = Counter(uid for uid, run in catalogue.items() if "stop" in run.metadata)
    _told(meter, "runs_in_tiled", runs, ended)
    _told(meter, "rows_in_ispyb", _rows(night.replay()), _rows(night.url))
    sweeps = [(record, sweep) for record in records for sweep in executed_sweeps(record)]
    folders = Counter({str(Path(sweep.first.files[0].path).parent): 1 for _, sweep in sweeps})
    _told(meter, "datasets_in_icat", folders, Counter(icat.datasets(PROPOSAL)))
    messages = Counter(path.stem for path in (night.out / "lims" / "messages").iterdir())
    _told(meter, "messages", Counter(record.item_uid for record in records), messages)
    beside = Counter(path.name.partition(".")[0] for path in (night.out / "data").rglob("*.mxlims.json"))
    _told(meter, "messages_beside_data", Counter(record.item_uid for record in records), beside)
    _told_nexus(meter, night, sweeps)
    left = list(night.out.rglob("*.partial*"))
    meter.figure("files_left_half_written", len(left), "files", "0", not left)


def _told_nexus(meter: Meter, night: _Night, sweeps: list[Any]) -> None:
    wanted = Counter(str(nexus_path(sweep)) for _, sweep in sweeps)
    _told(meter, "nxmx_files", wanted, Counter(str(path) for path in (night.out / "data").rglob("*.nxs")))


def _told(meter: Meter, what: str, wanted: Mapping[str, int], found: Mapping[str, int], exact: bool = True) -> None:
    """How many are lost and how many too many; of documents more may stand in the journal than a killed process said."""
    lost = sum(max(0, number - found.get(name, 0)) for name, number in wanted.items())
    more = sum(max(0, number - (wanted.get(name, 0) if exact else 1)) for name, number in found.items())
    meter.figure(f"{what}", sum(found.values()), what.replace("_", " "))
    meter.figure(f"{what}_lost", lost, what.replace("_", " "), "0", lost == 0)
    meter.figure(f"{what}_doubled", more, what.replace("_", " "), "0", more == 0)
