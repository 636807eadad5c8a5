"""What clients ask for in transactions: it is done when they say so, or never."""

from __future__ import annotations

from collections.abc import Callable

from mxplans_sim.servers.zocalo.queues import RefusedError

_MOST = 100
_MOST_STEPS = 10_000


class Transactions:
    """The open transactions of one client."""

    def __init__(self) -> None:
        self._open: dict[str, list[Callable[[], None]]] = {}

    def do(self, name: str | None, work: Callable[[], None]) -> None:
        """Do something now, or when the transaction of that name is committed.

        Raises:
            RefusedError: If there is none of that name, or it is full.
        """
        if name is None:
            work()
            return
        steps = self._steps(name)
        if len(steps) >= _MOST_STEPS:
            raise RefusedError(f"transaction {name} has {len(steps)} steps, which is the most; commit it")
        steps.append(work)

    def begin(self, name: str) -> None:
        """Open one.

        Raises:
            RefusedError: If it is open, or too many are.
        """
        if name in self._open or len(self._open) >= _MOST:
            raise RefusedError(f"transaction {name} has begun, or {_MOST} others have")
        self._open[name] = []

    def commit(self, name: str) -> None:
        """Do all its steps.

        Raises:
            RefusedError: If there is none of that name; or see the steps.
        """
        steps = self._steps(name)
        del self._open[name]
        for work in steps:
            work()

    def abort(self, name: str) -> None:
        """Forget its steps.

        Raises:
            RefusedError: If there is none of that name.
        """
        self._steps(name)
        del self._open[name]

    def _steps(self, name: str) -> list[Callable[[], None]]:
        if name not in self._open:
            raise RefusedError(f"there is no transaction {name!r}; send BEGIN")
        return self._open[name]
