"""A connection to a message broker over STOMP 1.2, by stomp.py, which the extra `zocalo` installs.

Nothing here waits by itself: whoever uses a line hands in how to wait, so that it can be interrupted.
"""

from __future__ import annotations

import importlib
import itertools
import queue
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from mxplans.errors import DeviceFault

Wait = Callable[[Callable[[], bool], str, float], None]
"""Waits until a condition holds; what to say when it does not, and after how many real seconds."""
_JOIN_S = 5.0


class LineLost(Exception):
    """The connection did not come about, or ended, and why."""


def stomp_library() -> Any:
    """The module stomp.

    Raises:
        DeviceFault: If it is not installed.
    """
    try:
        return importlib.import_module("stomp")
    except ImportError as error:
        raise DeviceFault(
            f"results of zocalo come over STOMP, which needs the package stomp.py, and it cannot be imported ({error}); "
            "install mxplans with the extra zocalo: pip install 'mxplans[zocalo]'"
        ) from error


class StompLine:
    """One connection, for one `with` statement; its thread ends with it.

    Args:
        address: Host and port.
        login: Of the broker's account.
        passcode: Its password.
        timeout_s: Real seconds to connect, and for each confirmation.
        wait: How to wait.
    """

    def __init__(self, address: tuple[str, int], login: str, passcode: str, timeout_s: float, wait: Wait) -> None:
        self._where = f"{address[0]}:{address[1]}"
        self._account = (login, passcode)
        self._timeout_s = timeout_s
        self._wait = wait
        self._heard = _Heard()
        self._numbers = itertools.count(1)
        self._threads: list[threading.Thread] = []
        self._connection = stomp_library().StompConnection12(
            [address], reconnect_attempts_max=1, timeout=timeout_s, heartbeats=(0, 0), auto_decode=False
        )
        self._connection.set_listener("line", self._heard)
        self._connection.transport.override_threading(self._thread)

    def __enter__(self) -> Self:
        """Connect.

        Raises:
            LineLost: If nobody listens there, or the account is refused.
        """
        try:
            self._connection.connect(*self._account, wait=False)
            self._until(self._heard.connected.is_set, "the broker does not say that it has let us in")
        except BaseException as error:
            self._close()
            if isinstance(error, self._failures()):
                raise LineLost(f"nobody listens at {self._where}; start the broker, or correct its address") from error
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say good-bye, if anybody listens, and end."""
        try:
            if not self._heard.gone:
                self._connection.disconnect()
        except self._failures():
            self._heard.gone = self._heard.gone or "the connection broke at its end"
        finally:
            self._close()

    def subscribe(self, destination: str) -> None:
        """Have the messages of a queue sent here; returns when the broker has confirmed."""
        receipt = self._receipt()
        self._say(lambda: self._connection.subscribe(destination, id="1", ack="auto", receipt=receipt))
        self._confirmed(receipt, f"the subscription of {destination}")

    def send(self, destination: str, body: str) -> None:
        """Send JSON to a queue; returns when the broker has confirmed."""
        receipt = self._receipt()
        self._say(lambda: self._connection.send(destination, body, content_type="application/json", receipt=receipt))
        self._confirmed(receipt, f"a message to {destination}")

    def next_message(self) -> bytes | None:
        """The body of the next message; None when there is none now.

        Raises:
            LineLost: If there is none and the connection has ended.
        """
        try:
            return self._heard.messages.get_nowait()
        except queue.Empty:
            if self._heard.gone:
                raise LineLost(f"{self._where}: {self._heard.gone}") from None
            return None

    def _thread(self, work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=work, name=f"reader of {self._where}", daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def _receipt(self) -> str:
        return f"{next(self._numbers)}"

    def _confirmed(self, receipt: str, what: str) -> None:
        self._until(lambda: receipt in self._heard.receipts, f"the broker does not confirm {what}")

    def _until(self, condition: Callable[[], bool], missing: str) -> None:
        def holds() -> bool:
            if condition():
                return True
            if self._heard.gone:
                raise LineLost(f"{self._where}: {self._heard.gone}")
            return False

        self._wait(holds, f"{self._where}: {missing} within {self._timeout_s:g} s; see the broker", self._timeout_s)

    def _say(self, say: Callable[[], None]) -> None:
        try:
            say()
        except self._failures() as error:
            raise LineLost(f"{self._where}: the connection was lost ({type(error).__name__})") from error

    def _failures(self) -> tuple[type[BaseException], ...]:
        return OSError, stomp_library().exception.StompException

    def _close(self) -> None:
        self._connection.transport.disconnect_socket()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(_JOIN_S)


class _Heard:
    """What the broker says; called in the thread that reads."""

    def __init__(self) -> None:
        self.connected = threading.Event()
        self.messages: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.receipts: set[str] = set()
        self.gone = ""

    def on_connected(self, frame: Any) -> None:
        self.connected.set()

    def on_message(self, frame: Any) -> None:
        body = frame.body
        self.messages.put(body if isinstance(body, bytes) else str(body).encode())

    def on_receipt(self, frame: Any) -> None:
        self.receipts.add(str(frame.headers.get("receipt-id")))

    def on_error(self, frame: Any) -> None:
        told = frame.headers.get("message") or frame.body
        self.gone = f"the broker refuses: {str(told)[:200]}"

    def on_disconnected(self) -> None:
        self.gone = self.gone or "the broker has hung up"
