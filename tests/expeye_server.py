"""A stand-in for ISPyB over REST in the shape of ExpEye: a real server on loopback that keeps rows and has faults.

Routes are those that public clients of ExpEye use; listings and their pages are ours.
"""

import asyncio
import re
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import uvicorn
from expeye_tables import TABLES, Refused, check
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

TOKEN = "let-me-in"
START_TIMEOUT_S = 20.0

Row = dict[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
What = Literal[
    "500", "401", "429", "cut before", "cut after", "silent before", "silent after", "html", "no id", "moved"
]


@dataclass
class Fault:
    """What goes wrong, with which requests, how often.

    `cut` and `silent`: without an answer, because the connection ends or because nothing comes; `before` or `after` the
    row was written.
    """

    what: What
    method: str = "POST"
    path: str = ".*"
    times: int = 1


@dataclass
class ExpeyeServer:
    """What a test sees of the server.

    Attributes:
        rows: By table and id; each with the fields of its body, its own id and those above it.
        faults: The first that fits a request is used up by it.
        sessions: Proposals and the numbers of their sessions.
        times: What else is known of sessions, by number.
        asked: Method and path of each request that came in.
        page_limit: Rows of a listing that it gives at once, whatever is asked for.
    """

    url: str = ""
    rows: dict[str, dict[int, Row]] = field(default_factory=lambda: {name: {} for name in TABLES})
    faults: list[Fault] = field(default_factory=list)
    sessions: dict[str, set[int]] = field(default_factory=lambda: {"mx1234": {5, 6}})
    times: dict[int, Row] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    page_limit: int = 100

    def counts(self) -> dict[str, int]:
        """Rows of each table that has any."""
        return {name: len(rows) for name, rows in self.rows.items() if rows}

    def fault_for(self, method: str, path: str) -> What | None:
        """The fault of a request, used up."""
        for fault in self.faults:
            if fault.times > 0 and fault.method == method and re.search(fault.path, path):
                fault.times -= 1
                return fault.what
        return None


class _Routes:
    """What the routes do with the rows."""

    def __init__(self, server: ExpeyeServer) -> None:
        self._server = server

    def under(self, request: Request) -> Row:
        """The row or the session that the path of a listing goes through."""
        given = request.path_params
        if "proposal" in given:
            proposal, number = given["proposal"], int(given["session"])
            if proposal not in self._server.sessions:
                raise Refused(404, f"Proposal {proposal} not found")
            if number not in self._server.sessions[proposal]:
                raise Refused(404, f"Session {number} of {proposal} not found")
            return {"proposal": proposal, "session": number}
        name = given["parent"]
        self.row(name, int(given["id"]))
        return {TABLES[name].id_field: int(given["id"])}

    def sessions(self, proposal: str) -> Row:
        """All of a proposal."""
        if proposal not in self._server.sessions:
            raise Refused(404, f"Proposal {proposal} not found")
        numbers = sorted(self._server.sessions[proposal])
        items = [{"visitNumber": number, **self._server.times.get(number, {})} for number in numbers]
        return {"items": items, "total": len(items)}

    def row(self, name: str, number: int) -> Row:
        try:
            return self._server.rows[name][number]
        except KeyError:
            raise Refused(404, f"No row {number} of {name}") from None

    def create(self, name: str, above: Row, body: Any) -> Row:
        check(name, body, whole=True)
        rows = self._server.rows[name]
        number = max(rows, default=100) + 1
        rows[number] = {TABLES[name].id_field: number, **above, **body}
        if name == "position":
            self._server.rows["data-collections"][above["dataCollectionId"]]["positionId"] = number
        return rows[number]

    def update(self, name: str, number: int, body: Any) -> Row:
        row = self.row(name, number)
        check(name, body, whole=False)
        row.update(body)
        return row

    def listing(self, name: str, above: Row, page: int, limit: int) -> Row:
        rows = [row for row in self._server.rows[name].values() if above.items() <= row.items()]
        limit = min(limit, self._server.page_limit)
        return {"items": rows[page * limit : (page + 1) * limit], "total": len(rows), "limit": limit, "page": page}


def make_app(server: ExpeyeServer) -> Any:
    """The application: routes, with faults around them."""
    routes = _Routes(server)

    async def answered(request: Request) -> Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return JSONResponse({"detail": "Could not validate token"}, 401)
        given = request.path_params
        name = given.get("table") or given.get("parent")
        try:
            if name is None:
                return JSONResponse(routes.sessions(given["proposal"]))
            if name not in TABLES:
                raise Refused(404, "Not Found")
            if request.method == "POST":
                return JSONResponse(routes.create(name, routes.under(request), await request.json()), 201)
            if "table" in given:
                asked = {
                    key: int(request.query_params.get(key, standard)) for key, standard in (("page", 0), ("limit", 25))
                }
                return JSONResponse(routes.listing(name, routes.under(request), **asked))
            if request.method == "PATCH":
                return JSONResponse(routes.update(name, int(given["id"]), await request.json()))
            return JSONResponse(routes.row(name, int(given["id"])))
        except Refused as refused:
            return JSONResponse({"detail": refused.detail}, refused.status)

    session, one = "/proposals/{proposal}/sessions/{session}/{table}", "/{parent}/{id:int}"
    listed = "/proposals/{proposal}/sessions"
    paths = (
        (listed, ["GET"]),
        (session, ["GET", "POST"]),
        (one, ["GET", "PATCH"]),
        (one + "/{table}", ["GET", "POST"]),
    )
    app = Starlette(routes=[Route(path, answered, methods=methods) for path, methods in paths])
    return _faulty(app, server)


def _faulty(app: Any, server: ExpeyeServer) -> Any:
    async def around(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        server.asked.append((scope["method"], scope["path"]))
        what = server.fault_for(scope["method"], scope["path"])
        if what is None:
            await app(scope, receive, send)
        elif what in _ANSWERS:
            await _ANSWERS[what](scope, receive, send)
        else:
            if what.endswith("after"):
                await app(scope, receive, _nowhere)
            if what.startswith("cut"):
                await _cut(send)
            else:
                await _until_gone(receive)

    return around


_ANSWERS: dict[str, Response] = {
    "500": JSONResponse({"detail": "Internal Server Error"}, 500),
    "401": JSONResponse({"detail": "Token has expired"}, 401),
    "429": JSONResponse({"detail": "Too many requests"}, 429, {"Retry-After": "17"}),
    "html": PlainTextResponse("<html>the site is being worked on</html>"),
    "no id": JSONResponse({"status": "ok"}, 201),
    "moved": Response(status_code=307, headers={"Location": "https://sso.example.org/login"}),
}


async def _nowhere(_message: MutableMapping[str, Any]) -> None:
    """An answer that gets lost."""


async def _cut(send: Send) -> None:
    """Less than was promised: the server then ends the connection."""
    await send({"type": "http.response.start", "status": 201, "headers": [(b"content-length", b"1000")]})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})


