"""Lines that wait for the disk."""

from __future__ import annotations

from collections import deque

MAX_BYTES = 100_000_000
MAX_LINES = 1_000_000


class Backlog:
    """Lines in order, not more than memory may take.

    Args:
        max_bytes: Of all lines.
        max_lines: Their number.
    """

    def __init__(self, max_bytes: int = MAX_BYTES, max_lines: int = MAX_LINES) -> None:
        self._max_bytes, self._max_lines = max_bytes, max_lines
        self._lines: deque[bytes] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def first(self) -> bytes:
        """The oldest line."""
        return self._lines[0]

    def add(self, line: bytes) -> int:
        """Add a line at the end; returns how many of the oldest had to go for it."""
        self._lines.append(line)
        self._bytes += len(line)
        gone = 0
        while len(self._lines) > 1 and (self._bytes > self._max_bytes or len(self._lines) > self._max_lines):
            self.remove_first()
            gone += 1
        return gone

    def remove_first(self) -> None:
        """Forget the oldest line."""
        self._bytes -= len(self._lines.popleft())

    def clear(self) -> None:
        """Forget all."""
        self._lines.clear()
        self._bytes = 0
