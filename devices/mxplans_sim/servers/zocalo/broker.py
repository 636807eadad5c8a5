"""The message broker: sessions around queues, on loopback only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from mxplans_sim.loopback import HOST, bound_socket
from mxplans_sim.servers.zocalo.queues import Message, Queues
from mxplans_sim.servers.zocalo.session import Session
from mxplans_sim.settings.analysis import BrokerSettings

_BACKLOG = 1000


class Broker:
    """A STOMP broker for the clients of one beamline.

    Args:
        settings: Who may come, and how much may wait.
        beats: Whether connections are watched by heart-beats; only where the loop's time is real.

    Attributes:
        queues: What is sent and stored.
    """

    def __init__(self, settings: BrokerSettings, beats: bool = True) -> None:
        self.settings = settings
        self.queues = Queues(settings.queue_length, settings.stored_mb * 2**20)
        self.beats = beats
        self._sessions: set[Session] = set()
        self._server: asyncio.Server | None = None
        self._empty = asyncio.Event()

    async def start(self, port: int = 0) -> str:
        """Listen on 127.0.0.1; port 0 takes a free one. Returns host:port.

        Raises:
            PortInUse: If the port is taken.
        """
        listener = bound_socket(port)
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Session(self), sock=listener, backlog=_BACKLOG
        )
        return f"{HOST}:{listener.getsockname()[1]}"

    async def stop(self) -> None:
        """Stop listening and cut all connections. Does nothing when it was not started."""
        if self._server is not None:
            self._server.close()
        for session in tuple(self._sessions):
            session.abort()
        while self._sessions:
            self._empty.clear()
            await self._empty.wait()
        self._server = None

    def enter(self, session: Session) -> bool:
        """A client has come; whether there is room for it."""
        self._sessions.add(session)
        return len(self._sessions) <= self.settings.connections

    def leave(self, session: Session) -> None:
        """A client has gone."""
        self._sessions.discard(session)
        self._empty.set()

    def send(self, destination: str, headers: Mapping[str, str], body: bytes) -> None:
        """Send a message of our own.

        Raises:
            RefusedError: See `Queues.send`.
        """
        self.queues.send(Message(destination, dict(headers), body))

    def consume(self, destination: str, take: Callable[[Message], bool]) -> Callable[[], None]:
        """Take messages within this process; those for which `take` gives False are dead letters. Returns what ends it."""
        return self.queues.subscribe(destination, _Consumer(self.queues, take))


class _Consumer:
    """A subscriber in this process."""

    ready = True

    def __init__(self, queues: Queues, take: Callable[[Message], bool]) -> None:
        self._queues = queues
        self._take = take

    def deliver(self, message: Message) -> None:
        if not self._take(message):
            self._queues.bury(message)
