"""Cameras over HTTP: single frames with id and stamp, and a stream of JPEG images for people."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from functools import partial

import cv2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from mxplans_sim.clock import Clock
from mxplans_sim.servers.http_host import HttpHost
from mxplans_sim.world.camera import Camera, Picture

FORMATS: Mapping[str, str] = {
    "raw": "application/octet-stream",
    "png": "image/png",
    "jpeg": "image/jpeg",
}
STREAM_PERIOD_S = 0.1
"""Real seconds between two images of the stream."""
_BOUNDARY = "frame"


class CameraServer:
    """The cameras run freely: what is asked for is the latest frame that is there, and may be older than a motion.

    - `GET /snapshot?format=raw|png|jpeg` returns it, with the headers `X-Frame-Id`, `X-Frame-Stamp` and
      `X-Frame-End` (begin and end of its exposure, seconds since 1970), `X-Frame-Width` and `X-Frame-Height`; raw is one
      byte per pixel, row by row.
    - `GET /status` tells its `id` and `stamp`, and with `now` the present stamp: a frame with a later stamp began since;
      `rate_hz` is how many frames the camera takes per second.
    - `GET /stream` gives frame after frame until it is closed.

    Of another camera all of them stand below its name, as `/side/snapshot`.

    Args:
        camera: What looks along the beam.
        clock: Simulated time.
        others: Other cameras by name.
    """

    def __init__(self, camera: Camera, clock: Clock, others: Mapping[str, Camera] | None = None) -> None:
        self._cameras = {"": camera} | {f"/{name}": other for name, other in (others or {}).items()}
        self._clock = clock
        self._host = HttpHost(self.app())

    async def start(self, port: int = 0) -> Mapping[str, str]:
        """Listen on 127.0.0.1; port 0 takes a free one.

        Raises:
            OSError: If the port is in use.
        """
        return {"camera_url": await self._host.start(port)}

    async def wait(self) -> None:
        """Return when it is stopped, or raise what ended it."""
        await self._host.wait()

    async def stop(self) -> None:
        """Stop listening."""
        await self._host.stop()

    def app(self) -> Starlette:
        """The application, for whatever serves it."""
        routes = []
        for path, camera in self._cameras.items():
            for name, answer in (("snapshot", self._snapshot), ("status", self._status), ("stream", self._stream)):
                routes.append(Route(f"{path}/{name}", partial(answer, camera)))
        return Starlette(routes=routes)

    async def _snapshot(self, camera: Camera, request: Request) -> Response:
        form = request.query_params.get("format", "jpeg")
        if form not in FORMATS:
            return PlainTextResponse(f"format {form[:40]!r} is not known, allowed are {', '.join(FORMATS)}", 400)
        picture = await camera.latest()
        content = await self._clock.compute(lambda: encode(picture, form))
        return Response(content, headers=_headers(picture), media_type=FORMATS[form])

    async def _status(self, camera: Camera, request: Request) -> Response:
        frame, stamp_s, now_s = camera.stamps_s()
        return JSONResponse(
            {"id": frame, "stamp": stamp_s, "now": now_s, "rate_hz": 1 / camera.controls.frames.period_s}
        )

    async def _stream(self, camera: Camera, request: Request) -> Response:
        return StreamingResponse(self._images(camera), media_type=f"multipart/x-mixed-replace; boundary={_BOUNDARY}")

    async def _images(self, camera: Camera) -> AsyncIterator[bytes]:
        while True:
            picture = await camera.take()
            image = await self._clock.compute(lambda picture=picture: encode(picture, "jpeg"))  # type: ignore[misc]
            lines = {"Content-Type": FORMATS["jpeg"], "Content-Length": str(len(image)), **_headers(picture)}
            head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
            yield f"--{_BOUNDARY}\r\n{head}\r\n".encode() + image + b"\r\n"
            await asyncio.sleep(0)
            await self._clock.sleep(self._clock.watch_period_s(STREAM_PERIOD_S))


def encode(picture: Picture, form: str) -> bytes:
    """The pixels of a picture as a file of a format."""
    if form == "raw":
        return picture.pixels.tobytes()
    _, data = cv2.imencode(f".{form}", picture.pixels)
    return data.tobytes()


def _headers(picture: Picture) -> dict[str, str]:
    height, width = picture.pixels.shape
    return {
        "X-Frame-Id": str(picture.frame),
        "X-Frame-Stamp": f"{picture.stamp_s:.6f}",
        "X-Frame-End": f"{picture.end_stamp_s:.6f}",
        "X-Frame-Width": str(width),
        "X-Frame-Height": str(height),
    }
