"""What a proxy does to the connections through it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum


class Way(StrEnum):
    """Ways in which a network can go wrong, and the right one."""

    PASS = "pass"  # a way, no password
    SLOW = "slow"
    CLOSE = "close"
    REFUSE = "refuse"
    GARBAGE = "garbage"
    HANG = "hang"
    HTTP_STATUS = "http_status"
    DIE_AND_RETURN = "die_and_return"


LARGEST_GARBAGE = 2**20
_NUMBERS = {
    Way.SLOW: "latency_s",
    Way.CLOSE: "after_bytes",
    Way.GARBAGE: "garbage_bytes",
    Way.HTTP_STATUS: "status",
    Way.DIE_AND_RETURN: "down_s",
}


@dataclass(frozen=True)
class Mode:
    """A way with its numbers; those of other ways do not count.

    Attributes:
        way: What is done.
        latency_s: Each answer comes so much later, simulated seconds (slow).
        bytes_per_s: Speed of answers, bytes per simulated second (slow).
        after_bytes: So many bytes of answers pass before a connection is closed; 0 closes it at once (close).
        garbage_bytes: Length of an answer (garbage).
        status: HTTP status of all answers (http_status).
        down_s: Simulated seconds until it listens again (die_and_return).

    Raises:
        ValueError: If a number is out of range.
    """

    way: Way = Way.PASS
    latency_s: float = 1.0
    bytes_per_s: float = 1e9
    after_bytes: int = 0
    garbage_bytes: int = 256
    status: int = 503
    down_s: float = 10.0

    def __post_init__(self) -> None:
        _within("latency_s", self.latency_s, 0, 1e6, "s")
        if not 0 < self.bytes_per_s < math.inf:
            raise ValueError(f"bytes_per_s is {self.bytes_per_s}, it must be a number > 0")
        _within("after_bytes", self.after_bytes, 0, math.inf, "bytes")
        _within("garbage_bytes", self.garbage_bytes, 1, LARGEST_GARBAGE, "bytes")
        _within("status", self.status, 200, 599, "as an HTTP status")
        _within("down_s", self.down_s, 0, 1e6, "s")

    @classmethod
    def of(cls, way: str, number: float | None = None) -> Mode:
        """A mode by its name and the one number that matters most to it; a default when there is none.

        Args:
            way: One of the names of `Way`.
            number: Latency in seconds, bytes, HTTP status or seconds down, as the way needs.

        Raises:
            ValueError: If there is no such way, or the number is out of range.
        """
        if way not in list(Way):
            raise ValueError(f"a proxy knows no mode {way!r}, allowed are {', '.join(Way)}")
        name = _NUMBERS.get(Way(way))
        if number is None or name is None:
            return cls(Way(way))
        whole = name in ("after_bytes", "garbage_bytes", "status")
        if whole and not float(number).is_integer():
            raise ValueError(f"{name} is {number}, it must be a whole number")
        return cls(Way(way), **{name: int(number) if whole else float(number)})  # type: ignore[arg-type]

    @property
    def listens(self) -> bool:
        """Whether connections are accepted."""
        return self.way not in (Way.REFUSE, Way.DIE_AND_RETURN)

    @property
    def forwards(self) -> bool:
        """Whether anything reaches the server."""
        return self.way in (Way.PASS, Way.SLOW) or (self.way is Way.CLOSE and self.after_bytes > 0)


def _within(name: str, value: float, low: float, high: float, unit: str) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name} is {value} {unit}, allowed is {low:g} to {high:g}")


PASS = Mode()
AT_ONCE = Mode(Way.CLOSE)
"""Closes connections as soon as they are made."""
