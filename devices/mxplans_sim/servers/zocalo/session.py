"""One client's connection: what it says, and what that does. All of it happens in the event loop's thread."""

from __future__ import annotations

import asyncio
import hmac
import itertools
import logging
import re
from collections.abc import Callable
from typing import Protocol, cast

from mxplans_sim.servers.zocalo.frames import HEART_BEAT, Frame, FrameError, Parser, encode
from mxplans_sim.servers.zocalo.queues import Message, Queues, RefusedError
from mxplans_sim.servers.zocalo.subscription import Subscription
from mxplans_sim.servers.zocalo.transactions import Transactions
from mxplans_sim.settings.analysis import BrokerSettings

_log = logging.getLogger(__name__)

VERSIONS = ("1.2", "1.1", "1.0")
_UNREAD_BYTES = 64 * 2**20
"""What may wait for a client that does not read; beyond, it is thrown out."""
_PATIENCE = 2.0
"""Periods without a heart-beat until a client counts as dead."""
_MOST_SUBSCRIPTIONS = 200
_OWN_HEADERS = frozenset(("destination", "receipt", "transaction", "content-length", "message-id", "subscription"))
_numbers = itertools.count(1)


class House(Protocol):
    """What a session needs of its broker."""

    settings: BrokerSettings
    queues: Queues
    beats: bool

    def enter(self, session: Session) -> bool:
        """Whether there is room for one more."""
        ...

    def leave(self, session: Session) -> None:
        """It has gone."""
        ...


