"""A real broker, ingester and ICAT+ of pyicat-plus, on free loopback ports; each can be killed and started again."""

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pyicat_plus.client import defaults
from pyicat_plus.client.main import IcatClient
from pyicat_plus_pytest_plugin import _mock_backend as backend
from pyicat_plus_pytest_plugin import tcp

BEAMLINE = "id00"
BROKER = Path(__file__).with_name("icat_broker.py")
UP_S = 40.0
"""For a server on a busy machine."""


def free_ports(number: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Icat:
    """One ICAT. Its data stand in a folder and outlive its processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stomp_port, self.rest_port = free_ports(2)
        self._processes: dict[str, Any] = {}
        self._token = folder / "token"
        self._token.write_text(defaults.ELOGBOOK_TOKEN)

    @property
    def settings(self) -> dict[str, Any]:
        """What a profile says of it."""
        return {
            "beamline": BEAMLINE,
            "queue_urls": [f"localhost:{self.stomp_port}"],
            "rest_url": f"http://localhost:{self.rest_port}",
            "token": {"file": str(self._token)},
            "timeout_s": 3.0,
        }

    def start(self, *names: str) -> None:
        """Start `broker`, `ingester` and `rest`, or those that are named."""
        for name in names or ("broker", "ingester", "rest"):
            self._processes[name] = self._start(name)

    def kill(self, *names: str) -> None:
        """kill -9 of all, or those that are named."""
        for name in names or tuple(self._processes):
            process = self._processes.pop(name)
            process.kill()
            process.wait()

    def start_investigation(self, proposal: str, at: datetime | None = None) -> None:
        """What the user office does."""
        start = (at or datetime.now(UTC)) - timedelta(hours=1)
        with self.client() as client:
            client.start_investigation(
                beamline=BEAMLINE, proposal=proposal, start_datetime=start.isoformat(), end_datetime=None
            )
            end_s = time.monotonic() + UP_S
            while not client.investigation_info(beamline=BEAMLINE, proposal=proposal):
                assert time.monotonic() < end_s, "the ingester does not take the investigation"
                threading.Event().wait(0.1)

    def datasets(self, proposal: str) -> list[str]:
        """Folders of all that are registered, with those that stand there twice twice."""
        with self.client() as client:
            found = client.registered_datasets(beamline=BEAMLINE, proposal=proposal) or []
            return sorted(each.dataset_id.path for each in found)

    @contextlib.contextmanager
    def client(self) -> Iterator[Any]:
        settings = self.settings
        client = IcatClient(
            metadata_urls=settings["queue_urls"],
            elogbook_url=settings["rest_url"],
            elogbook_token=defaults.ELOGBOOK_TOKEN,
            queue_timeout=3,
            feedback_timeout=5,
        )
        try:
            yield client
        finally:
            client.disconnect()

    def _start(self, name: str) -> Any:
        if name == "broker":
            command = [sys.executable, str(BROKER), "-b", "127.0.0.1", "-p", str(self.stomp_port)]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            tcp.wait_tcp_online("127.0.0.1", self.stomp_port, UP_S)
            return process
        if name == "ingester":
            return backend.start_stomp_subscriber(self.stomp_port, 0, backend.INGEST_QUEUE, self.folder, quiet=True)
        options = (f"--port={self.rest_port}", "--port_out=0", f"--icat_data_dir={self.folder}")
        process = backend.spawn_server("icatplus_server", *options, quiet=True)
        tcp.wait_tcp_online("localhost", self.rest_port, UP_S)
        return process


@contextlib.contextmanager
def icat_running(folder: Path) -> Iterator[Icat]:
    """One that is up, stopped at the end."""
    icat = Icat(folder)
    try:
        icat.start()
        yield icat
    finally:
        icat.kill()
