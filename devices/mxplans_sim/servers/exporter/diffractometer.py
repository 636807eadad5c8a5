"""The controller: motors, organs, phases and scans under one state; everything that takes its time is a task."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Coroutine, Mapping

from mxplans_sim.servers.exporter.motors import SAVED, Motor, Motors
from mxplans_sim.servers.exporter.organs import PHASES, TO_TRANSFER, Organ, Organs
from mxplans_sim.servers.exporter.scans import ScanMaker
from mxplans_sim.servers.exporter.tasks import TaskFault, Tasks
from mxplans_sim.servers.exporter.values import Refused
from mxplans_sim.settings.diffractometer import DiffractometerSettings
from mxplans_sim.world.actuator import ActuatorFault
from mxplans_sim.world.observable import Observable
from mxplans_sim.world.program import Scan
from mxplans_sim.world.scanner import ScanFault
from mxplans_sim.world.state import World

READY, RUNNING, MOVING, FAULT = "Ready", "Running", "Moving", "Fault"
UNKNOWN = "Unknown"
SAMPLE_PHASES = ("Centring", "DataCollection")
"""Phases that bring the sample to where it was last saved as centred."""


class Diffractometer:
    """Controls the goniometer of a world and what stands around it.

    Args:
        world: What it controls.
        settings: Of the controller.

    Attributes:
        motors: By name.
        organs: Aperture, capillary, beamstop, scintillator, backlight.
        tasks: What runs, and what ran.
        scans: Makes scans of arguments.
        changed: Tells that something may have changed.
    """

    def __init__(self, world: World, settings: DiffractometerSettings) -> None:
        self.world = world
        self.settings = settings
        self.changed = Observable()
        self.motors = Motors(world, self.changed.notify)
        self.organs = Organs(world, settings.organ_s)
        self.tasks = Tasks(world.clock, self.changed.notify)
        self.scans = ScanMaker(self.motors, world.settings.goniometer)
        self._phase = "Transfer"
        self._fault = ""
        self._saved: dict[str, float] = dict.fromkeys(SAVED, 0.0)
        self._background: set[asyncio.Task[None]] = set()
        others = (world.shutter.changed, world.aperture.changed, world.zoom.changed, world.robot.changed)
        sources = (*self.organs.sources, *others)
        self._ends = [source.subscribe(self.changed.notify) for source in sources]

    @property
    def state(self) -> str:
        """Running, Moving, Fault or Ready."""
        if self.tasks.running:
            return RUNNING
        if self.motors.moving or self.organs.moving:
            return MOVING
        return FAULT if self._fault else READY

    @property
    def status(self) -> str:
        """The state in words."""
        return self._fault or self.tasks.running or self.state

    @property
    def phase(self) -> str:
        """The phase that everything is arranged for; Unknown on the way and when something has been moved since."""
        return self._phase if self._phase in PHASES and self.organs.agrees(self._phase) else UNKNOWN

    def transfer_obstacle(self) -> str:
        """Why the robot may not come; an empty text when it may."""
        if self.phase != "Transfer":
            return f"its phase is {self.phase}, Transfer is needed"
        return "" if self.state == READY else f"its state is {self.state}, Ready is needed"

    async def move(self, targets: Mapping[str, float]) -> None:
        """Start motors, all or none; no task.

        Raises:
            Refused: If one cannot go where it shall, or a task runs.
        """
        if self.tasks.running:
            raise Refused(
                f"not ready: task {self.tasks.last} ({self.tasks.running}) runs, abort it or wait for its end"
            )
        await self.motors.start(targets)

    async def start_move(self, targets: Mapping[str, float]) -> int:
        """Begin the task that moves motors at the same time.

        Raises:
            Refused: If one cannot go where it shall, or the controller is not ready.
        """
        self._require_ready()
        for name, target in targets.items():
            self.motors.find(name).check(target)
        return await self.tasks.start("Simultaneous Move Motors", lambda: self._move(targets))

    async def start_homing(self, name: str) -> int:
        """Begin the task that lets a motor find its home again, and leaves it there.

        Raises:
            Refused: If there is no such motor, it is disabled, or the controller is not ready.
        """
        self._require_ready()
        motor = self.motors.find(name)
        if not isinstance(motor, Motor):
            raise Refused(f"{motor.name} is disabled and has no home to be found")
        return await self.tasks.start(f"Home {motor.name}", lambda: self._home(motor))

    async def start_phase(self, phase: str) -> int:
        """Begin the task that arranges everything for a phase.

        Raises:
            Refused: If there is no such phase, or the controller is not ready.
        """
        if phase not in PHASES:
            raise Refused(f"no phase {phase[:40]!r}, allowed are {', '.join(PHASES)}")
        if self.state != FAULT:
            self._require_ready()
        return await self.tasks.start(f"Set Phase {phase}", lambda: self._change_phase(phase))

    async def start_scan(self, name: str, scan: Scan) -> int:
        """Begin the task that runs a scan.

        Raises:
            Refused: If the scan is not possible, or the controller is not ready.
        """
        self._require_ready()
        if (found := self.world.scanner.obstacle(scan)) is not None:
            raise Refused(f"{name} is not possible: {found.reason}")
        return await self.tasks.start(name, lambda: self._run_scan(scan))

    def save_centring(self) -> None:
        """Remember where the sample stands, for the phases that bring it there again."""
        self._saved = {name: self.motors.driven[name].position for name in SAVED}

    async def set_organ(self, organ: Organ, position: str) -> None:
        """Start one organ, shutter, aperture or zoom; if it sticks the controller goes into the state Fault."""
        self._spawn(self._go(organ, position))

    async def abort(self) -> None:
        """Begin to end whatever goes on; the state is Ready when everything stands."""
        self.motors.halt()
        self._spawn(self.tasks.abort("aborted by a client"))
        await self.motors.watch()

    async def restart(self) -> None:
        """Abort, and forget what was wrong."""
        self._fault = ""
        await self.abort()

    async def close(self) -> None:
        """End what goes on and follow the world no longer."""
        for end in self._ends:
            end()
        self._ends.clear()
        await self.tasks.abort("the controller was shut down")
        await self.motors.close()
        for task in tuple(self._background):
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)

    def _require_ready(self) -> None:
        if self.state != READY:
            raise Refused(f"not ready: the state is {self.state} ({self.status}), abort or wait for its end")

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _go(self, organ: Organ, position: str) -> None:
        try:
            await organ.go(position)
        except ActuatorFault as fault:
            self._fault = str(fault)
        await self.changed.notify()

    async def _move(self, targets: Mapping[str, float]) -> str:
        try:
            await self.motors.start(targets)
            await self.motors.settled()
        except Refused as refusal:
            raise TaskFault(str(refusal)) from refusal
        except asyncio.CancelledError:
            self.motors.halt()
            await self.motors.settled()
            raise
        missed = [name for name, target in targets.items() if not self._is_at(name, target)]
        if missed:
            raise TaskFault(f"{', '.join(missed)} did not get where it was sent")
        return "true"

    async def _home(self, motor: Motor) -> str:
        """Go to where the home should be, and find it."""
        result = await self._move({motor.name: 0.0})
        motor.axis.home()
        await self.changed.notify()
        return result

    async def _change_phase(self, phase: str) -> str:
        self._phase, self._fault = "", ""
        begin_s, clock = self.world.clock.now_s(), self.world.clock
        try:
            await self.organs.arrange(phase)
        except ActuatorFault as fault:
            self._fault = str(fault)
            raise TaskFault(f"phase {phase} was not reached: {fault}") from fault
        await self._move(self._places(phase))
        await clock.sleep(self.settings.phase_s - (clock.now_s() - begin_s))
        self._phase = phase
        return "true"

    def _places(self, phase: str) -> Mapping[str, float]:
        """Where motors stand in a phase."""
        if phase == "Transfer":
            return {name: 0.0 for name in TO_TRANSFER if name in self.motors.driven}
        return self._saved if phase in SAMPLE_PHASES else {}

    async def _run_scan(self, scan: Scan) -> str:
        try:
            await self.world.scanner.run(scan)
        except ScanFault as fault:
            raise TaskFault(str(fault)) from fault
        return "true"

    def _is_at(self, name: str, target: float) -> bool:
        """Whether a motor stands where it was sent, but for the noise of its encoder."""
        return math.isclose(self.motors.find(name).position, target, abs_tol=5e-3)
