"""The control server. Everybody who has its token may look and disturb; nobody else."""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from mxplans_sim.faults import CATALOGUE, Faults, Rule
from mxplans_sim.servers.http_host import HttpHost
from mxplans_sim.servers.simplon.detector import VirtualDetector
from mxplans_sim.view.look import Look, Photo, latest_frame
from mxplans_sim.view.snapshot import snapshot
from mxplans_sim.world.state import World

LARGEST_BODY = 65_536
EVENTS_SHOWN = 200


class ControlServer:
    """The world, its faults and its pictures.

    Args:
        world: What is looked at.
        faults: What is wrong with it.
        detector: The detector.

    Attributes:
        token: What clients must show.
    """

    def __init__(self, world: World, faults: Faults, detector: VirtualDetector) -> None:
        self.token = secrets.token_urlsafe(32)
        self._world = world
        self._faults = faults
        self._detector = detector
        self._look = Look(world)
        self._host = HttpHost(self.app())

    async def start(self, port: int = 0) -> Mapping[str, str]:
        """Listen on 127.0.0.1; port 0 takes a free one. Returns the URL; the token is not for everybody's eyes.

        Raises:
            OSError: If the port is in use.
        """
        return {"control_url": await self._host.start(port)}

    async def stop(self) -> None:
        """End; does nothing when it was not started."""
        await self._host.stop()

    async def wait(self) -> None:
        """Return, or raise, when it has ended by itself."""
        await self._host.wait()

    def app(self) -> Starlette:
        """The application."""
        routes = {
            ("/world", "GET"): self._snapshot,
            ("/events", "GET"): self._events,
            ("/camera/on_axis.jpg", "GET"): self._picture(self._look.picture),
            ("/camera/side.jpg", "GET"): self._picture(self._look.side_picture),
            ("/detector/frame.png", "GET"): self._frame,
            ("/faults/catalogue", "GET"): self._catalogue,
            ("/faults", "GET"): self._list,
            ("/faults", "POST"): self._inject,
            ("/faults", "DELETE"): self._clear_all,
            ("/faults/{name}", "DELETE"): self._clear,
        }
        return Starlette(
            routes=[Route(path, self._guarded(answer), methods=[method]) for (path, method), answer in routes.items()]
        )

    def _guarded(self, answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            shown = request.headers.get("authorization", "").removeprefix("Bearer ")
            if not secrets.compare_digest(shown.encode(), self.token.encode()):
                return PlainTextResponse("show the token of the control file", 401, {"WWW-Authenticate": "Bearer"})
            return await answer(request)

        return guarded

    async def _snapshot(self, request: Request) -> Response:
        return JSONResponse(snapshot(self._world, self._detector))

    async def _events(self, request: Request) -> Response:
        return JSONResponse(self._world.truth.events[-EVENTS_SHOWN:])

    def _picture(self, look: Callable[[], Awaitable[Photo]]) -> Callable[[Request], Awaitable[Response]]:
        async def picture(request: Request) -> Response:
            photo = await look()
            return Response(photo.content, media_type="image/jpeg", headers={"X-Frame": photo.name})

        return picture

    async def _frame(self, request: Request) -> Response:
        photo = latest_frame(self._detector)
        if photo is None:
            return Response(status_code=204)
        return Response(photo.content, media_type="image/png", headers={"X-Frame": photo.name})

    async def _catalogue(self, request: Request) -> Response:
        return JSONResponse(
            [
                {
                    "kind": name,
                    "text": kind.text,
                    "manner": kind.manner,
                    "rows": kind.rows,
                    "places": kind.places,
                    "parameters": {key: parameter.facts for key, parameter in kind.parameters.items()},
                }
                for name, kind in CATALOGUE.items()
            ]
        )

    async def _list(self, request: Request) -> Response:
        return JSONResponse(
            [
                {"id": name, "strikes": strikes, **self._faults.state(name), **rule.model_dump(exclude_defaults=True)}
                for name, (rule, strikes) in self._faults.rules().items()
            ]
        )

    async def _inject(self, request: Request) -> Response:
        try:
            content = await _body(request)
            rule = Rule.model_validate(content)
        except _TooLarge:
            return PlainTextResponse(f"a rule has at most {LARGEST_BODY} bytes", 413)
        except ValidationError as error:
            reasons = [{"where": ".".join(map(str, e["loc"])), "reason": e["msg"]} for e in error.errors()]
            return JSONResponse({"refused": reasons}, 400)
        except ValueError as error:
            return JSONResponse({"refused": [{"where": "", "reason": f"this is not JSON: {error}"}]}, 400)
        try:
            return JSONResponse({"id": self._faults.inject(rule)}, 201)
        except ValueError as error:
            return JSONResponse({"refused": [{"where": "", "reason": str(error)}]}, 409)

    async def _clear_all(self, request: Request) -> Response:
        self._faults.clear()
        return JSONResponse({})

    async def _clear(self, request: Request) -> Response:
        name = request.path_params["name"]
        try:
            self._faults.clear(name)
        except KeyError:
            known = ", ".join(self._faults.rules()) or "none"
            return PlainTextResponse(f"there is no fault {name[:60]!r}, there are {known}", 404)
        return JSONResponse({})


class _TooLarge(Exception):
    """A body beyond the limit."""


async def _body(request: Request) -> Any:
    """The body as JSON, read no further than the limit."""
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > LARGEST_BODY:
            raise _TooLarge
    return json.loads(content)
