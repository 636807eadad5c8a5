"""A receiver of MXLIMS messages: a real server on loopback that keeps one message for each experiment, and has faults."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

TOKEN = "let-me-in"
START_TIMEOUT_S = 20.0
SILENT_S = 30.0
"""Longer than any test waits; the server's end cuts it short."""


@dataclass
class MxlimsServer:
    """What a test sees of the server.

    Attributes:
        url: Address that takes messages.
        messages: By experiment.
        deliveries: `Idempotency-Key` of each request that came in, in order.
        taken: How often a message was new or had changed, by experiment.
        faults: What goes wrong with the next requests: a status to answer; `silent`, no answer; `lost`, the message is
            taken and no answer comes.
        methods: HTTP methods of the requests.
    """

    url: str = ""
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    deliveries: list[str] = field(default_factory=list)
    taken: dict[str, int] = field(default_factory=dict)
    faults: list[int | str] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    _keys: set[str] = field(default_factory=set)

    async def receive(self, request: Request) -> Response:
        """Take a message, unless something goes wrong."""
        fault = self.faults.pop(0) if self.faults else None
        self.methods.append(request.method)
        body = await request.body()
        if isinstance(fault, int):
            headers = {"Location": "/elsewhere"} if 300 <= fault < 400 else {}
            return PlainTextResponse("not  this\none", fault, headers)
        if fault == "silent":
            await asyncio.sleep(SILENT_S)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return PlainTextResponse("who are you", 401)
        item = self._take(request.headers["Idempotency-Key"], json.loads(body))
        if fault == "lost":
            await asyncio.sleep(SILENT_S)
        return JSONResponse({"item": item}, 201, {"Location": f"/messages/{item}"})

    def _take(self, key: str, message: dict[str, Any]) -> str:
        self.deliveries.append(key)
        item: str = message["MxExperiment"]["MxExperiment1"]["uuid"]
        if key not in self._keys:
            self._keys.add(key)
            self.messages[item] = message
            self.taken[item] = self.taken.get(item, 0) + 1
        return item


class _ToldServer(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = threading.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.listens.set()


@contextmanager
def running_receiver(port: int = 0) -> Iterator[MxlimsServer]:
    """The server on loopback, in a thread of this process; on a free port unless one is given."""
    state = MxlimsServer()
    app = Starlette(routes=[Route("/messages", state.receive, methods=["POST", "PUT"])])
    options = {"host": "127.0.0.1", "port": port, "log_level": "critical", "lifespan": "off", "ws": "none"}
    server = _ToldServer(uvicorn.Config(app, timeout_graceful_shutdown=1, **options))
    thread = threading.Thread(target=server.run, name="mxlims receiver")
    thread.start()
    try:
        assert server.listens.wait(START_TIMEOUT_S), "the receiver of messages did not start"
        state.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/messages"
        yield state
    finally:
        server.should_exit = True
        thread.join(START_TIMEOUT_S)
        assert not thread.is_alive()
