"""MariaDB of the machine's packages in a temporary folder, on a free port of this host; stopped by its pid."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql
import pytest

USER, PASSWORD = "ispyb_writer", "not a secret"
_STARTS_IN_S = 40.0
_NEEDS = 1_000_000_000
# Nothing waits for the disk: what a killed server has written the kernel still holds.
_QUICK = ["--innodb-flush-method=nosync", "--innodb-log-file-size=16M", "--innodb-buffer-pool-size=64M"]
_FOLDERS = f"/usr/sbin:/usr/local/sbin:{os.environ.get('PATH', os.defpath)}"


class MariaDb:
    """A server with its own data. `start` after `kill` brings back all that was committed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "run" / "m.sock"
        self.port = _free_port()
        self._account = {"user": "mysql", "group": "mysql", "extra_groups": ()} if os.geteuid() == 0 else {}
        self._process: subprocess.Popen[bytes] | None = None

    def install(self) -> None:
        """Make the system tables of an empty server."""
        (self.folder / "run").mkdir()
        if self._account:
            owner = pwd.getpwnam("mysql")
            for path in (self.folder, self.folder / "run"):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        command = [_program("mariadb-install-db"), "--no-defaults", f"--datadir={self.folder / 'data'}"]
        command += ["--auth-root-authentication-method=normal", "--skip-test-db", *_QUICK]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, timeout=55, **self._account)

    def start(self) -> None:
        """Start the daemon and wait until it answers."""
        command = [_program("mariadbd"), "--no-defaults", f"--datadir={self.folder / 'data'}"]
        command += [f"--socket={self.socket}", f"--port={self.port}", "--bind-address=127.0.0.1"]
        command += [f"--pid-file={self.folder / 'run' / 'm.pid'}", "--skip-name-resolve"]
        command += _QUICK
        with (self.folder / "run" / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, **self._account)
        end = time.monotonic() + _STARTS_IN_S
        while not self._listens():
            if time.monotonic() > end or self._process.poll() is not None:
                raise RuntimeError((self.folder / "run" / "log").read_text()[-2000:])
            threading.Event().wait(0.05)
        self.as_root("SELECT 1")

    def _listens(self) -> bool:
        # Not by the client, which leaves its socket open when nobody is there.
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0

    def stop(self) -> None:
        """End it as a service manager does."""
        self._end(kill=False)

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        self._end(kill=True)

    def _end(self, kill: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if kill:
            process.kill()
        else:
            process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)

    def as_root(self, *statements: str) -> None:
        """Run statements as root, over the socket."""
        connection = pymysql.connect(unix_socket=str(self.socket), user="root", connect_timeout=5, autocommit=True)
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        finally:
            connection.close()

    def database(self, name: str) -> str:
        """Make an empty database that `USER` may use; its URL, without the password."""
        self.as_root(
            f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4",
            f"CREATE USER IF NOT EXISTS '{USER}'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'",
            f"GRANT ALL ON `{name}`.* TO '{USER}'@'127.0.0.1'",
        )
        return f"mysql+pymysql://{USER}@127.0.0.1:{self.port}/{name}"


@contextmanager
def mariadb_server() -> Iterator[MariaDb]:
    """A server that runs as long as the block; the test is skipped where the packages are missing."""
    for program in ("mariadbd", "mariadb-install-db"):
        if shutil.which(program, path=_FOLDERS) is None:
            pytest.skip(f"{program} is not installed; make services installs it")
    # Not below the tests' own folder, which nobody but root may enter.
    # In memory where that is possible: 200 tables are 25 s on a busy disk.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) and shutil.disk_usage("/dev/shm").free > _NEEDS else None
    folder = Path(tempfile.mkdtemp(prefix="mxplans-mariadb-", dir=memory))
    server = MariaDb(folder)
    try:
        server.install()
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _program(name: str) -> str:
    found = shutil.which(name, path=_FOLDERS)
    assert found is not None
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
