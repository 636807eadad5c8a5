"""Processes around Tiled for tests: our archive, and a server that somebody else runs."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import httpx

START_TIMEOUT_S = 45.0
PROFILE = Path(__file__).parents[1] / "profiles" / "tiled" / "config.yml"


class ArchiveProcess:
    """`python -m mxplans_lims.archive` with its pipes."""

    def __init__(self, outdir: Path, *options: str, environment: Mapping[str, str] | None = None) -> None:
        self.log = outdir / "archive.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mxplans_lims.archive", str(outdir), *options],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, **(environment or {})},
            )
        self.ready = self.hear()
        self.url = self.ready["url"]
        self.key = Path(self.ready["api_key_file"]).read_text() if self.ready["api_key_file"] else ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        readable, _, _ = select.select([self.process.stdout], [], [], START_TIMEOUT_S)
        line = self.process.stdout.readline() if readable else b""
        if not line:
            self.kill()
            raise AssertionError(self.log.read_text()[-3000:])
        said: dict[str, Any] = json.loads(line)
        return said

    def flush(self) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(b"flush\n")
        self.process.stdin.flush()
        return self.hear()

    def end(self) -> int:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        code = self.process.wait(30)
        self.process.stdout.close()
        return code

    def kill(self) -> None:
        """End it at once, unless it has ended."""
        self.process.kill()
        self.process.wait(10)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


class RemoteTiled:
    """`tiled serve config` with the project's profile, on a port that stays the same when it is started again.

    Args:
        folder: For its arrays and its log.
        frames: Folder that it may read.
        database: Of PostgreSQL, as a URL goes on after its scheme.
        key: API key.
    """

    def __init__(self, folder: Path, frames: Path, database: str, key: str) -> None:
        self.key = key
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/api/v1"
        self.log = folder / "tiled.log"
        arrays = folder / "arrays"
        arrays.mkdir(parents=True, exist_ok=True)
        self._environment = {
            **os.environ,
            "TILED_SINGLE_USER_API_KEY": key,
            "MXPLANS_TILED_DATABASE": database,
            "MXPLANS_TILED_ARRAYS": str(arrays),
            "MXPLANS_TILED_FRAMES": str(frames),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it without waiting."""
        command = [sys.executable, "-m", "tiled", "serve", "config", str(PROFILE), "--port", str(self.port)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=self._environment)

    def wait(self) -> None:
        """Wait until it answers."""
        patience = threading.Event()
        for _ in range(int(START_TIMEOUT_S / 0.2)):
            assert self._process is not None and self._process.poll() is None, self.log.read_text()[-3000:]
            try:
                if httpx.get(f"{self.url}/", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            patience.wait(0.2)
        raise AssertionError(self.log.read_text()[-3000:])

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it, or kill it."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(20)
            self._process = None
