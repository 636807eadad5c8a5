"""What the ledger answers with, and the arithmetic of committed images."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import groupby
from typing import NamedTuple

from mxplans.model.sweeps import ScanKey
from mxplans.queue.states import Outcome, State


class LedgerState(NamedTuple):
    """What the ledger knows of an experiment."""

    state: State = State.WAITING
    outcome: Outcome | None = None
    reason: str = ""
    attempt: int = 0
    digest: str = ""


class Verification(NamedTuple):
    """What is committed against what was to be taken."""

    missing: tuple[ScanKey, ...]
    """Keys that are not committed."""
    unexpected: tuple[ScanKey, ...]
    """Keys that are committed and were not asked for."""

    @property
    def exact(self) -> bool:
        """Whether each scan asked for is committed, and no other."""
        return not self.missing and not self.unexpected


def ranges_by_sweep(keys: Collection[ScanKey]) -> dict[str, tuple[tuple[int, int], ...]]:
    """Unbroken ranges of images, (first, last), by sweep.

    >>> ranges_by_sweep([("s", 11, 10), ("s", 1, 10), ("s", 31, 5)])
    {'s': ((1, 20), (31, 35))}
    """
    return {
        sweep_uuid: _joined((first, first + number - 1) for _, first, number in group)
        for sweep_uuid, group in groupby(sorted(keys), key=lambda key: key[0])
    }


def _joined(ranges: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    joined: list[tuple[int, int]] = []
    for first, last in ranges:
        if joined and joined[-1][1] + 1 == first:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return tuple(joined)
