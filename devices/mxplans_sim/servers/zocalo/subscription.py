"""What a client has subscribed to, and the messages it has not yet acknowledged."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Protocol

from mxplans_sim.servers.zocalo.frames import Frame
from mxplans_sim.servers.zocalo.queues import Message, Queues

_numbers = itertools.count(1)


class Client(Protocol):
    """Where messages go."""

    number: int
    version: str
    writable: bool

    def write(self, frame: Frame) -> None:
        """Send a frame."""
        ...


class Subscription:
    """A subscriber on the other end of a connection.

    Args:
        client: Whose.
        queues: Where messages come from.
        name: The client's id for it.
        destination: What it wants.
        mode: auto, client (one for all up to it) or client-individual.
        limit: Messages without acknowledgement, at most.
    """

    def __init__(self, client: Client, queues: Queues, name: str, destination: str, mode: str, limit: int) -> None:
        self.destination = destination
        self._client = client
        self._queues = queues
        self._name = name
        self._mode = mode
        self._limit = limit
        self._waiting: dict[str, Message] = {}
        self._leave: Callable[[], None] | None = None

    def begin(self, exclusive: bool) -> None:
        """Ask for messages.

        Raises:
            RefusedError: See `Queues.subscribe`.
        """
        self._leave = self._queues.subscribe(self.destination, self, exclusive)

    def end(self) -> None:
        """Ask for no more, and give back what was not acknowledged."""
        if self._leave is not None:
            self._leave()
        given_back = [message for message in self._waiting.values() if message.destination.startswith("/queue/")]
        self._waiting.clear()
        self._queues.give_back(given_back)

    @property
    def ready(self) -> bool:
        """Whether the client reads, and acknowledges."""
        return self._client.writable and len(self._waiting) < self._limit

    def deliver(self, message: Message) -> None:
        """Send a message."""
        token = f"{self._client.number}-{next(_numbers)}"
        headers = dict(message.headers) | {
            "destination": message.destination,
            "message-id": token,
            "subscription": self._name,
        }
        if message.again:
            headers["redelivered"] = "true"
        if self._mode != "auto":
            headers["ack"] = token
            self._waiting[token] = message
        self._client.write(Frame("MESSAGE", headers, message.body))

    def waits_for(self, token: str) -> bool:
        """Whether a message is not acknowledged yet."""
        return token in self._waiting

    def settle(self, token: str, accepted: bool) -> None:
        """Forget a message, or put it to the dead letters; in mode client also all before it."""
        tokens = list(self._waiting)
        if token in tokens:
            settled = tokens[: tokens.index(token) + 1] if self._mode == "client" else [token]
            for each in settled:
                message = self._waiting.pop(each)
                if not accepted:
                    self._queues.bury(message)
            self._queues.resume(self.destination)
