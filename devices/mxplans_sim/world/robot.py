"""The sample changer: programs that take their time, what hangs on the goniometer, and what goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

from mxplans_sim.world.observable import Observable
from mxplans_sim.world.whole import Whole

Place = tuple[int, int]

NO_PIN = "NO_PIN"
NOT_READY = "NOT_READY"
BUSY = "BUSY"
ABORTED = "ABORTED"
LIGHT_CURTAIN = "LIGHT_CURTAIN"
HOME_TOLERANCE_MM = 0.02
COLD_K = 100.0
WARM_PER_EXCHANGE_K = 2.0
FETCH_FRAC = 0.8
"""Part of a load after which the pin is on the goniometer; the rest is the way home."""


class RobotError(RuntimeError):
    """A program that ended badly.

    Args:
        code: One of the names of this module.
        message: What happened, and what to do.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Robot:
    """One program at a time. Programs raise `RobotError`; the state stays true whatever happens.

    Args:
        world: Whose goniometer it serves.

    Attributes:
        program: Name of the running program, empty when there is none.
        in_hutch: Whether its arm is at the goniometer, so that the beamline has no hold of it.
        mounted: Place in the dewar that the pin on the goniometer comes from.
        mounted_at_s: Simulated time at which it was mounted.
        handled: Place that the running program is about; None when there is none.
        sensor_says: What the pin sensor says in place of the truth; None when it tells the truth.
        gripper_k: Temperature of the gripper.
        changed: Tells of all of these.
    """

    def __init__(self, world: Whole) -> None:
        self.program = ""
        self.in_hutch = False
        self.mounted: Place | None = None
        self.mounted_at_s = 0.0
        self.handled: Place | None = None
        self.sensor_says: bool | None = None
        self.gripper_k = COLD_K
        self.changed = Observable()
        self._world = world
        self._task: asyncio.Task[None] | None = None
        self._aborting = False

    @property
    def pin_sensed(self) -> bool:
        """What the sensor at the goniometer says; it can be wrong."""
        if self.sensor_says is not None:
            return self.sensor_says
        fault = self._world.faults.active("pin_sensor", sample=self._world.sample_name)
        return self.mounted is not None if fault is None else bool(fault["sensed"])

    def start_load(self, place: Place) -> asyncio.Task[None]:
        """Begin to mount the pin of a place; the task raises `RobotError` when it is not there or the robot cannot.

        Raises:
            RobotError: If the program cannot begin.
        """
        self._require_idle()
        world = self._world
        if world.plate is not None:
            raise RobotError(NOT_READY, "a plate is on the goniometer, take it off first")
        if self.mounted is not None:
            raise RobotError(NOT_READY, f"puck {self.mounted[0]} pin {self.mounted[1]} is mounted, unload it first")
        if world.exchange_error_mm() > HOME_TOLERANCE_MM:
            x, y, z = (world.axes[name].position for name in ("x", "y", "z"))
            raise RobotError(
                NOT_READY,
                f"goniometer at {x:.3f}, {y:.3f}, {z:.3f} mm, it must be within {HOME_TOLERANCE_MM} mm of 0, 0, 0",
            )
        return self._start("load", self._load(place), place)

    def start_unload(self) -> asyncio.Task[None]:
        """Begin to put the mounted pin back; as `start_load`."""
        self._require_idle()
        if self.mounted is None:
            raise RobotError(NOT_READY, "no pin is mounted, there is nothing to unload")
        return self._start("unload", self._unload(), self.mounted)

    def start_dry(self) -> asyncio.Task[None]:
        """Begin to dry and cool the gripper; as `start_load`."""
        self._require_idle()
        return self._start("dry", self._cool(self._world.settings.timing.dry_s))

    def start_soak(self) -> asyncio.Task[None]:
        """Begin to cool the gripper in the dewar, without drying it; as `start_load`."""
        self._require_idle()
        return self._start("soak", self._cool(self._world.settings.timing.soak_s))

    async def load(self, place: Place) -> None:
        """Mount the pin of a place; see `start_load`."""
        await self.start_load(place)

    async def unload(self) -> None:
        """Put the mounted pin back; see `start_unload`."""
        await self.start_unload()

    async def abort(self) -> None:
        """End the running program where it is."""
        if self._task is not None and not self._task.done():
            self._aborting = True
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _require_idle(self) -> None:
        if self.program:
            raise RobotError(BUSY, f"program {self.program} runs, wait for its end or abort it")

    def _start(self, name: str, program: Coroutine[None, None, None], place: Place | None = None) -> asyncio.Task[None]:
        self.program, self.handled, self._aborting = name, place, False
        self._task = asyncio.get_running_loop().create_task(self._run(program))
        # Whoever started it may have gone; the code is kept by the server.
        self._task.add_done_callback(lambda task: task.cancelled() or task.exception())
        return self._task

    async def _run(self, program: Coroutine[None, None, None]) -> None:
        try:
            await self.changed.notify()
            await program
        except asyncio.CancelledError:
            if not self._aborting:
                raise
            raise RobotError(ABORTED, "the program was aborted, see where the pin is") from None
        finally:
            program.close()
            self.program, self.handled, self.in_hutch = "", None, False
            await self.changed.notify()

    async def _load(self, place: Place) -> None:
        world, name = self._world, self._world.storage.name(place)
        total_s = world.settings.timing.robot_s
        self._strike("load", name)
        other = world.faults.take("sample_is", sample=name)
        if other is not None:
            world.storage.exchange(place, str(other["sample_class"]))
        busy = world.faults.take("robot_busy", sample=name)
        if busy is not None:
            await world.clock.sleep(float(busy["duration_s"]))
        await world.clock.sleep(FETCH_FRAC * total_s / 2)
        self.in_hutch = True
        await self.changed.notify()
        await world.clock.sleep(FETCH_FRAC * total_s / 2)
        missing = world.storage.specimen(place) is None or world.faults.take("robot_no_pin", sample=name) is not None
        lost = world.faults.take("pin_lost", sample=name) is not None
        if not missing and not lost:
            self.mounted, self.mounted_at_s = place, world.clock.now_s()
        elif lost:
            world.storage.lose(place)
        self.in_hutch = False
        self._warm_up()
        await self.changed.notify()
        await world.clock.sleep((1 - FETCH_FRAC) * total_s)
        world.truth.spend(name, "robot_s", total_s)
        if missing:
            world.truth.record("no_pin", puck=place[0], pin=place[1], sample=name or None)
            raise RobotError(NO_PIN, f"no pin in position {place[1]} of puck {place[0]}, look into the puck")
        world.truth.record("pin_lost" if lost else "mount", puck=place[0], pin=place[1], sample=name)

    async def _unload(self) -> None:
        world, place = self._world, self.mounted
        if place is None:
            return
        name, duration_s = world.storage.name(place), world.settings.timing.unload_s
        self._strike("unload", name)
        hang = world.faults.take("unload_hang", sample=name)
        if hang is not None:
            await world.clock.sleep(float(hang["duration_s"]))
        self.in_hutch = True
        await self.changed.notify()
        await world.clock.sleep(duration_s)
        self.mounted, self.in_hutch = None, False
        self._warm_up()
        world.truth.spend(name, "robot_s", duration_s)
        world.truth.record("unmount", puck=place[0], pin=place[1], sample=name)
        await world.clock.compute(world.truth.write)

    async def _cool(self, duration_s: float) -> None:
        await self._world.clock.sleep(duration_s)
        self.gripper_k = COLD_K

    def _warm_up(self) -> None:
        """The gripper warms a little with each exchange; a faulty one does so faster."""
        fault = self._world.faults.active("gripper_warm")
        self.gripper_k += WARM_PER_EXCHANGE_K if fault is None else float(fault["k_per_exchange"])

    def _strike(self, action: str, sample: str) -> None:
        """Raise where a fault keeps the program from its start."""
        faults = self._world.faults
        somebody = faults.take("light_curtain_trips", action=action, sample=sample)
        if somebody is not None or faults.active("robot_light_curtain") is not None:
            raise RobotError(LIGHT_CURTAIN, "the light curtain is broken, clear the hutch and reset")
        if faults.take("robot_not_ready", action=action, sample=sample) is not None:
            raise RobotError(NOT_READY, "the sample position is not ready, reset and try again")
