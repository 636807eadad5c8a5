"""The text protocol of ISARA sample changers: orders on one connection, questions on another, lines that end with CR.

A reply to an order that is not its name is a refusal. Only one client at a time may give orders.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass

from mxplans.errors import DeviceFault, RobotFault
from mxplans_devices.protocols._stream import Answer, Stream

Place = tuple[int, int]
_END = b"\r"
_LONGEST_BYTES = 2**16
_END_TIMEOUT_S = 30.0
"""Real seconds for a call that is under way: each of its replies has a limit of its own."""
_STATE = re.compile(r"^state\((.*)\)$")
_OUTPUTS = re.compile(r"^do\((.*)\)$")
_ERROR = re.compile(r"ERROR\s+(\d+)")
_STATE_VALUES = 29
_SENSED, _PARKED = 24, 43


@dataclass(frozen=True)
class IsaraState:
    """What is used of the state.

    Attributes:
        powered: Whether the arm has power.
        remote: Whether orders are taken.
        faulty: Whether a fault is to be reset.
        position: Name of the position it stands at.
        path: Name of the path it runs.
        running: Whether it runs one.
        on_diffractometer: Puck and pin that it remembers to have put on the goniometer.
        barcode: Of the last pin read.
        message: What it has to say.
    """

    powered: bool
    remote: bool
    faulty: bool
    position: str
    path: str
    running: bool
    on_diffractometer: Place | None
    barcode: str
    message: str

    @property
    def error(self) -> int:
        """Number of the error in the message, 0 for none."""
        match = _ERROR.search(self.message)
        return int(match.group(1)) if match else 0


class IsaraClient:
    """One client; connects when it is first needed, and once more when a connection was lost.

    Args:
        operate: Host and port for orders.
        monitor: Host and port for questions.
        timeout_s: Real seconds to wait for a reply.
    """

    def __init__(self, operate: str, monitor: str, *, timeout_s: float = 10.0) -> None:
        self._addresses = {"operate": operate, "monitor": monitor}
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._streams: dict[str, Stream] = {}

    def close(self) -> None:
        """End both connections."""
        with self._lock:
            streams = list(self._streams.values())
            self._streams.clear()
        for stream in streams:
            stream.close()

    def order(self, text: str) -> None:
        """Give an order and wait for its reply.

        Args:
            text: As `on`, or `traj(soak,3)`.

        Raises:
            RobotFault: If it is refused.
            DeviceFault: If there is no reply.
        """
        name = text.removeprefix("traj(").partition("(")[0].partition(",")[0]
        reply = self._ask("operate", text)
        if reply != name:
            raise RobotFault(f"{self._addresses['operate']}: {text!r} was refused: {reply}; see to the robot")

    def post(self, text: str) -> None:
        """Give an order without waiting for its reply."""
        self._send("operate", text)

    def state(self) -> IsaraState:
        """The present state.

        Raises:
            DeviceFault: If the reply is not one.
        """
        values = self._values("state", _STATE)
        if len(values) < _STATE_VALUES:
            raise DeviceFault(
                f"{self._addresses['monitor']}: the state has {len(values)} values, {_STATE_VALUES} are used"
            )
        try:
            puck, pin = int(values[12]), int(values[13])
        except ValueError as error:
            raise DeviceFault(f"{self._addresses['monitor']}: the state names no sample: {values[12:14]}") from error
        return IsaraState(
            powered=values[0] == "1",
            remote=values[1] == "1",
            faulty=values[2] == "1",
            position=values[4].upper(),
            path=values[5],
            running=values[17] == "1",
            on_diffractometer=(puck, pin) if puck > 0 and pin > 0 else None,
            barcode=values[16],
            message=values[28],
        )

    def sensed(self) -> bool:
        """Whether the goniometer's sensor sees a pin.

        Raises:
            DeviceFault: If the reply does not say.
        """
        values = self._values("do", _OUTPUTS)
        if len(values) <= _PARKED:
            raise DeviceFault(
                f"{self._addresses['monitor']}: {len(values)} outputs are told, more than {_PARKED} are used"
            )
        return values[_SENSED] == "1"

    def _values(self, question: str, form: re.Pattern[str]) -> list[str]:
        reply = self._ask("monitor", question)
        match = form.match(reply)
        if match is None:
            raise DeviceFault(f"{self._addresses['monitor']}: {question} was answered with {reply[:80]!r}")
        return match.group(1).split(",")

    def _ask(self, which: str, text: str) -> str:
        stream, answer = self._send(which, text)
        address = self._addresses[which]
        if not answer.arrived.wait(self._timeout_s):
            # Replies are told apart by their order alone: after a missing one nothing can be trusted.
            stream.close()
            raise DeviceFault(f"{address}: no reply to {text!r} within {self._timeout_s:g} s; see its controller")
        if answer.text is None:
            raise DeviceFault(
                f"{address}: the connection was lost during {text!r}, which may have been carried out or not"
                f"{_said(stream)}; look at its state before going on"
            )
        return answer.text

    def _send(self, which: str, text: str) -> tuple[Stream, Answer]:
        """Send; a connection that turns out to be dead before anything was sent is replaced once."""
        data = text.encode() + _END
        stream = self._connected(which)
        try:
            return stream, stream.send(data)
        except OSError:
            stream = self._connected(which)
        try:
            return stream, stream.send(data)
        except OSError as error:
            raise DeviceFault(
                f"{self._addresses[which]}: {text!r} cannot be sent ({error}){_said(stream)}; see its controller"
            ) from error

    def _connected(self, which: str) -> Stream:
        with self._lock:
            stream = self._streams.get(which)
            if stream is None or stream.closed:
                try:
                    stream = Stream(self._addresses[which], _Lines().feed, lambda _: True)
                except (OSError, ValueError) as error:
                    raise DeviceFault(
                        f"{self._addresses[which]} does not answer ({type(error).__name__}: {error}); "
                        "check that the robot's controller runs"
                    ) from error
                self._streams[which] = stream
            return stream


def _said(stream: Stream) -> str:
    return f"; it said {stream.unasked!r}" if stream.unasked else ""


class _Lines:
    """Takes lines out of the stream."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        *lines, self._rest = (self._rest + data).split(_END)
        if len(self._rest) > _LONGEST_BYTES:
            raise ConnectionError(f"{len(self._rest)} bytes without an end of line")
        return [line.decode(errors="replace").strip() for line in lines]


class Watch:
    """Calls again and again, in a thread of its own.

    Args:
        name: Of the thread.
        period_s: Real seconds between two calls.
        look: What to call; its faults end nothing, the next call may do better.
    """

    def __init__(self, name: str, period_s: float, look: Callable[[], None]) -> None:
        self._period_s = period_s
        self._look = look
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Call no more."""
        self._ended.set()
        self._thread.join(_END_TIMEOUT_S)

    def _run(self) -> None:
        while not self._ended.wait(self._period_s):
            try:
                self._look()
            except DeviceFault:
                continue
