"""The processes of a served queue: each started, watched, started again when it dies, stopped in order."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from mxplans.app.queueserver.child import Child
from mxplans.app.queueserver.http_settings import write_http_settings
from mxplans.app.queueserver.places import Places, ServeState, environment
from mxplans.app.queueserver.re_manager import ManagerSettings, start_manager
from mxplans.app.queueserver.redis_server import RedisAddress, own_redis, start_redis, wait_ready

log = logging.getLogger("mxplans")

_EAGER_S = 1.0
"""A process that dies is started again at once, but not more often than this."""


class Restarted:
    """A child that is started again when it dies.

    Args:
        name: For messages.
        start: Starts it.
    """

    def __init__(self, name: str, start: Callable[[], Child]) -> None:
        self.name = name
        self._start = start
        self._started_s = float("-inf")
        self.child = start()

    def look(self, now_s: float) -> bool:
        """Start it again if it is dead; True if so."""
        if self.child.running or now_s - self._started_s < _EAGER_S:
            return False
        log.warning("%s has ended by itself: %s; it is started again", self.name, self.child.last_words())
        self.restart(now_s)
        return True

    def restart(self, now_s: float) -> None:
        """End it, with all that it started, and start it again."""
        self.child.kill()
        self._started_s = now_s
        self.child = self._start()


class Group:
    """Redis, the RE manager with its worker, the HTTP server; in a `with`, all of them stopped at its end.

    Args:
        state: Where they answer.
        redis: Somebody else's Redis; None starts one of our own.
        manager: What the RE manager is started with; its Redis is put in here.
        secret_key: Signs what the HTTP server hands out.

    Raises:
        ServiceDied: If Redis does not answer.
        InvalidInput: If a program cannot be started.
    """

    def __init__(
        self, state: ServeState, redis: RedisAddress | None, manager: Callable[[str], ManagerSettings], secret_key: str
    ) -> None:
        self._state = state
        places = Places(state.folder)
        known = environment(places.state)
        self.members: dict[str, Restarted] = {}
        try:
            if redis is None:
                redis = self._own_redis(places, known)
            else:
                wait_ready(redis, None)
            settings = manager(redis.for_manager)
            self.manager = self._member(
                "RE manager", lambda: start_manager(settings, places.logs / "manager.log", known)
            )
            self._member("HTTP server", lambda: _start_http(places, state, secret_key, known))
            self._write_pids()
        except BaseException:
            self.stop()
            raise

    def look(self, now_s: float) -> set[str]:
        """Start again what has died; the names of what was."""
        again = {name for name, member in self.members.items() if member.look(now_s)}
        if again:
            self._write_pids()
        return again

    def restart_manager(self, now_s: float) -> None:
        """End manager and worker, and start the manager again."""
        self.manager.restart(now_s)
        self._write_pids()

    def stop(self) -> None:
        """End all of them, Redis last."""
        ended = list(reversed(self.members.values()))
        for member in ended:
            if member.name != "redis":
                member.child.ask_to_stop()
        for member in ended:
            member.child.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _member(self, name: str, start: Callable[[], Child]) -> Restarted:
        member = self.members[name] = Restarted(name, start)
        return member

    def _own_redis(self, places: Places, known: Mapping[str, str]) -> RedisAddress:
        address = own_redis(self._state.redis_port)
        member = self._member("redis", lambda: start_redis(places.redis, address, places.logs / "redis.log", known))
        wait_ready(address, member.child)
        return address

    def _write_pids(self) -> None:
        pids = {name: member.child.pid for name, member in self.members.items()}
        self._state.model_copy(update={"pids": pids}).write()


def _start_http(places: Places, state: ServeState, secret_key: str, known: Mapping[str, str]) -> Child:
    settings: Path = write_http_settings(places, state, secret_key)
    command = [sys.executable, "-m", "mxplans.app.queueserver.http_process", str(settings)]
    return Child("HTTP server", command, places.logs / "http.log", known)
