"""The exporter protocol of micro-diffractometers: properties, methods, tasks and events over one TCP connection.

Every answer is checked: an `ERR`, a missing answer and a task that ended with an exception are faults. A request that may
have been carried out is never sent twice.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from mxplans.errors import DeviceFault
from mxplans_devices.protocols._stream import Answer, Stream

Value = None | bool | int | float | str | tuple[bool | int | float | str, ...]
Listener = Callable[[str, Value], None]
Follower = Callable[[Value, float], None]

_STX, _ETX, _UNIT = "\x02", "\x03", "\x1f"
_LONGEST_BYTES = 2**22
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TaskInfo:
    """What the server tells of a task.

    Attributes:
        name: Of the task.
        ended: Whether it has come to an end.
        exception: What went wrong; empty when nothing did.
        result: 1 for success.
    """

    name: str
    ended: bool
    exception: str
    result: str

    @property
    def failure(self) -> str:
        """Why it has not done its work; empty when it has."""
        if self.exception:
            return self.exception
        return "" if self.result == "1" else f"it ended with result {self.result} and without an exception"


class ExporterClient:
    """One client of one server; connects when it is first needed, and once more when the connection was lost.

    Args:
        address: Host and port.
        timeout_s: Real seconds to wait for an answer.

    Attributes:
        connections: How often it has connected: what was heard before the last time may have changed.
    """

    def __init__(self, address: str, *, timeout_s: float = 10.0) -> None:
        self.address = address
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._stream: Stream | None = None
        self._listeners: list[Listener] = []
        self._followers: list[tuple[str, Follower]] = []
        self._latest: dict[str, Value] = {}
        self.connections = 0

    @property
    def connected(self) -> bool:
        """Whether there is a connection."""
        return self._stream is not None and not self._stream.closed

    def listen(self, listener: Listener) -> None:
        """Call with name and value of each event, in the thread that reads; it must return at once."""
        self._listeners.append(listener)

    def follow(self, name: str, follower: Follower) -> Callable[[], None]:
        """Call with value and stamp (s since 1970, the server's) of each event of a property; returns what ends that."""
        entry = (name, follower)
        self._followers.append(entry)
        return lambda: self._followers.remove(entry)

    def latest(self, name: str) -> Value:
        """Value of a property in its last event; None when there was none on this connection."""
        return self._latest.get(name)

    def connect(self) -> None:
        """Connect, unless it is.

        Raises:
            DeviceFault: If nobody listens there.
        """
        self._connected()

    def close(self) -> None:
        """End the connection."""
        with self._lock:
            stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def read(self, name: str) -> Value:
        """Value of a property; asked for again when the connection is lost meanwhile."""
        request = f"READ {name}"
        try:
            return _value(self._wait(self._send(request), request))
        except _Lost:
            return _value(self._wait(self._send(request), request))

    def write(self, name: str, value: bool | float | str) -> None:
        """Set a property; returns when the change has begun."""
        request = f"WRTE {name} {_text(value)}"
        self._wait(self._send(request), request)

    def execute(self, method: str, *arguments: bool | float | str) -> Value:
        """Call a method and wait for its answer."""
        request = _call(method, arguments)
        return _value(self._wait(self._send(request), request))

    def post(self, method: str, *arguments: bool | float | str) -> None:
        """Call a method without waiting for its answer."""
        self._send(_call(method, arguments))

    def number(self, name: str) -> float:
        """Value of a property that is a number.

        Raises:
            DeviceFault: If it is none.
        """
        value = self.read(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise DeviceFault(f"{self.address}: {name} reads {value!r}, a number was expected; see its controller")
        return float(value)

    def start_task(self, method: str, *arguments: bool | float | str) -> int:
        """Call a method that starts a task; returns the task's id.

        Raises:
            DeviceFault: If it is refused, or no id comes back.
        """
        number = self.execute(method, *arguments)
        if isinstance(number, bool) or not isinstance(number, int):
            raise DeviceFault(f"{self.address}: {method} answered {number!r}, the id of a task was expected")
        return number

    def task(self, number: int) -> TaskInfo:
        """What the server tells of a task.

        Raises:
            DeviceFault: If it does not know the task.
        """
        info = self.execute("getTaskInfo", number)
        if not isinstance(info, tuple) or len(info) < 7:
            raise DeviceFault(f"{self.address}: getTaskInfo {number} answered {info!r}, seven values were expected")
        name, _, _, end, _, exception, result = map(str, info[:7])
        return TaskInfo(name, end != "null", "" if exception == "null" else exception, result)

    def _connected(self) -> Stream:
        with self._lock:
            if self._stream is None or self._stream.closed:
                self._latest.clear()
                try:
                    self._stream = Stream(self.address, _Messages().feed, self._is_answer)
                    self.connections += 1
                except (OSError, ValueError) as error:
                    raise DeviceFault(
                        f"{self.address} does not answer ({type(error).__name__}: {error}); check that its controller runs"
                    ) from error
            return self._stream

    def _send(self, request: str) -> tuple[Stream, Answer]:
        """Send; a connection that turns out to be dead before anything was sent is replaced once."""
        data = f"{_STX}{request}{_ETX}".encode()
        try:
            stream = self._connected()
            return stream, stream.send(data)
        except OSError:
            stream = self._connected()
        try:
            return stream, stream.send(data)
        except OSError as error:
            raise DeviceFault(f"{self.address}: {request!r} cannot be sent: {error}; see its controller") from error

    def _wait(self, sent: tuple[Stream, Answer], request: str) -> str:
        stream, answer = sent
        what = request.strip().replace("\t", " ")
        if not answer.arrived.wait(self._timeout_s):
            # Answers are told apart by their order alone: after a missing one nothing can be trusted.
            stream.close()
            raise DeviceFault(f"{self.address}: no answer to {what!r} within {self._timeout_s:g} s; see its controller")
        if answer.text is None:
            raise _Lost(
                f"{self.address}: the connection was lost during {what!r}, which may have been carried out or not; "
                "look at its state before going on"
            )
        if answer.text.startswith("ERR:"):
            raise DeviceFault(f"{self.address}: {what!r} was refused: {answer.text.removeprefix('ERR:')}")
        if answer.text != "NULL" and not answer.text.startswith("RET:"):
            stream.close()
            raise DeviceFault(f"{self.address}: {what!r} was answered with {answer.text[:80]!r}, which is no answer")
        return answer.text

    def _is_answer(self, message: str) -> bool:
        if not message.startswith("EVT:"):
            return True
        name, _, rest = message.removeprefix("EVT:").partition("\t")
        text, _, stamp_ms = rest.rpartition("\t")
        value = parse(text)
        self._latest[name] = value
        heard: list[Callable[[], None]] = [partial(listener, name, value) for listener in tuple(self._listeners)]
        if stamp_ms.isdecimal():
            followers = [follower for wanted, follower in tuple(self._followers) if wanted == name]
            heard += [partial(follower, value, int(stamp_ms) / 1000) for follower in followers]
        for tell in heard:
            try:
                tell()
            except Exception:  # noqa: BLE001  the reader must live on, whatever a listener makes of an event
                _log.exception("%s: event %s", self.address, name)
        return False


class _Lost(DeviceFault):
    """The connection ended before the answer came."""


class _Messages:
    """Takes messages out of the stream: what stands between STX and ETX."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[str]:
        *whole, self._buffer = (self._buffer + data).split(_ETX.encode())
        if len(self._buffer) > _LONGEST_BYTES:
            raise ConnectionError(f"{len(self._buffer)} bytes without an end of message")
        parts = [part.rpartition(_STX.encode()) for part in whole]
        return [payload.decode(errors="replace") for _, begin, payload in parts if begin]


def parse(text: str) -> Value:
    r"""A value from its text: an array between unit separators, true, false, null, a number, or just text.

    >>> parse("1"), parse("1.5"), parse("true"), parse("null"), parse("Ready"), parse("\x1fA=1\x1f2\x1f"), parse("\x1f")
    (1, 1.5, True, None, 'Ready', ('A=1', 2), ())
    """
    if text.startswith(_UNIT):
        items = text.removeprefix(_UNIT).removesuffix(_UNIT)
        return tuple(_scalar(item) for item in items.split(_UNIT)) if items else ()
    return None if text == "null" else _scalar(text)


def _scalar(text: str) -> bool | int | float | str:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _value(answer: str) -> Value:
    return None if answer == "NULL" else parse(answer.removeprefix("RET:"))


def _call(method: str, arguments: tuple[bool | int | float | str, ...]) -> str:
    return f"EXEC {method} " + "".join(f"{_text(argument)}\t" for argument in arguments)


def _text(value: bool | float | str) -> str:
    """An argument as text; numbers are rounded to a millionth.

    >>> _text(True), _text(0.1 + 0.2), _text(5), _text("Centring")
    ('true', '0.3', '5', 'Centring')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if not math.isfinite(value):
            raise DeviceFault(f"{value} cannot be sent; give a finite number")
        return repr(round(value, 6))
    return str(value)
