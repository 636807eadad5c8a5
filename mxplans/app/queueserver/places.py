"""Where the parts of a served queue keep their things, and how they find each other."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from mxplans.app.queueserver.private_files import read_private, write_private
from mxplans.errors import InvalidInput

STATE_VARIABLE = "MXPLANS_SERVE_STATE"
"""Environment variable that tells the parts where `serve.json` is."""


@dataclass(frozen=True)
class Places:
    """The folder of a served queue."""

    folder: Path

    @property
    def state(self) -> Path:
        """Addresses and processes of the running group."""
        return self.folder / "serve.json"

    @property
    def keys(self) -> Path:
        """API keys, by name."""
        return self.folder / "keys.json"

    @property
    def queue(self) -> Path:
        """The tree and the ledger."""
        return self.folder / "queue.sqlite"

    @property
    def wish(self) -> Path:
        """Whether the queue shall run, and why not."""
        return self.folder / "wish.json"

    @property
    def heartbeat(self) -> Path:
        """The worker's sign of life."""
        return self.folder / "run" / "heartbeat.json"

    @property
    def execution(self) -> Path:
        """How the execution goes, for the front door."""
        return self.folder / "run" / "execution.json"

    @property
    def fault(self) -> Path:
        """A failure of the beamline that the worker reports."""
        return self.folder / "run" / "fault.json"

    @property
    def logs(self) -> Path:
        """What the processes say."""
        return self.folder / "logs"

    @property
    def redis(self) -> Path:
        """Redis's own folder."""
        return self.folder / "redis"

    @property
    def run(self) -> Path:
        """What is made anew at each start."""
        return self.folder / "run"

    def make(self) -> None:
        """Make the folders; what is in them is the owner's alone."""
        for folder in (self.folder, self.logs, self.redis, self.run):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)


class ServeState(BaseModel):
    """What `serve.json` says: where everything is, for the parts and for people. Secrets stand elsewhere."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path
    profile: Path
    given: tuple[str, ...] = ()
    """Values of the command line, in place of the profile's."""
    shipment: Path | None
    places: dict[str, str]
    """Placeholders of the profile, with the addresses that its services said."""
    http_url: str
    zmq_control: str
    zmq_info: str
    zmq_public_key: str
    redis_port: int
    pids: dict[str, int] = {}
    """Running processes by name."""

    def write(self) -> None:
        """Put it into its folder."""
        write_private(Places(self.folder).state, self.model_dump(mode="json"))


def read_state(path: Path) -> ServeState:
    """Read `serve.json`.

    Raises:
        InvalidInput: If there is none.
    """
    content = read_private(path)
    if content is None:
        raise InvalidInput(f"{path} is no state of a served queue; give the folder that `mxplans serve` runs in")
    return ServeState.model_validate(content)


def state_from_environment() -> ServeState:
    """The state of the group that this process belongs to.

    Raises:
        InvalidInput: If this process does not belong to one.
    """
    path = os.environ.get(STATE_VARIABLE)
    if not path:
        raise InvalidInput(f"{STATE_VARIABLE} is not set: this part of the queue server is started by `mxplans serve`")
    return read_state(Path(path))


def free_ports(number: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody uses now, all different."""
    sockets = [socket.socket() for _ in range(number)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def environment(state: Path, **more: str) -> dict[str, Any]:
    """Environment of a part."""
    return {**os.environ, STATE_VARIABLE: str(state), **more}
