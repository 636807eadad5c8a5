"""The service: takes runs from a queue, centres their grids, sends results to another."""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mxplans_sim.clock import Clock
from mxplans_sim.servers.zocalo.broker import Broker
from mxplans_sim.servers.zocalo.centring import Grid, GridMismatchError, centre
from mxplans_sim.servers.zocalo.queues import Message, RefusedError
from mxplans_sim.servers.zocalo.recipe import BadRecipeError, Groups, RunStart
from mxplans_sim.settings.analysis import ZocaloSettings
from mxplans_sim.world.hooks import FaultSource, NoFaults

_log = logging.getLogger(__name__)

GridTruth = Callable[[RunStart], Awaitable[Grid | None]]
"""Gives the grid of a run when all its frames are known; None when there is none. May wait."""


class ZocaloServer:
    """X-ray centring behind a message broker. Faults: zocalo_late (seconds), _never, _empty, _other_id, _malformed.

    Args:
        grid_truth: Where scores come from.
        clock: Simulated time.
        settings: How long it takes and how well it does.
        seed: Of its noise.
        faults: What goes wrong.
    """

    def __init__(
        self,
        grid_truth: GridTruth,
        clock: Clock,
        settings: ZocaloSettings,
        seed: int,
        faults: FaultSource | None = None,
    ) -> None:
        self._grid_truth = grid_truth
        self._clock = clock
        self._settings = settings
        self._seed = seed
        self._faults = faults or NoFaults()
        self._groups = Groups()
        self._broker: Broker | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended: asyncio.Future[None] | None = None

    async def start(self, port: int = 0) -> Mapping[str, str]:
        """Listen on 127.0.0.1; port 0 takes a free one.

        Raises:
            OSError: If the port is in use.
        """
        # On a clock that jumps, the loop's timers say nothing about who is alive.
        broker = Broker(self._settings.broker, beats=math.isfinite(self._clock.speed_up))
        address = await broker.start(port)
        self._broker = broker
        self._ended = asyncio.get_running_loop().create_future()
        self._groups = Groups()
        broker.consume(self._queue("processing_recipe"), self._take)
        return {"stomp_addr": address, "xrc_queue": self._results_queue}

    async def stop(self) -> None:
        """Stop listening; results that are not sent are dropped. Does nothing when it was not started."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._broker is not None:
            await self._broker.stop()
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)
        self._broker = None

    async def wait(self) -> None:
        """Wait until it ends, and raise what ended it."""
        if self._ended is not None:
            await asyncio.shield(self._ended)

    def _queue(self, name: str) -> str:
        namespace = self._settings.namespace
        return f"/queue/{namespace}.{name}" if namespace else f"/queue/{name}"

    @property
    def _results_queue(self) -> str:
        return self._queue(f"xrc.{self._settings.beamline}")

    def _take(self, message: Message) -> bool:
        """Take a message from the queue; False for one that cannot be used."""
        try:
            group = self._groups.take(message.body)
        except BadRecipeError as error:
            _log.warning("message refused: %s", error)
            return False
        if group is not None:
            # What the group is now; a later grid makes another result.
            task = asyncio.get_running_loop().create_task(self._work(group.ordered, group.recipe_parameters))
            self._tasks.add(task)
            task.add_done_callback(self._done)
        return True

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and self._ended is not None and not self._ended.done():
            self._ended.set_exception(error)

    async def _work(self, runs: list[RunStart], parameters: dict[str, int]) -> None:
        """From the end of the last run to the result."""
        context = {"dcid": parameters["dcid"]}
        late = self._faults.take("zocalo_late", **context)
        never = self._faults.take("zocalo_never", **context)
        if never is not None:
            return
        await self._clock.sleep(self._settings.delay_s)
        if late is not None:
            await self._clock.sleep(float(late.get("seconds", self._settings.late_s)))
        grids = [grid for grid in [await self._grid_truth(run) for run in runs] if grid is not None]
        try:
            results = await self._clock.compute(lambda: self._centre(grids))
        except GridMismatchError as error:
            _log.warning("run %d: no result: %s", parameters["dcid"], error)
            return
        if self._faults.take("zocalo_empty", **context) is not None:
            results = []
        if self._faults.take("zocalo_other_id", **context) is not None:
            parameters = {**parameters, "dcid": parameters["dcid"] + 1000, "dcgid": parameters["dcgid"] + 1000}
        self._send(results, parameters, malformed=self._faults.take("zocalo_malformed", **context) is not None)

    def _centre(self, grids: list[Grid]) -> list[dict[str, Any]]:
        return centre(grids, self._settings, self._seed) if grids else []

    def _send(self, results: list[dict[str, Any]], ids: Mapping[str, int], malformed: bool) -> None:
        parameters = {**ids, "gpu": self._settings.gpu}
        headers = {"content-type": "application/json"}
        content: dict[str, Any] = {"results": results, "recipe_parameters": parameters}
        if self._settings.recipe_wrapper:
            headers["workflows-recipe"] = "True"
            content = _wrapped({"results": results}, parameters, self._results_queue)
        body = json.dumps(content).encode()
        try:
            if self._broker is not None:
                self._broker.send(self._results_queue, headers, body[: len(body) // 2] if malformed else body)
        except RefusedError as error:
            _log.warning("run %d: no result: %s", ids["dcid"], error)


def _wrapped(payload: dict[str, Any], parameters: dict[str, Any], queue: str) -> dict[str, Any]:
    """A message of a recipe, which stands at its only step: the one that receives results."""
    step = {"queue": queue.removeprefix("/queue/"), "parameters": parameters}
    return {
        "payload": payload,
        "recipe": {"1": step, "start": [[1, []]]},
        "recipe-pointer": 1,
        "recipe-path": [],
        "environment": {"ID": f"xrc-{parameters['dcid']}"},
    }
