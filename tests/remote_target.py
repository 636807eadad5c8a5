"""A target with a database behind it, as a LIMS has: rows without a natural key, an answer that may get lost.

It stands in a file of its own because the exporter's process imports it by entry point.
"""

import contextlib
import random
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mxplans.errors import TargetRefused, TargetUnreachable
from mxplans_lims.delivery import Delivery, Step, TargetSettings
from mxplans_lims.executed import executed_sweeps

TABLES = """
CREATE TABLE IF NOT EXISTS record (id INTEGER PRIMARY KEY, uid TEXT, parent INTEGER, payload TEXT);
CREATE TABLE IF NOT EXISTS call (id INTEGER PRIMARY KEY, uid TEXT);
"""


class RemoteTarget:
    """Writes a group, its collections and an end. While a file `<name>.away` stands beside its database nobody answers."""

    class Settings(TargetSettings):
        database: Path
        slow_s: float = 0.0
        loses_frac: float = 0.0
        refuses: str = ""
        breaks: str = ""
        final_only: bool = False

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.settings = settings
        self.closed = 0

    def steps(self, delivery: Delivery) -> Sequence[Step]:
        record = delivery.record
        if self.settings.final_only and not record.complete:
            return []
        if self.settings.refuses == "record":
            raise TargetRefused(f"experiment {record.item_uid} has no proposal; give it one")
        uid = record.item_uid
        steps = [Step("group", {"uid": f"{uid}/group", "parent": None, "name": record.sample_name})]
        for sweep in executed_sweeps(record):
            payload = {"uid": f"{uid}/collection/{sweep.uuid}", "parent": "group", "frames": sweep.frames}
            steps.append(Step(f"collection/{sweep.uuid}", payload))
        if record.complete:
            steps.append(Step("end", {"uid": f"{uid}/end", "parent": "group", "status": record.exit_status}))
        return steps

    def send(self, step: Step, ids: Mapping[str, str]) -> Mapping[str, str]:
        threading.Event().wait(self.settings.slow_s)
        if self.settings.database.with_suffix(".away").exists():
            raise TargetUnreachable("nobody answers; start the server")
        self._refuse(step)
        with self._open() as remote:
            remote.execute("INSERT INTO call (uid) VALUES (?)", (step.payload["uid"],))
            number = self._write(remote, step, ids)
        if random.random() < self.settings.loses_frac:
            raise TargetUnreachable("no answer within 1 s; look at the server")
        return {step.key: str(number)}

    def _refuse(self, step: Step) -> None:
        if self.settings.refuses and step.key.startswith(self.settings.refuses):
            raise TargetRefused(f"{step.key} is longer than 45 characters; shorten it")
        if self.settings.breaks and step.key.startswith(self.settings.breaks):
            raise KeyError("sessionId")

    def _write(self, remote: sqlite3.Connection, step: Step, ids: Mapping[str, str]) -> int:
        payload, parent = dict(step.payload), None
        if payload["parent"] is not None:
            parent = int(ids[payload["parent"]])
        known = ids.get(step.key)
        if known is None:
            # What may have arrived before is looked up by our own identifier.
            row = remote.execute("SELECT id FROM record WHERE uid = ?", (payload["uid"],)).fetchone()
            known = row[0] if row else None
        if known is None:
            cursor = remote.execute(
                "INSERT INTO record (uid, parent, payload) VALUES (?, ?, ?)", (payload["uid"], parent, repr(payload))
            )
            return int(cursor.lastrowid or 0)
        remote.execute("UPDATE record SET payload = ? WHERE id = ?", (repr(payload), int(known)))
        return int(known)

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(sqlite3.connect(self.settings.database, timeout=20.0)) as remote, remote:
            remote.executescript(TABLES)
            yield remote

    def close(self) -> None:
        self.closed += 1
