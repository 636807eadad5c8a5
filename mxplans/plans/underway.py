"""What a plan has begun and nobody has waited for: after a pause it must have ended before anything is begun again."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from bluesky.utils import FailedStatus, Msg, MsgGenerator

REST_S = 10.0
"""More than any axis needs to come to rest, or any thread of a device to hear that it was stopped."""
STEP_S = 0.05


class Underway:
    """Keeps the Statuses and the groups of a plan's messages.

    What a pause stops fails, some of it only after the RunEngine goes on. The RunEngine throws each failure into whatever
    the plan does just then, and keeps those of a group that was not waited for until somebody uses its name again.
    """

    def __init__(self) -> None:
        self._moving: list[Any] = []
        self._others: list[Any] = []
        self._groups: set[Hashable] = set()

    def note(self, message: Msg, response: Any) -> None:
        """A message was answered, or interrupted (None)."""
        group = message.kwargs.get("group")
        if message.command == "wait":
            self._groups.discard(group)
            self._moving, self._others = _under_way(self._moving), _under_way(self._others)
        elif group is not None and hasattr(response, "done"):
            self._groups.add(group)
            (self._moving if message.command == "set" else self._others).append(response)

    def rest(self) -> MsgGenerator[None]:
        """Wait for what was set, which is what the RunEngine stops at a pause; that it fails is no news."""
        yield from self._until_ended(self._moving)

    def end(self) -> MsgGenerator[None]:
        """Wait for all that was begun, once the plan's finalizers have stopped it, and leave no group behind."""
        yield from self._until_ended(self._moving, self._others)
        for group in tuple(self._groups):
            try:
                yield Msg("wait", None, group=group, error_on_timeout=False, timeout=STEP_S, watch=())
            except FailedStatus:
                continue
        self._groups.clear()

    def _until_ended(self, *statuses: list[Any]) -> MsgGenerator[None]:
        # The last failure may come with the sleep after the last end.
        ended = False
        for _ in range(round(REST_S / STEP_S)):
            if ended:
                return
            ended = not any(map(_under_way, statuses))
            try:
                yield Msg("sleep", None, STEP_S)
            except FailedStatus:
                continue


def _under_way(statuses: list[Any]) -> list[Any]:
    return [status for status in statuses if not status.done]
