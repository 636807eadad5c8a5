"""The execution queue in the RE manager: a few items ahead, which can be put there again at any time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mxplans.app.queueserver.diagnosis import ManagerStatus
from mxplans.app.queueserver.re_manager import GROUP, USER, ManagerClient, ManagerRefused, ManagerSilent, plan_item

HISTORY_MOST = 1000
"""Entries that the manager may keep: it hands out its history as a whole."""


class ExecutionQueue:
    """What the supervisor does with the RE manager."""

    def __init__(self, client: ManagerClient) -> None:
        self._client = client

    def status(self) -> ManagerStatus | None:
        """How it does; None where it does not answer."""
        try:
            return ManagerStatus.of(self._client.status())
        except (ManagerSilent, ManagerRefused):
            return None

    def entries(self) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
        """The item that runs and those that wait, as they were put there."""
        answer = self._client.ask("queue_get")
        running = _content(answer["running_item"])
        return running, [content for entry in answer["items"] if (content := _content(entry)) is not None]

    def replace(self, contents: Sequence[Mapping[str, Any]]) -> None:
        """Let just these items wait, in this order. What runs goes on."""
        self._client.ask("queue_clear")
        if contents:
            items = [plan_item(content) for content in contents]
            self._client.ask("queue_item_add_batch", items=items, user=USER, user_group=GROUP)

    def start(self) -> None:
        """Run what waits."""
        self._client.ask("queue_start")

    def open_worker(self) -> None:
        """Start a worker."""
        self._client.ask("environment_open")

    def destroy_worker(self) -> None:
        """Kill the worker."""
        self._client.ask("environment_destroy")

    def pause(self, at_once: bool) -> None:
        """Pause the running plan at its next checkpoint, or go back to the last one at once."""
        self._client.ask("re_pause", option="immediate" if at_once else "deferred")

    def resume(self) -> None:
        """Go on from a pause."""
        self._client.ask("re_resume")

    def abort(self) -> None:
        """End the paused plan."""
        self._client.ask("re_abort")

    def trim_history(self, status: ManagerStatus) -> None:
        """Forget what ran, when it is much; the ledger and the journal have it."""
        if status.items_in_history > HISTORY_MOST:
            self._client.ask("history_clear")


def _content(entry: dict[str, Any]) -> dict[str, Any] | None:
    """The item as it was put there; None for what others put there."""
    item = entry.get("kwargs", {}).get("item")
    return item if isinstance(item, dict) else None
