"""The service behind ZMQ: one pickled request after the other, each with one pickled reply."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import pickle
from collections.abc import Mapping
from typing import Any

import zmq
import zmq.asyncio

from mxplans_sim.clock import Clock
from mxplans_sim.servers.murko.eyes import Eyes
from mxplans_sim.servers.murko.faults import DISTORTIONS
from mxplans_sim.servers.murko.hostile import hostile
from mxplans_sim.servers.murko.reply import make_reply
from mxplans_sim.servers.murko.request import NotANotion, Request, read_request
from mxplans_sim.servers.murko.unpickle import NotAPickle, Refused
from mxplans_sim.settings.analysis import MurkoSettings
from mxplans_sim.world.hooks import FaultSource, NoFaults
from mxplans_sim.world.recent import RecentFrames

_log = logging.getLogger(__name__)

_PROTOCOL = 4  # of the replies' pickles


class MurkoServer:
    """Segments pictures of the camera, in lock-step.

    Args:
        recent: The latest pictures and what is true of them.
        clock: Simulated time.
        settings: How long it takes, how well it sees.
        seed: Of its noise.
        faults: What goes wrong.
    """

    def __init__(
        self, recent: RecentFrames, clock: Clock, settings: MurkoSettings, seed: int, faults: FaultSource | None = None
    ) -> None:
        self._clock = clock
        self._settings = settings
        self._faults = faults or NoFaults()
        self._eyes = Eyes(recent, settings, seed)
        self._context: zmq.asyncio.Context | None = None
        self._task: asyncio.Task[None] | None = None
        self._requests = 0

    async def start(self, port: int = 0) -> Mapping[str, str]:
        """Listen on 127.0.0.1; port 0 takes a free one.

        Raises:
            OSError: If the port is in use.
        """
        self._context = zmq.asyncio.Context()
        # REP cannot leave a request unanswered, which is one of the faults. To a REQ this looks the same.
        socket = self._context.socket(zmq.ROUTER)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.MAXMSGSIZE, self._settings.largest_mb * 2**20)
        try:
            socket.bind(f"tcp://127.0.0.1:{port or '*'}")
        except zmq.ZMQError as error:
            self._context.destroy(linger=0)
            raise OSError(error.errno, f"port {port} for image analysis: {error.strerror}; give another one") from error
        self._requests = 0
        self._task = asyncio.create_task(self._serve(socket))
        return {"murko_addr": socket.getsockopt_string(zmq.LAST_ENDPOINT).removeprefix("tcp://")}

    async def stop(self) -> None:
        """Stop listening; a request that is worked on gets no answer. Does nothing when it was not started."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._context is not None:
            self._context.destroy(linger=0)
        self._task = self._context = None

    async def wait(self) -> None:
        """Wait until it ends, and raise what ended it. A service that died of a fault only answers no more."""
        task = self._task
        if task is not None:
            await asyncio.wait([task])
            if not task.cancelled():
                task.result()

    async def _serve(self, socket: zmq.asyncio.Socket) -> None:
        with socket:
            while await self._turn(socket):
                pass
        # Dead, as its clients see it; the beamline goes on.
        await asyncio.get_running_loop().create_future()

    async def _turn(self, socket: zmq.asyncio.Socket) -> bool:
        """Answer one request; whether the service lives on."""
        parts = await socket.recv_multipart()
        if b"" not in parts[1:-1]:
            return True  # not from a REQ: no envelope
        body = parts.index(b"", 1) + 1
        self._requests += 1
        try:
            reply = await self._answer(parts[body])
        except NotAPickle as error:
            _log.warning("request %d: %s", self._requests, error)
            if self._settings.dies_of_garbage:
                return False
            reply = {}
        if self._strikes("murko_dead") is not None:
            return False
        if self._strikes("murko_silent") is None:
            trick = self._strikes("murko_hostile")
            content = pickle.dumps(reply, _PROTOCOL) if trick is None else hostile(str(trick.get("trick", "system")))
            await socket.send_multipart([*parts[:body], content])
        return True

    async def _answer(self, content: bytes) -> Any:
        """The reply to a request; an empty or incomplete one when it cannot be used.

        Raises:
            NotAPickle: If the request is none.
        """
        settings = self._settings
        await self._clock.sleep(settings.request_s + (settings.first_s if self._requests == 1 else 0.0))
        slow = self._strikes("murko_slow")
        if slow is not None:
            await self._clock.sleep(float(slow.get("seconds", 60.0)))
        try:
            request = await self._clock.compute(lambda: read_request(content))
        except NotAPickle:
            raise
        except NotANotion as error:
            _log.warning("request %d: %s", self._requests, error)
            return {"original_image_shape": tuple(int(size) for size in error.shape)}
        except Refused as error:
            _log.warning("request %d: %s", self._requests, error)
            return {}
        await self._clock.sleep(settings.image_s * len(request.images))
        reply = await self._clock.compute(lambda: self._look(request))
        for kind, distort in DISTORTIONS.items():
            parameters = self._strikes(kind)
            reply = reply if parameters is None else distort(reply, parameters)
        return reply

    def _look(self, request: Request) -> Any:
        return make_reply(request, [self._eyes.look(image) for image in request.images])

    def _strikes(self, kind: str) -> Mapping[str, Any] | None:
        return self._faults.take(kind, request=self._requests)
