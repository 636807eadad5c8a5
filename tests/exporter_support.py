"""Journals of many experiments, and an exporter's process with targets of the tests."""

import json
import os
import re
import select
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
HEAR_S = 30.0


class Experiments:
    """Documents of experiments on one sample, each the same but for its identifiers."""

    def __init__(self, documents: list[tuple[str, dict[str, Any]]]) -> None:
        self._lines = [json.dumps([name, document]) for name, document in documents]
        self.item_uid = next(document["mxplans"]["item_uid"] for name, document in documents if name == "start")

    def lines(self, number: int) -> list[bytes]:
        def other(found: re.Match[str]) -> str:
            return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{number} {found[0]}"))

        return [UUID.sub(other, line).encode() + b"\n" for line in self._lines]

    def item(self, number: int) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{number} {self.item_uid}"))


def append(out: Path, lines: list[bytes]) -> None:
    with (out / "documents.jsonl").open("ab") as journal:
        journal.write(b"".join(lines))


def configure(out: Path, **targets: Mapping[str, Any]) -> None:
    """Write the targets of a folder; the records beside the data go into a database as well."""
    said = {
        name: {"type": "remote", "settings": {"database": str(out / f"{name}.sqlite"), **settings}}
        for name, settings in {"record": {}, **targets}.items()
    }
    (out / "lims" / "targets.json").write_text(json.dumps(said))


def rows(out: Path, target: str = "lims", table: str = "record") -> list[tuple[Any, ...]]:
    path = out / f"{target}.sqlite"
    if not path.exists():
        return []
    with closing(sqlite3.connect(path, timeout=20.0)) as remote:
        return remote.execute(f"SELECT * FROM {table} ORDER BY id").fetchall()


def uids(out: Path, target: str = "lims") -> list[str]:
    return [row[1] for row in rows(out, target)]


class ExporterProcess:
    """`python -m mxplans_lims.exporter` with its pipes."""

    def __init__(self, out: Path, plugins: Path, *options: str) -> None:
        self.log = out / "exporter.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mxplans_lims.exporter", str(out), "--follow", *options],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment(plugins),
            )

    def hear(self, timeout_s: float = HEAR_S) -> dict[str, Any]:
        assert self.process.stdout is not None
        readable, _, _ = select.select([self.process.stdout], [], [], timeout_s)
        line = self.process.stdout.readline() if readable else b""
        assert line, self.log.read_text()[-3000:]
        said: dict[str, Any] = json.loads(line)
        return said

    def flush(self) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(b"flush\n")
        self.process.stdin.flush()
        return self.hear()

    def end(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(20)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def close(self) -> None:
        if self.process.poll() is None:
            self.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


def environment(plugins: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(plugins), *filter(None, sys.path)])}


def once(out: Path, plugins: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "mxplans_lims.exporter", str(out), "--once", *options]
    return subprocess.run(command, env=environment(plugins), capture_output=True, text=True, timeout=50, check=False)