async def _until_gone(receive: Receive) -> None:
    """Say nothing until the client gives up."""
    while (await receive())["type"] != "http.disconnect":
        await asyncio.sleep(0)


class _ToldServer(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()


@contextmanager
def running_expeye(certificate: tuple[Path, Path] | None = None) -> Iterator[ExpeyeServer]:
    """The server on a free port of loopback, in a thread of this process; with a certificate and its key over TLS."""
    state = ExpeyeServer()
    secure: dict[str, Any] = {}
    if certificate is not None:
        secure = dict(zip(("ssl_certfile", "ssl_keyfile"), certificate, strict=True))
    options = {"host": "127.0.0.1", "port": 0, "log_level": "critical", "lifespan": "off", "ws": "none"}
    server = _ToldServer(uvicorn.Config(make_app(state), timeout_graceful_shutdown=1, **options, **secure))
    thread = threading.Thread(target=server.run, name="expeye")
    thread.start()
    try:
        assert server.listens.wait(START_TIMEOUT_S), "the stand-in for ExpEye did not start"
        port = server.servers[0].sockets[0].getsockname()[1]
        state.url = f"http{'s' if secure else ''}://127.0.0.1:{port}"
        yield state
    finally:
        server.should_exit = True
        thread.join(START_TIMEOUT_S)
        assert not thread.is_alive()
