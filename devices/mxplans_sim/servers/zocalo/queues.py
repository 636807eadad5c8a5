"""Queues and topics: who gets which message, and where it goes when it is not wanted."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

DEAD_LETTERS = "DLQ."
"""Before the name of a queue: where its refused messages go."""

_DESTINATION = re.compile(r"/(queue|topic)/([A-Za-z0-9_.:@*/-]{1,200})", re.ASCII)
_OVERHEAD = 200  # bytes of a message beside its body, about


class RefusedError(Exception):
    """What a client must not do."""


@dataclass(frozen=True)
class Message:
    """A body on its way.

    Attributes:
        destination: Where it was sent.
        headers: Given by its sender.
        body: Content.
        again: Whether somebody had it before.
    """

    destination: str
    headers: Mapping[str, str]
    body: bytes
    again: bool = False

    @property
    def size(self) -> int:
        """Bytes that it costs to keep."""
        return len(self.body) + _OVERHEAD


class Subscriber(Protocol):
    """Takes messages of a destination."""

    @property
    def ready(self) -> bool:
        """Whether it can take one more."""
        ...

    def deliver(self, message: Message) -> None:
        """Take one."""
        ...


@dataclass
class _Queue:
    stored: deque[Message] = field(default_factory=deque)
    subscribers: deque[Subscriber] = field(default_factory=deque)
    exclusive: bool = False


class Queues:
    """All destinations of a broker. Those without messages and subscribers do not exist.

    Args:
        longest: Messages in a queue.
        largest_bytes: Of all stored messages.
    """

    def __init__(self, longest: int, largest_bytes: int) -> None:
        self._longest = longest
        self._largest_bytes = largest_bytes
        self._bytes = 0
        self._queues: dict[str, _Queue] = {}
        self._topics: dict[str, list[Subscriber]] = {}

    def subscribe(self, destination: str, subscriber: Subscriber, exclusive: bool = False) -> Callable[[], None]:
        """Hand on messages from now on; returns what ends it.

        Raises:
            RefusedError: If the destination is none, or held exclusively.
        """
        kind, name = parsed(destination)
        if kind == "topic":
            self._topics.setdefault(name, []).append(subscriber)
            return lambda: self._leave_topic(name, subscriber)
        queue = self._queues.setdefault(name, _Queue())
        if queue.subscribers and (exclusive or queue.exclusive):
            raise RefusedError(f"queue {name} has a subscriber, and one of the two wants it exclusively")
        queue.exclusive = exclusive
        queue.subscribers.append(subscriber)
        self._hand_out(name)
        return lambda: self._leave_queue(name, subscriber)

    def send(self, message: Message) -> None:
        """Hand a message on, to one subscriber of a queue or to all of a topic.

        Raises:
            RefusedError: If the destination is none, or its queue is full.
        """
        kind, name = parsed(message.destination)
        if kind == "topic":
            for subscriber in tuple(self._topics.get(name, ())):
                subscriber.deliver(message)
            return
        queue = self._queues.get(name, _Queue())
        if len(queue.stored) >= self._longest or self._bytes + message.size > self._largest_bytes:
            raise RefusedError(f"queue {name} is full with {len(queue.stored)} messages; subscribe and read them")
        self._queues[name] = queue
        self._store(queue, message)
        self._hand_out(name)

    def give_back(self, messages: list[Message]) -> None:
        """Put unacknowledged messages back to the front of their queues, in their order."""
        for message in reversed(messages):
            name = parsed(message.destination)[1]
            again = Message(message.destination, message.headers, message.body, again=True)
            self._store(self._queues.setdefault(name, _Queue()), again, front=True)
        for name in {parsed(message.destination)[1] for message in messages}:
            self._hand_out(name)

    def bury(self, message: Message) -> None:
        """Put a refused message into the queue of dead letters; those that are refused there, or too many, are lost."""
        name = parsed(message.destination)[1]
        if name.startswith(DEAD_LETTERS):
            return
        try:
            self.send(Message(f"/queue/{DEAD_LETTERS}{name}", message.headers, message.body))
        except RefusedError:
            return

    def resume(self, destination: str) -> None:
        """A subscriber of it may be ready again."""
        kind, name = parsed(destination)
        if kind == "queue":
            self._hand_out(name)

    def length(self, destination: str) -> int:
        """Messages that wait in a queue."""
        queue = self._queues.get(parsed(destination)[1])
        return 0 if queue is None else len(queue.stored)

    def _store(self, queue: _Queue, message: Message, front: bool = False) -> None:
        self._bytes += message.size
        if front:
            queue.stored.appendleft(message)
        else:
            queue.stored.append(message)

    def _hand_out(self, name: str) -> None:
        """Give what is stored to whoever is ready, in turns."""
        queue = self._queues.get(name)
        while queue is not None and queue.stored:
            subscriber = next((each for each in queue.subscribers if each.ready), None)
            if subscriber is None:
                return
            queue.subscribers.remove(subscriber)
            queue.subscribers.append(subscriber)
            message = queue.stored.popleft()
            self._bytes -= message.size
            subscriber.deliver(message)
        self._forget(name)

    def _leave_queue(self, name: str, subscriber: Subscriber) -> None:
        queue = self._queues.get(name)
        if queue is not None and subscriber in queue.subscribers:
            queue.subscribers.remove(subscriber)
            queue.exclusive = False if not queue.subscribers else queue.exclusive
            self._forget(name)

    def _leave_topic(self, name: str, subscriber: Subscriber) -> None:
        others = [each for each in self._topics.get(name, ()) if each is not subscriber]
        self._topics[name] = others
        if not others:
            del self._topics[name]

    def _forget(self, name: str) -> None:
        queue = self._queues.get(name)
        if queue is not None and not queue.stored and not queue.subscribers:
            del self._queues[name]


def parsed(destination: str) -> tuple[str, str]:
    """Kind and name of a destination.

    >>> parsed("/queue/xrc.sim")
    ('queue', 'xrc.sim')

    Raises:
        RefusedError: If it is none.
    """
    match = _DESTINATION.fullmatch(destination)
    if match is None:
        raise RefusedError(f"{destination[:80]!r} is no destination; allowed are /queue/<name> and /topic/<name>")
    return match[1], match[2]
