"""The work source over HTTP: `GET .../getnextcollect/{beamline}`."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from mxplans_sim.clock import Clock
from mxplans_sim.servers.http_host import HttpHost
from mxplans_sim.servers.work_source.instructions import Instruction, checked
from mxplans_sim.servers.work_source.malformed import MALFORMED
from mxplans_sim.world.hooks import FaultSource, NoFaults


class WorkSourceServer:
    """Gives one instruction after the other, each once: work, `{"wait": seconds}`, and `{}` when there is no more.

    Args:
        instructions: In their order.
        clock: Simulated time.
        faults: Asked at each request for work_source_status (status), work_source_hang (seconds) and
            work_source_malformed (how, one of `MALFORMED`). What does not arrive as it is will be given again.

    Attributes:
        requests: How often it was asked.

    Raises:
        SettingsError: If an instruction is none.
    """

    def __init__(self, instructions: Iterable[Instruction], clock: Clock, faults: FaultSource | None = None) -> None:
        self.requests = 0
        self._instructions = deque(checked(instructions))
        self._clock = clock
        self._faults = faults or NoFaults()
        self._host = HttpHost(self.app())

    async def start(self, port: int = 0) -> Mapping[str, str]:
        """Listen on 127.0.0.1; port 0 takes a free one.

        Raises:
            OSError: If the port is in use.
        """
        return {"work_source_url": await self._host.start(port)}

    async def stop(self) -> None:
        """Stop listening. Does nothing when it was not started."""
        await self._host.stop()

    async def wait(self) -> None:
        """Return when it is stopped, or raise what ended it."""
        await self._host.wait()

    def app(self) -> Starlette:
        """The application, for whatever serves it."""
        paths = "/getnextcollect/{beamline}", "/{base:path}/getnextcollect/{beamline}"
        return Starlette(routes=[Route(path, self._next) for path in paths])

    async def _next(self, request: Request) -> Response:
        self.requests += 1
        context = {"beamline": request.path_params["beamline"], "request": self.requests}
        hang = self._faults.take("work_source_hang", **context)
        if hang is not None:
            await self._clock.sleep(float(hang["seconds"]))
        status = self._faults.take("work_source_status", **context)
        if status is not None:
            return PlainTextResponse("not now, on demand", int(status["status"]))
        gone = await request.is_disconnected()
        # From here on nothing is awaited: what is first for this request must be first when it is taken.
        instruction = self._instructions[0] if self._instructions else {}
        malformed = self._faults.take("work_source_malformed", **context)
        if malformed is not None:
            content = MALFORMED[str(malformed.get("how", "fields"))](instruction)
            return Response(content, media_type="application/json")
        if self._instructions and not gone:
            self._instructions.popleft()
        return Response(json.dumps(instruction), media_type="application/json")
