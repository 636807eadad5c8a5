"""A PostgreSQL server for tests: in a temporary folder, on a free loopback port, stopped by pid."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

HINT = "PostgreSQL is not installed here; as root: make services"
START_TIMEOUT_S = 30.0
USER = "mxplans"


def _programs() -> Path:
    """Folder of Debian's newest PostgreSQL."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        pytest.skip(HINT)
    return found[-1].parent


class Postgres:
    """A server that can be killed and started again. It refuses to run as root, so root runs it as user postgres."""

    def __init__(self, folder: Path) -> None:
        self._programs = _programs()
        self._folder = folder
        self._user = "postgres" if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None
        self.password = secrets.token_hex(16)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        if self._user is not None:
            record = pwd.getpwnam(self._user)
            os.chown(folder, record.pw_uid, record.pw_gid)
        self._initialize()

    @property
    def database(self) -> str:
        """As a URL goes on after its scheme."""
        return f"{USER}:{self.password}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        data = self._folder / "data"
        command = [str(self._programs / "postgres"), "-D", str(data), "-p", str(self.port), "-k", str(self._folder)]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]  # the machine does not crash in a test
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, user=self._user, cwd=self._folder)
        ready = [str(self._programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        patience = threading.Event()
        for _ in range(int(START_TIMEOUT_S / 0.1)):
            if subprocess.run(ready, check=False).returncode == 0:
                return
            assert self._process.poll() is None, (self._folder / "server.log").read_text()[-2000:]
            patience.wait(0.1)
        raise AssertionError((self._folder / "server.log").read_text()[-2000:])

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT breaks off transactions, SIGQUIT is a crash, which it recovers from when it starts again."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(20)
            self._process = None

    def ask(self, sql: str) -> list[list[str]]:
        """Rows of a query."""
        command = ["psql", "-qAtX", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-d", "postgres", "-c", sql]
        environment = {**os.environ, "PGPASSWORD": self.password}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=20, check=False)
        assert done.returncode == 0, done.stderr
        return [line.split("|") for line in done.stdout.splitlines()]

    def _initialize(self) -> None:
        word = self._folder / "password"
        word.write_text(self.password)
        if self._user is not None:
            shutil.chown(word, self._user)
        command = [str(self._programs / "initdb"), "-D", str(self._folder / "data"), "-U", USER, "-N"]
        command += ["-A", "scram-sha-256", f"--pwfile={word}", "-E", "UTF8", "--locale=C"]
        done = subprocess.run(command, capture_output=True, user=self._user, cwd=self._folder, timeout=50, check=False)
        assert done.returncode == 0, done.stderr.decode()[-2000:]


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A running server; its folder stands directly under the temporary one, which user postgres may enter."""
    _programs()
    with tempfile.TemporaryDirectory(prefix="mxplans-pg-", ignore_cleanup_errors=True) as folder:
        server = Postgres(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()
