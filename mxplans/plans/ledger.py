"""What a plan writes down of each scan, so that it is taken once: the protocol, and one that forgets."""

from __future__ import annotations

from typing import Protocol

from mxplans.model.sweeps import Position
from mxplans.schedule import ScanKey


class ScanLedger(Protocol):
    """Remembers which scans of an experiment are on disk."""

    def committed(self, item_uuid: str) -> frozenset[ScanKey]:
        """Scans that are done for good."""
        ...

    def begin_scan(self, item_uuid: str, key: ScanKey, ordinal: int, file_base: str) -> None:
        """A scan is about to be exposed into files of this name."""
        ...

    def commit(self, item_uuid: str, key: ScanKey, ordinal: int, run_uid: str, file_base: str) -> None:
        """A scan is on disk; durable when it returns."""
        ...

    def home(self, item_uuid: str, position: Position) -> Position:
        """Where the sample stood when this was first asked for an experiment: `position` the first time."""
        ...

    def run_number(self, directory: str, prefix: str) -> int:
        """The next number for files of this name, which nobody had before."""
        ...


class MemoryLedger:
    """Remembers as long as the process lives: for plans used alone, and for a night that is not resumed."""

    def __init__(self) -> None:
        self._committed: dict[str, set[ScanKey]] = {}
        self._homes: dict[str, Position] = {}
        self._numbers: dict[tuple[str, str], int] = {}

    def committed(self, item_uuid: str) -> frozenset[ScanKey]:
        """Scans that are done."""
        return frozenset(self._committed.get(item_uuid, ()))

    def begin_scan(self, item_uuid: str, key: ScanKey, ordinal: int, file_base: str) -> None:
        """Nothing to remember of it yet."""

    def commit(self, item_uuid: str, key: ScanKey, ordinal: int, run_uid: str, file_base: str) -> None:
        """A scan is on disk."""
        self._committed.setdefault(item_uuid, set()).add(key)

    def home(self, item_uuid: str, position: Position) -> Position:
        """Where the sample stood first."""
        return self._homes.setdefault(item_uuid, position)

    def run_number(self, directory: str, prefix: str) -> int:
        """The next number."""
        number = self._numbers.get((directory, prefix), 0) + 1
        self._numbers[(directory, prefix)] = number
        return number
