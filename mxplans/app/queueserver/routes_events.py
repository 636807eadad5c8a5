"""Routes of events: everything that happens to the queue, from any point on, as a page, a stream or a WebSocket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from bluesky_httpserver.authentication import get_current_principal_websocket
from bluesky_httpserver.utils import get_resource_access_manager
from fastapi import APIRouter, Request, WebSocket, WebSocketDisconnect
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from mxplans.app.queueserver.desk import AnsweringRoute, Desk, Desked, Known, caller_of, open_desk
from mxplans.queue import QueueEvent
from mxplans.queue.permissions import Action, may

router = APIRouter(route_class=AnsweringRoute)

PAGE_MOST = 1000
_POLL_S = 0.1
_QUIET_S = 10.0
"""After this long without an event a stream says that it is there, so that a dead connection is noticed."""
_POLICY_VIOLATION = 1008


@router.get("/events/page")
def page(desk: Desked, who: Known, after: int = 0, limit: int = PAGE_MOST) -> dict[str, Any]:
    """At most `limit` events that follow the sequence number `after`, oldest first."""
    who.require(Action.SEE)
    return {"events": [_plain(event) for event in desk.store.events(after, min(limit, PAGE_MOST))]}


@router.get("/events")
async def stream(request: Request, desk: Desked, who: Known, after: int = 0) -> StreamingResponse:
    """Server-sent events that follow `after`, without end; a client that comes back says `Last-Event-ID`."""
    who.require(Action.SEE)
    last = request.headers.get("last-event-id", "")
    start = int(last) if last.isdecimal() else after
    return StreamingResponse(_lines(desk, start), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def _lines(desk: Desk, after: int) -> AsyncIterator[str]:
    yield ": mxplans\n\n"
    async for event in _events(desk, after):
        if event is None:
            yield ": quiet\n\n"
        else:
            yield f"id: {event.sequence}\nevent: {event.what}\ndata: {json.dumps(_plain(event))}\n\n"


async def _events(desk: Desk, after: int) -> AsyncIterator[QueueEvent | None]:
    """Events as they come; None after some time without one."""
    quiet_s = 0.0
    while True:
        found = await run_in_threadpool(desk.store.events, after, PAGE_MOST)
        for event in found:
            after, quiet_s = event.sequence, 0.0
            yield event
        if found:
            continue
        await asyncio.sleep(_POLL_S)
        quiet_s += _POLL_S
        if quiet_s >= _QUIET_S:
            quiet_s = 0.0
            yield None


@router.websocket("/events/ws")
async def socket(websocket: WebSocket, after: int = 0) -> None:
    """Events that follow `after` as JSON texts; the key stands in the Authorization header."""
    principal = await run_in_threadpool(get_current_principal_websocket, websocket, ["read:status"])
    groups = websocket.app.dependency_overrides[get_resource_access_manager]()
    if principal is None or not may(caller_of(principal, groups).group, Action.SEE, own=True):
        await websocket.close(_POLICY_VIOLATION)
        return
    await websocket.accept()
    sending = asyncio.create_task(_send(websocket, open_desk(), after))
    try:
        while True:
            await websocket.receive_text()  # nothing is expected; this is how an end is noticed
    except WebSocketDisconnect:
        sending.cancel()


async def _send(websocket: WebSocket, desk: Desk, after: int) -> None:
    async for event in _events(desk, after):
        if event is not None:
            await websocket.send_text(json.dumps(_plain(event)))


def _plain(event: QueueEvent) -> dict[str, Any]:
    return event.model_dump(mode="json", by_alias=True)
