"""An ASGI application on a port of the loopback interface, within the event loop that runs already."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn

from mxplans_sim.loopback import HOST, bound_socket


class _QuietServer(uvicorn.Server):
    """Leaves signals to the service."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpHost:
    """Serves one application.

    Args:
        app: The application.
        options: Of uvicorn, besides those that all of ours share.
    """

    def __init__(self, app: Any, **options: Any) -> None:
        self._app = app
        self._options: dict[str, Any] = {
            "log_level": "warning",
            "lifespan": "off",
            "timeout_graceful_shutdown": 1,
            "ws": "none",
        } | options
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None
        self._socket: socket.socket | None = None

    async def start(self, port: int = 0) -> str:
        """Listen on 127.0.0.1; port 0 takes a free one. Returns the base URL.

        Raises:
            PortInUse: If the port is taken.
        """
        listener = bound_socket(port)
        config = uvicorn.Config(self._app, **self._options)
        self._socket, self._server = listener, _QuietServer(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]))
        while not self._server.started and not self._task.done():
            await asyncio.sleep(0.01)
        return f"http://{HOST}:{listener.getsockname()[1]}"

    async def wait(self) -> None:
        """Return when it is stopped, or raise what ended it."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def stop(self) -> None:
        """Stop listening. Does nothing when it was not started, or the second time."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task
        if self._socket is not None:
            self._socket.close()
        self._server = self._task = self._socket = None
