"""Serves the page on 127.0.0.1 until it is told to end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
from typing import Any

from fastapi import FastAPI
from nicegui import ui
from nicegui.client import Client
from starlette.requests import Request
from starlette.responses import Response

from mxplans_sim.ending import ended_event
from mxplans_sim.servers.http_host import HttpHost
from mxplans_sim.view.page.board import TITLE, Board
from mxplans_sim.view.page.control import Control, ControlFile, Shot
from mxplans_sim.view.page.guard import Guard
from mxplans_sim.view.page.watch import Watch


async def serve_page(file: ControlFile, port: int) -> None:
    """Serve until SIGTERM, SIGINT or the end of standard input.

    Says `{"event": "ready", "url": ...}` on standard output when the page can be opened; the address holds the token.

    Args:
        file: Where the virtual beamline is.
        port: Of the page; 0 takes a free one.

    Raises:
        PortInUse: If the port is taken.
    """
    ended = ended_event()
    control = Control(file)
    watch = Watch(control)
    token = secrets.token_urlsafe(24)
    host = HttpHost(Guard(application(watch), token), lifespan="on", ws="auto")
    url = await host.start(port)
    looking, ending = asyncio.create_task(watch.run()), asyncio.create_task(ended.wait())
    serving = asyncio.create_task(host.wait())
    print(json.dumps({"event": "ready", "url": f"{url}/?token={token}", "pid": os.getpid()}), flush=True)
    try:
        await asyncio.wait([ending, serving, looking], return_when=asyncio.FIRST_COMPLETED)
    finally:
        await host.stop()
        await asyncio.gather(serving, _cancelled(ending), _cancelled(looking))
        await control.close()


async def _cancelled(task: asyncio.Task[Any]) -> None:
    """End a task; what it has failed with is raised."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def application(watch: Watch) -> FastAPI:
    """The page and its pictures; once in a process, since the framework has one page registry."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/pictures/on_axis")
    def on_axis(request: Request) -> Response:
        return _picture(watch.on_axis)

    @app.get("/pictures/side")
    def side(request: Request) -> Response:
        return _picture(watch.side)

    @app.get("/pictures/frame")
    def frame(request: Request) -> Response:
        return _picture(watch.frame)

    @ui.page("/", title=TITLE, dark=None)
    async def page(client: Client) -> None:
        watch.join()
        client.on_delete(watch.leave)
        Board(watch)

    ui.run_with(app, title=TITLE, language="en-US", tailwind=False, show_welcome_message=False, dark=None)
    return app


def _picture(shot: Shot | None) -> Response:
    if shot is None:
        return Response(status_code=404)
    return Response(shot.content, media_type=shot.media_type, headers={"Cache-Control": "no-store"})
