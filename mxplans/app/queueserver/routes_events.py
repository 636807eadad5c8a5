"""Routes of events: everything that happens to the queue, from any point on, as a page, a stream or a WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any, TypeAlias

from bluesky_httpserver.authentication import get_current_principal_websocket
from bluesky_httpserver.utils import get_resource_access_manager
from fastapi import APIRouter, Query, Request, WebSocket, WebSocketDisconnect
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from mxplans.app.queueserver.desk import AnsweringRoute, Desk, Desked, Known, caller_of
from mxplans.app.queueserver.requests import Refused, problem
from mxplans.queue import QueueEvent
from mxplans.queue.permissions import Action, may

log = logging.getLogger("mxplans")

router = APIRouter(route_class=AnsweringRoute)

PAGE_MOST = 1000
_POLL_S = 0.1
_QUIET_S = 10.0
"""After this long without an event a stream says that it is there, so that a dead connection is noticed."""
_POLICY_VIOLATION = 1008
_SERVER_ERROR = 1011
_SEQUENCE_MOST = 2**63 - 1
"""That SQLite counts to."""

After: TypeAlias = Annotated[int, Query(ge=0, le=_SEQUENCE_MOST, description="Number of the last event that is known")]


@router.get("/events/page")
def page(desk: Desked, who: Known, after: After = 0, limit: Annotated[int, Query(ge=1)] = PAGE_MOST) -> dict[str, Any]:
    """At most `limit` events that follow the sequence number `after`, oldest first."""
    who.require(Action.SEE)
    return {"events": [_plain(event) for event in desk.store.events(after, min(limit, PAGE_MOST))]}


@router.get("/events")
async def stream(request: Request, desk: Desked, who: Known, after: After = 0) -> StreamingResponse:
    """Server-sent events that follow `after`, without end; a client that comes back says `Last-Event-ID`."""
    who.require(Action.SEE)
    start = _last_seen(request.headers.get("last-event-id", ""), after)
    return StreamingResponse(_lines(desk, start), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


def _last_seen(said: str, otherwise: int) -> int:
    """What a client that comes back has seen, by its header."""
    if not said.isdecimal():
        return otherwise
    if len(said) > len(str(_SEQUENCE_MOST)) or int(said) > _SEQUENCE_MOST:
        raise Refused(422, [problem(["header", "last-event-id"], f"should be at most {_SEQUENCE_MOST}", said)])
    return int(said)


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
async def socket(websocket: WebSocket, desk: Desked, after: After = 0) -> None:
    """Events that follow `after` as JSON texts; the key stands in the Authorization header."""
    principal = await run_in_threadpool(get_current_principal_websocket, websocket, ["read:status"])
    groups = websocket.app.dependency_overrides[get_resource_access_manager]()
    if principal is None or not may(caller_of(principal, groups).group, Action.SEE, own=True):
        await websocket.close(_POLICY_VIOLATION)
        return
    await websocket.accept()
    tasks = {asyncio.create_task(_send(websocket, desk, after)), asyncio.create_task(_notice_end(websocket))}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        await _close(websocket, ends)


async def _send(websocket: WebSocket, desk: Desk, after: int) -> None:
    async for event in _events(desk, after):
        if event is not None:
            await websocket.send_text(json.dumps(_plain(event)))


async def _notice_end(websocket: WebSocket) -> None:
    """Nothing is expected of the client but that it goes; what else it says is passed over."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


async def _close(websocket: WebSocket, ends: list[BaseException | None]) -> None:
    """Tell a client that is still there that no more events will come."""
    wrong = [end for end in ends if isinstance(end, Exception) and not isinstance(end, WebSocketDisconnect)]
    for error in wrong:
        log.error("a WebSocket of events is closed: %s", error)
    if wrong:
        with contextlib.suppress(RuntimeError):  # the client has gone meanwhile
            await websocket.close(_SERVER_ERROR)


def _plain(event: QueueEvent) -> dict[str, Any]:
    return event.model_dump(mode="json", by_alias=True)