class Session(asyncio.Protocol):
    """Speaks STOMP with one client.

    Args:
        house: The broker.
    """

    def __init__(self, house: House) -> None:
        self.number = next(_numbers)
        self.writable = True
        self.version = "1.2"
        self._house = house
        self._parser = Parser(house.settings.largest_mb * 2**20)
        self._transport: asyncio.Transport | None = None
        self._connected = False
        self._closing = False
        self._heard = False
        self._timers: list[asyncio.TimerHandle] = []
        self._subscriptions: dict[str, Subscription] = {}
        self._transactions = Transactions()
        self._commands = {
            "SEND": self._send,
            "SUBSCRIBE": self._subscribe,
            "UNSUBSCRIBE": self._unsubscribe,
            "ACK": lambda frame: self._acknowledge(frame, accepted=True),
            "NACK": lambda frame: self._acknowledge(frame, accepted=False),
            "BEGIN": lambda frame: self._transactions.begin(_needed(frame, "transaction")),
            "COMMIT": lambda frame: self._transactions.commit(_needed(frame, "transaction")),
            "ABORT": lambda frame: self._transactions.abort(_needed(frame, "transaction")),
            "DISCONNECT": self._disconnect,
        }

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        self._transport = cast("asyncio.Transport", transport)
        if not self._house.enter(self):
            self._fail("too many connections", Frame(""))
        elif self._house.beats:
            self._later(self._house.settings.connect_s, self._check_connected)

    def data_received(self, data: bytes) -> None:
        """Read frames, and do what they say."""
        self._heard = True
        if not self._closing:
            self._parser.push(data)
        frame = Frame("")
        try:
            while not self._closing:
                found = self._parser.next_frame()
                if found is None:
                    return
                frame = found
                self._take(frame)
        except (FrameError, RefusedError) as error:
            self._fail(str(error), frame)

    def pause_writing(self) -> None:
        """The client reads too slowly."""
        self.writable = False

    def resume_writing(self) -> None:
        """It has caught up."""
        self.writable = not self._closing
        for subscription in tuple(self._subscriptions.values()):
            self._house.queues.resume(subscription.destination)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone: its messages are for others."""
        self._end()
        for timer in self._timers:
            timer.cancel()
        self._house.leave(self)

    # What others call

    def write(self, frame: Frame) -> None:
        """Send a frame; throws the client out if it does not read."""
        if self._transport is None or self._closing or self._transport.is_closing():
            return
        self._transport.write(encode(frame, self.version))
        if self._transport.get_write_buffer_size() > _UNREAD_BYTES:
            _log.warning("client %d does not read, it is disconnected", self.number)
            self._transport.abort()

    def abort(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.abort()

    # Frames

    def _take(self, frame: Frame) -> None:
        if not self._connected:
            self._connect(frame)
            return
        command = self._commands.get(frame.command)
        if command is None:
            raise RefusedError(f"{frame.command} is not a command for a broker, or comes too late")
        command(frame)
        if "receipt" in frame.headers:
            self.write(Frame("RECEIPT", {"receipt-id": frame.headers["receipt"]}))
        if frame.command == "DISCONNECT":
            self._close()

    def _connect(self, frame: Frame) -> None:
        if frame.command not in ("CONNECT", "STOMP"):
            raise RefusedError(f"{frame.command} before CONNECT")
        given = [version.strip() for version in frame.headers.get("accept-version", "1.0").split(",")]
        version = next((each for each in VERSIONS if each in given), None)
        if version is None:
            raise RefusedError(f"no version in common; allowed are {', '.join(VERSIONS)}")
        self._check_login(frame)
        ours_ms = round(self._house.settings.heart_beat_s * 1000) if self._house.beats else 0
        theirs_ms = _heart_beat_ms(frame)
        self.version = self._parser.version = version
        self._connected = True
        headers = {"version": version, "server": "mxplans-sim", "session": str(self.number)}
        self.write(Frame("CONNECTED", headers | {"heart-beat": f"{ours_ms},{ours_ms}"}))
        if ours_ms and theirs_ms[1]:
            self._beat(max(ours_ms, theirs_ms[1]) / 1000)
        if ours_ms and theirs_ms[0]:
            self._listen(_PATIENCE * max(ours_ms, theirs_ms[0]) / 1000)

    def _check_login(self, frame: Frame) -> None:
        settings = self._house.settings
        given = f"{frame.headers.get('login', '')}\n{frame.headers.get('passcode', '')}"
        if not hmac.compare_digest(given.encode(), f"{settings.login}\n{settings.passcode}".encode()):
            raise RefusedError("login or passcode is wrong")

    def _send(self, frame: Frame) -> None:
        destination = _needed(frame, "destination")
        headers = {key: value for key, value in frame.headers.items() if key not in _OWN_HEADERS}
        message = Message(destination, headers, frame.body)
        self._transactions.do(frame.headers.get("transaction"), lambda: self._house.queues.send(message))

    def _subscribe(self, frame: Frame) -> None:
        destination = _needed(frame, "destination")
        # Version 1.0 may go without an id.
        name = frame.headers.get("id", destination) if self.version == "1.0" else _needed(frame, "id")
        if name in self._subscriptions or len(self._subscriptions) >= _MOST_SUBSCRIPTIONS:
            raise RefusedError(f"subscription {name} is there, or there are {_MOST_SUBSCRIPTIONS}")
        mode = frame.headers.get("ack", "auto")
        if mode not in ("auto", "client", "client-individual"):
            raise RefusedError(f"ack is {mode!r}; allowed are auto, client, client-individual")
        exclusive = "true" in (frame.headers.get("exclusive"), frame.headers.get("activemq.exclusive"))
        limit = self._house.settings.unacknowledged
        # Known before messages come, which is at once.
        subscription = self._subscriptions[name] = Subscription(
            self, self._house.queues, name, destination, mode, limit
        )
        try:
            subscription.begin(exclusive)
        except RefusedError:
            del self._subscriptions[name]
            raise

    def _unsubscribe(self, frame: Frame) -> None:
        name = frame.headers.get("id") or frame.headers.get("destination", "")
        if name not in self._subscriptions:
            raise RefusedError(f"there is no subscription {name!r}")
        self._subscriptions.pop(name).end()

    def _acknowledge(self, frame: Frame, accepted: bool) -> None:
        token = _needed(frame, "id" if self.version == "1.2" else "message-id")
        subscription = next((each for each in self._subscriptions.values() if each.waits_for(token)), None)
        if subscription is None:
            raise RefusedError(f"message {token!r} waits for no {frame.command}")
        self._transactions.do(frame.headers.get("transaction"), lambda: subscription.settle(token, accepted))

    # The end

    def _disconnect(self, frame: Frame) -> None:
        """All has been done; the receipt follows, then the end."""

    def _fail(self, reason: str, frame: Frame) -> None:
        """Say what was wrong, and hang up: after an error nothing of a client can be trusted."""
        if self._closing:
            return
        _log.warning("client %d: %s", self.number, reason)
        headers = {"message": reason, "content-type": "text/plain", "version": ",".join(VERSIONS)}
        if "receipt" in frame.headers:
            headers["receipt-id"] = frame.headers["receipt"]
        self.write(Frame("ERROR", headers, f"{frame.command}: {reason}".encode()))
        self._close()

    def _close(self) -> None:
        """Say no more and listen no more. What still comes is read: else the client may not get the last words."""
        self._end()
        if self._transport is not None:
            self._transport.write_eof()
            if self._house.beats:  # who does not hang up, is cut off
                self._later(self._house.settings.connect_s, self._transport.abort)

    def _end(self) -> None:
        self._closing, self.writable = True, False
        for subscription in self._subscriptions.values():
            subscription.end()
        self._subscriptions.clear()

    # Real time: whether the other end lives

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        self._timers = [timer for timer in self._timers if not timer.cancelled() and timer.when() > loop.time()]
        self._timers.append(loop.call_later(seconds, work))

    def _check_connected(self) -> None:
        if not self._connected:
            self._fail(f"no CONNECT in {self._house.settings.connect_s:g} s", Frame(""))

    def _beat(self, period_s: float) -> None:
        if self._transport is not None and self.writable:
            self._transport.write(HEART_BEAT)
        self._later(period_s, lambda: self._beat(period_s))

    def _listen(self, period_s: float) -> None:
        self._heard = False
        self._later(period_s, lambda: self._hang_up_unless_heard(period_s))

    def _hang_up_unless_heard(self, period_s: float) -> None:
        if self._heard:
            self._listen(period_s)
        else:
            self._fail(f"no heart-beat in {period_s:g} s", Frame(""))


def _needed(frame: Frame, header: str) -> str:
    if header not in frame.headers:
        raise RefusedError(f"{frame.command} without the header {header}")
    return frame.headers[header]


def _heart_beat_ms(frame: Frame) -> tuple[int, int]:
    text = frame.headers.get("heart-beat", "0,0")
    match = re.fullmatch(r"\s*(\d{1,9})\s*,\s*(\d{1,9})\s*", text, re.ASCII)
    if match is None:
        raise RefusedError(f"heart-beat is {text[:40]!r}, it must be two numbers of milliseconds")
    return int(match[1]), int(match[2])
