"""A world with its process variables in this process and in virtual time: a test puts and gets without a network.

Whatever else the machine does, nothing is late by more than servers wait on purpose.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from mxplans_sim.clock import Clock
from mxplans_sim.faults import Faults, Rule
from mxplans_sim.servers.epics.camera import Camera
from mxplans_sim.servers.epics.motor import MotorRecord
from mxplans_sim.servers.epics.robot import Robot
from mxplans_sim.servers.epics.scan import ScanProgram
from mxplans_sim.servers.epics.surroundings import surroundings
from mxplans_sim.servers.epics.switches import ApertureSwitch, Switch, ZoomSwitch
from mxplans_sim.settings import WorldSettings
from mxplans_sim.truth import Truth
from mxplans_sim.virtual_time.kernel import Kernel
from mxplans_sim.virtual_time.loop import VirtualClock, VirtualLoop
from mxplans_sim.world.dewar import PinInDewar, Sample
from mxplans_sim.world.program import AXES
from mxplans_sim.world.state import World

LATE_S = 0.05
"""Simulated seconds within which subscribers and waiting tests have heard of an end."""
DEWAR = {
    (1, 1): PinInDewar(1, 1, "BC-1", (Sample("one", "Lyso"),)),
    (1, 2): PinInDewar(1, 2, "BC-2", (Sample("gone", "Lyso"),)),
}


class Bench:
    """All servers but the network; `bursts` collects what the detector would see."""

    def __init__(self, clock: Clock, truth_path: Any = None, rules: Sequence[Rule] = ()) -> None:
        settings = WorldSettings.model_validate({"seed": 3, "samples": {"gone": {"missing": True}}})
        self.clock = clock
        self.truth = Truth(truth_path, self.clock)
        self.faults = Faults(self.clock, settings.seed, self.truth, rules)
        self.world = World(settings, DEWAR, self.clock, self.truth, self.faults)
        self.bursts: list[Any] = []
        self.world.bursts.subscribe(self.bursts.append)
        motors = [MotorRecord(name.upper(), self.world.axes[name], self.clock, "mm") for name in AXES]
        self.program = ScanProgram("SCAN:", self.world)
        self.robot = Robot("ROBOT:", self.world)
        self.channels: dict[str, Any] = {}
        for server in (
            *motors,
            Switch("SHUTTER", self.world.shutter),
            self.program,
            self.robot,
            *surroundings("", self.world.surroundings, settings.timing.attenuator_s),
            Switch("BACKLIGHT", self.world.backlight),
            ApertureSwitch("", self.world),
            ZoomSwitch("CAM:", self.world),
            Camera("CAM:", self.world),
        ):
            self.channels |= server.channels

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

    async def until(self, condition: Callable[[], bool], timeout_s: float = 1000.0) -> None:
        """Wait until a condition holds, simulated seconds at most."""
        async with asyncio.timeout(timeout_s):
            while not condition():
                await self.clock.sleep(0.005)


def on_bench(work: Callable[[Bench], Awaitable[None]], truth_path: Any = None, rules: Sequence[Rule] = ()) -> None:
    """Run a test on a fresh bench in a fresh event loop; nothing may be left running."""
    kernel = Kernel()
    loop = VirtualLoop(kernel)

    async def main() -> None:
        bench = Bench(VirtualClock(kernel, loop), truth_path, rules)
        await work(bench)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left

    try:
        loop.run_until_complete(main())
    finally:
        loop.close()
