"""A TCP connection on which requests are answered in their order, with a thread that reads."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable

CONNECT_TIMEOUT_S = 5.0
_READ_BYTES = 65536


class Answer:
    """The answer to a request, once it has come."""

    def __init__(self) -> None:
        self.arrived = threading.Event()
        self.text: str | None = None


class Stream:
    """One connection. Ends for good when the other side closes it, or when an answer is missing.

    Args:
        address: Host and port, as `127.0.0.1:9001`.
        messages: Takes bytes as they come and returns the messages that are complete.
        is_answer: Tells an answer from what comes unasked; it handles the latter itself.

    Attributes:
        closed: Whether it has ended.
        unasked: The last answer that nobody had asked for, such as a reason to hang up.

    Raises:
        OSError: If nobody listens there.
    """

    def __init__(
        self, address: str, messages: Callable[[bytes], Iterable[str]], is_answer: Callable[[str], bool]
    ) -> None:
        host, _, port = address.rpartition(":")
        self.closed = False
        self.unasked = ""
        self._messages = messages
        self._is_answer = is_answer
        self._lock = threading.Lock()
        self._pending: deque[Answer] = deque()
        self._socket = socket.create_connection((host, int(port)), CONNECT_TIMEOUT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(None)
        self._thread = threading.Thread(target=self._read, name=f"reader of {address}", daemon=True)
        self._thread.start()

    def send(self, data: bytes) -> Answer:
        """Send a request; does not wait.

        Raises:
            OSError: If the connection has ended.
        """
        answer = Answer()
        with self._lock:
            if self.closed:
                raise ConnectionError("the connection is closed")
            self._pending.append(answer)
            self._socket.sendall(data)
        return answer

    def close(self) -> None:
        """End the connection and its thread."""
        self.closed = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        if threading.current_thread() is not self._thread:
            self._thread.join(CONNECT_TIMEOUT_S)

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._socket.recv(_READ_BYTES):
                for message in self._messages(data):
                    self._take(message)
        with self._lock:
            self.closed = True
            for answer in self._pending:
                answer.arrived.set()
        self._socket.close()

    def _take(self, message: str) -> None:
        if not self._is_answer(message):
            return
        if not self._pending:
            self.unasked = message
            return
        answer = self._pending.popleft()
        answer.text = message
        answer.arrived.set()
