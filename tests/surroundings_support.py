"""Ring, beam and hutch on a clock that a test turns by hand, or in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mxplans_sim.clock import Clock, RealClock
from mxplans_sim.servers.epics.live import Part
from mxplans_sim.servers.epics.surroundings import surroundings
from mxplans_sim.settings.beam import BeamSettings
from mxplans_sim.settings.environment import EnvironmentSettings
from mxplans_sim.virtual_time.kernel import Kernel
from mxplans_sim.virtual_time.loop import VirtualClock, VirtualLoop
from mxplans_sim.world.actuator import Actuator
from mxplans_sim.world.beam import Beam
from mxplans_sim.world.surroundings import Surroundings


class HandClock(RealClock):
    """Stands until a test sets `time_s`."""

    time_s = 0.0

    def now_s(self) -> float:
        return self.time_s


class Faults:
    """Those that a test has set, by kind."""

    def __init__(self) -> None:
        self.lasting: dict[str, Mapping[str, Any]] = {}

    def take(self, kind: str, **context: Any) -> Mapping[str, Any] | None:
        return None

    def active(self, kind: str, **context: Any) -> Mapping[str, Any] | None:
        return self.lasting.get(kind)


class Site:
    """A beam with all that stands around it, and its process variables; the fast shutter starts open."""

    def __init__(self, clock: Clock, **settings: Any) -> None:
        environment = settings.pop("environment", {})
        self.clock = clock
        self.faults = Faults()
        self.settings = BeamSettings.model_validate(settings)
        self.beam = Beam(self.settings, clock, 0.003, seed=5, faults=self.faults)
        self.shutter = Actuator("shutter", ("Closed", "Open"), 0.06, clock, self.faults, "Open")
        self.elements: Mapping[str, float] | None = {"Se": 100.0}
        self.around = Surroundings(
            self.settings,
            EnvironmentSettings.model_validate(environment),
            clock,
            7,
            self.beam,
            (self.shutter,),
            lambda: self.beam.flux_hz if self.shutter.state == "Open" and self.around.hutch.beam_in else 0.0,
            lambda: self.elements,
            self.faults,
        )
        self.parts: tuple[Part, ...] = surroundings("", self.around, 0.5)
        self.channels = {name: channel for part in self.parts for name, channel in part.channels.items()}

    async def put(self, name: str, value: Any) -> None:
        """As a client with put-completion."""
        await self.channels[name].write(value)

    def get(self, name: str) -> Any:
        """Present value."""
        return self.channels[name].value

    async def seconds(self, work: Awaitable[Any]) -> float:
        """Simulated seconds that something takes."""
        begin = self.clock.now_s()
        await work
        return self.clock.now_s() - begin


def in_virtual_time(work: Callable[[Site], Awaitable[None]], watch: bool = False, **settings: Any) -> None:
    """Run a test on a fresh site in virtual time; nothing may be left running."""
    kernel = Kernel(epoch_s=1e9)
    loop = VirtualLoop(kernel)

    async def main() -> None:
        site = Site(VirtualClock(kernel, loop), **settings)
        watching = [loop.create_task(part.watch()) for part in site.parts] if watch else []
        await work(site)
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        for part in site.parts:
            await part.stop()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left

    try:
        loop.run_until_complete(main())
    finally:
        loop.close()
