"""Telling others that something has changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

Callback = Callable[[], Awaitable[None] | None]


class Observable:
    """Callbacks that are called, one after the other, whenever their owner has changed."""

    def __init__(self) -> None:
        self._callbacks: list[Callback] = []

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        """Call from now on; returns what ends it. A callback that returns an awaitable is awaited."""
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    async def notify(self) -> None:
        """Tell all of them."""
        for callback in tuple(self._callbacks):
            waiting = callback()
            if waiting is not None:
                await waiting
