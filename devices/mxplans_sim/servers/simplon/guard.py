"""In front of the interface: faults that answer instead of it, and requests that are too large."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mxplans_sim.clock import Clock
from mxplans_sim.servers.simplon.faults import SimplonFaults

LARGEST_BODY = 2**20


class Guard:
    """Wraps an application.

    Args:
        app: What it wraps.
        faults: Of the detector.
        clock: Simulated time.
    """

    def __init__(self, app: ASGIApp, faults: SimplonFaults, clock: Clock) -> None:
        self._app = app
        self._faults = faults
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await self._clock.sleep(self._faults.delay_s)
        status = self._faults.status(scope["path"])
        if status is not None:
            await PlainTextResponse(f"HTTP {status} on demand", status)(scope, receive, send)
            return
        size = 0

        async def limited() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > LARGEST_BODY:
                raise HTTPException(413, f"the body is too large, at most {LARGEST_BODY} bytes are allowed")
            return message

        await self._app(scope, limited, send)
