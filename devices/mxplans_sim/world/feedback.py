"""Where the beam is, and the loop that keeps it there. Functions of time and of the commands so far."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mxplans_sim.clock import Clock
from mxplans_sim.settings.beam import FeedbackSettings
from mxplans_sim.world.hooks import FaultSource, NoFaults
from mxplans_sim.world.noise import Jumps, Wander
from mxplans_sim.world.observable import Observable
from mxplans_sim.world.seeding import rng_for

Array = npt.NDArray[np.float64]

_REMEMBERED = 64
_SLOW_S = (20.0, 3600.0)
_OPEN_S = (600.0, 14400.0)
_PLACES = ("x", "y")


@dataclass(frozen=True)
class _Command:
    """State of the loop from a time on."""

    begins_s: float
    shift_um: Array
    closed: bool


class Feedback:
    """Keeps the beam in its place; paused, it lets the beam wander.

    Args:
        settings: Of beam and loop.
        clock: Simulated time.
        seed: Of the wander.
        flux_frac: Light of the ring at given times, (n,) -> (n,); without it nothing is stable.
        faults: Asked for `xbpm_unstable` (the loop never finds the beam in its place).

    Attributes:
        changed: Tells of a pause and of its end.
    """

    def __init__(
        self,
        settings: FeedbackSettings,
        clock: Clock,
        seed: int,
        flux_frac: Callable[[Array], Array],
        faults: FaultSource | None = None,
    ) -> None:
        self.changed = Observable()
        self._settings = settings
        self._clock = clock
        self._seed = seed
        self._flux_frac = flux_frac
        self._faults = faults or NoFaults()
        self._kicks = 0
        # Replaced as a whole: whoever reads it may do so in another thread.
        self._commands: tuple[_Command, ...] = (_Command(-math.inf, np.zeros(2), True),)
        tau_s = settings.time_constant_s
        self._left = [Wander(seed, f"beam {place}", settings.drift_um, _SLOW_S) for place in _PLACES]
        self._open = [Wander(seed, f"open loop {place}", settings.open_drift_um, _OPEN_S) for place in _PLACES]
        self._jumps = [Jumps(seed, f"beam {p}", settings.jump_um, settings.jumps_per_h, tau_s) for p in _PLACES]

    @property
    def paused(self) -> bool:
        """Whether the loop is open."""
        return not self._commands[-1].closed

    @property
    def stable(self) -> bool:
        """Whether the loop is closed and the beam has been there, in its place."""
        if self._faults.active("xbpm_unstable") is not None:
            return False
        now_s = self._clock.now_s()
        times = np.array([now_s, max(0.0, now_s - self._settings.settle_s)])
        near = np.linalg.norm(self._shift_um(times[:1])) < self._settings.stable_um
        return bool(not self.paused and near and (self._flux_frac(times) > 0).all())

    async def pause(self) -> None:
        """Open the loop; nothing happens when it is open."""
        await self._command(closed=False)

    async def resume(self) -> None:
        """Close it again."""
        await self._command(closed=True)

    def kick(self, change_ev: float) -> None:
        """Shift the beam as a change of energy does; an open loop leaves it there."""
        self._kicks += 1
        angle = rng_for(self._seed, "kick", self._kicks).uniform(0, 2 * np.pi)
        size_um = self._settings.kick_um_kev * abs(change_ev) / 1000
        self._append(self._commands[-1].closed, size_um * np.array([np.cos(angle), np.sin(angle)]))

    def offset_um(self, at_s: Array) -> Array:
        """How far the beam is from its place at each time, x and y in the image frame (n, 2)."""
        at_s = np.asarray(at_s, dtype=float)
        left = np.stack([wander(at_s) for wander in self._left], axis=1)
        return np.asarray(left + self._shift_um(at_s))

    def _shift_um(self, at_s: Array) -> Array:
        """What the loop takes back when it is closed, (n, 2)."""
        commands = self._commands
        begins = np.array([command.begins_s for command in commands])
        latest = np.maximum(np.searchsorted(begins, at_s, side="right") - 1, 0)
        shifts = np.zeros((len(at_s), 2))
        for index in np.unique(latest):
            command, chosen = commands[int(index)], latest == index
            since_s = at_s[chosen] - command.begins_s
            if command.closed:
                shifts[chosen] = command.shift_um * np.exp(-since_s / self._settings.time_constant_s)[:, None]
            else:
                then = np.array([wander(np.array([command.begins_s]))[0] for wander in self._open])
                wandered = np.stack([wander(at_s[chosen]) for wander in self._open], axis=1)
                shifts[chosen] = command.shift_um + wandered - then
        return np.asarray(shifts + np.stack([jumps(at_s) for jumps in self._jumps], axis=1))

    async def _command(self, closed: bool) -> None:
        if self._commands[-1].closed != closed:
            self._append(closed, np.zeros(2))
            await self.changed.notify()

    def _append(self, closed: bool, kick_um: Array) -> None:
        now = np.array([self._clock.now_s()])
        jumped = np.array([jumps(now)[0] for jumps in self._jumps])
        command = _Command(float(now[0]), self._shift_um(now)[0] - jumped + kick_um, closed)
        self._commands = (*self._commands, command)[-_REMEMBERED:]
