"""The motors by the names that the controller has for them, and the world's axes behind them.

AlignmentY goes along the omega axis, CentringX and CentringY stand on omega: with positive omega right-handed, a shift of
the sample by d across the image needs CentringX + d sin(omega) and CentringY + d cos(omega). AlignmentX and AlignmentZ,
which shift the omega axis itself, stay where they have been aligned.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from mxplans_sim.servers.exporter.values import Refused
from mxplans_sim.world.goniometer import TRANSLATIONS
from mxplans_sim.world.kinematics import Axis
from mxplans_sim.world.seeding import rng_for
from mxplans_sim.world.state import World

READY, MOVING, DISABLED, NOT_INITIALIZED = "Ready", "Moving", "Disabled", "NotInitialized"
WATCH_S = 0.1
"""Real seconds between two positions that are told during a move."""
LONGEST_S = 0.25
"""Simulated seconds between them at most, so that a client can tell how a motor moved."""


@dataclass(frozen=True)
class Wiring:
    """The axis of the world that a motor drives, and its sense."""

    axis: str
    sign: int


WIRING: Mapping[str, Wiring] = {
    "Omega": Wiring("omega", 1),
    "Kappa": Wiring("kappa", 1),
    "Phi": Wiring("phi", 1),
    "AlignmentY": Wiring("x", 1),
    "CentringX": Wiring("z", -1),
    "CentringY": Wiring("y", 1),
}
LOCKED = ("AlignmentX", "AlignmentZ")
SAVED = ("AlignmentY", "CentringX", "CentringY")
"""Motors whose positions are saved as those of the centred sample."""


class Motor:
    """A motor on an axis of the world.

    Args:
        name: As the controller has it.
        axis: What moves.
        sign: Sense of the motor against the axis.
        noise: Standard deviation of the readback; the error is the same as long as the axis stands.
        seed: Of the noise.
    """

    def __init__(self, name: str, axis: Axis, sign: int, noise: float, seed: int) -> None:
        self.name = name
        self.axis = axis
        self._sign = sign
        self._noise = noise
        self._seed = seed
        self._error: tuple[int, float] = (-1, 0.0)

    @property
    def position(self) -> float:
        """What its encoder says."""
        moves = self.axis.moves
        if self._noise and self._error[0] != moves:
            rng = rng_for(self._seed, "encoder", self.name, moves)
            self._error = moves, float(rng.normal(0.0, self._noise))
        return self._sign * self.axis.position + self._error[1]

    @property
    def state(self) -> str:
        """Ready, Moving, or NotInitialized when it has lost its home."""
        if self.axis.moving:
            return MOVING
        return READY if self.axis.homed else NOT_INITIALIZED

    @property
    def limits(self) -> tuple[float, float]:
        """Lowest and highest position allowed."""
        low, high = sorted(self._sign * limit for limit in self.axis.limits)
        return low, high

    @property
    def top_speed(self) -> float:
        """Highest speed, units per second."""
        return self.axis.top_speed

    def on_axis(self, position: float) -> float:
        """A position of the motor as one of the axis, and back."""
        return self._sign * position

    def check(self, target: float) -> None:
        """Ask whether a move is possible now.

        Raises:
            Refused: If it is not.
        """
        low, high = self.limits
        if not (math.isfinite(target) and low <= target <= high):
            raise Refused(f"{self.name}: {target:g} is outside of its limits {low:g} to {high:g}, it was not moved")
        if self.axis.taken is not None:
            raise Refused(f"{self.name}: a scan drives it, abort the scan or wait for its end")

    def go(self, target: float) -> None:
        """Start towards a position that has been checked."""
        self.axis.move_to(self._sign * target)


class LockedMotor:
    """A motor that is switched off, at its aligned position."""

    state = DISABLED
    position = 0.0
    limits = (0.0, 0.0)
    top_speed = 0.0

    def __init__(self, name: str) -> None:
        self.name = name

    def check(self, target: float) -> None:
        """Refuse to move away.

        Raises:
            Refused: If the target is not where it stands.
        """
        if target != self.position:
            raise Refused(f"{self.name} is disabled and stands at {self.position:g}, {target:g} cannot be reached")

    def go(self, target: float) -> None:
        """It is there already."""


class Motors:
    """All motors; spaces in names do not count.

    Args:
        world: Whose axes they drive.
        tell: Called when something about them has changed, and now and then during moves.

    Attributes:
        driven: Those that can move, by name.
        by_name: All of them.
    """

    def __init__(self, world: World, tell: Callable[[], Awaitable[None]]) -> None:
        self._world = world
        self._tell = tell
        self._watching: asyncio.Task[None] | None = None
        motion, seed = world.settings.motion, world.settings.seed
        self.driven: dict[str, Motor] = {}
        for name, wiring in WIRING.items():
            if wiring.axis in world.axes:
                noise = motion.encoder_um / 1000 if wiring.axis in TRANSLATIONS else motion.encoder_deg
                self.driven[name] = Motor(name, world.axes[wiring.axis], wiring.sign, noise, seed)
        self.by_name: dict[str, Motor | LockedMotor] = {**self.driven, **{name: LockedMotor(name) for name in LOCKED}}
        self._axes = [motor.axis for motor in self.driven.values()]
        self._ends = [axis.changed.subscribe(self.watch) for axis in self._axes]

    @property
    def moving(self) -> bool:
        """Whether any is on its way."""
        return any(axis.moving for axis in self._axes)

    def find(self, name: str) -> Motor | LockedMotor:
        """A motor by name.

        Raises:
            Refused: If there is none.
        """
        found = self.by_name.get(name.replace(" ", ""))
        if found is None:
            raise Refused(f"no motor {name[:80]!r}, allowed are {', '.join(self.by_name)}")
        return found

    async def start(self, targets: Mapping[str, float]) -> None:
        """Start all at the same time, or none.

        Raises:
            Refused: If one cannot go where it shall.
        """
        found = {self.find(name): target for name, target in targets.items()}
        for motor, target in found.items():
            motor.check(target)
        for motor, target in found.items():
            motor.go(target)
        await self.watch()

    async def watch(self) -> None:
        """Tell of the motion until all stand."""
        if self.moving and (self._watching is None or self._watching.done()):
            self._watching = asyncio.get_running_loop().create_task(self._watch())
        await self._tell()

    async def settled(self) -> None:
        """Return when all stand."""
        clock = self._world.clock
        for axis in self._axes:
            while axis.moving:
                if axis.remaining_s > 0:
                    await clock.sleep(axis.remaining_s)
                else:
                    await axis.freed()

    def halt(self) -> None:
        """Let all come to rest."""
        for axis in self._axes:
            if axis.taken is None and axis.remaining_s > 0:
                axis.stop()

    async def close(self) -> None:
        """Watch no longer."""
        for end in self._ends:
            end()
        self._ends.clear()
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    async def _watch(self) -> None:
        clock = self._world.clock
        period_s = min(clock.watch_period_s(WATCH_S), LONGEST_S)
        while self.moving:
            left_s = [axis.remaining_s for axis in self._axes if axis.remaining_s > 0]
            if left_s:
                await clock.sleep(min([*left_s, period_s]))
            else:
                await asyncio.gather(*[axis.freed() for axis in self._axes])
            await self._tell()
        await self._tell()
