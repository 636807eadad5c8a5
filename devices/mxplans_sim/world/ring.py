"""The storage ring: current, top-up, outages and the users' beam time, as functions of time and of the commands so far.

Nothing here ticks: whoever asks says for when, and gets the same answer in real and in virtual time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from mxplans_sim.clock import Clock
from mxplans_sim.settings.beam import RingSettings
from mxplans_sim.world.seeding import rng_for

Array = npt.NDArray[np.float64]

DECAY, TOP_UP = "decay", "top-up"
USER, INJECTION, NO_BEAM, MACHINE = "User", "Injection", "No Beam", "Mach. Dev."
MODES = (USER, INJECTION, NO_BEAM, MACHINE)
NO_TOP_UP_S = -1.0
"""What the countdowns say when no top-up is to come."""
_RECOVERED = 20.0
"""Time constants after which nothing is left of a dip."""


@dataclass(frozen=True)
class _Run:
    """A time with stored beam and without a command; top-ups begin at `first_s` and each period after it."""

    begins_s: float
    ends_s: float
    mode: str
    current_ma: float
    first_s: float


class Ring:
    """The ring and its timetable.

    Args:
        settings: Of the ring.
        clock: Tells what "now" is.
        seed: Of the noise during top-up.
    """

    def __init__(self, settings: RingSettings, clock: Clock, seed: int) -> None:
        self.settings = settings
        self._clock = clock
        self._seed = seed
        self._lifetime_s = settings.lifetime_h * 3600.0
        first_s = settings.top_up_period_s if settings.top_up_first_s is None else settings.top_up_first_s
        self._shots = max(1, round(settings.top_up_s * settings.shots_hz))
        self._user_ends_s = settings.user_beam_h * 3600.0
        self._changes: list[tuple[float, str, float]] = [(0.0, settings.mode, first_s)]
        self._outages = _merged([(outage.start_s, outage.start_s + outage.duration_s) for outage in settings.outages])
        self._runs: list[_Run] = self._divided()

    def dump(self, duration_s: float, start_s: float | None = None) -> None:
        """Lose the beam, now or at a time to come.

        Args:
            duration_s: Until the beamline has beam again.
            start_s: Simulated time of the loss.

        Raises:
            ValueError: If the duration is not positive, or the start has passed.
        """
        start_s = self._to_come(start_s)
        if not 0 < duration_s < math.inf:
            raise ValueError(f"a dump of {duration_s:g} s; its duration is a number of seconds > 0")
        self._outages = _merged([*self._outages, (start_s, start_s + duration_s)])
        self._runs = self._divided()

    def run(self, mode: str) -> None:
        """Keep the current up in another way from now on: "decay" or "top-up".

        Raises:
            ValueError: If there is no such mode.
        """
        if mode not in (DECAY, TOP_UP):
            raise ValueError(f"the ring has no mode {mode!r}, allowed are {DECAY} and {TOP_UP}")
        self._changes.append((self._clock.now_s(), mode, self._changes[-1][2]))
        self._runs = self._divided()

    def top_up_in(self, in_s: float) -> None:
        """Let a top-up begin in some seconds, and the others each period after it.

        Raises:
            ValueError: If that has passed.
        """
        now_s = self._clock.now_s()
        self._changes.append((now_s, TOP_UP, self._to_come(now_s + in_s)))
        self._runs = self._divided()

    def end_user_beam(self, in_s: float) -> None:
        """Let the users' beam time end in some seconds.

        Raises:
            ValueError: If that has passed.
        """
        self._user_ends_s = self._to_come(self._clock.now_s() + in_s)

    def current_ma(self, at_s: float | None = None) -> float:
        """Stored current at a simulated time, now by default."""
        return float(self.currents_ma(np.array([self._at(at_s)]))[0])

    def currents_ma(self, at_s: Array) -> Array:
        """Stored current at each time, (n,)."""
        currents = np.zeros(len(at_s))
        for run in self._runs:
            chosen = (at_s >= run.begins_s) & (at_s < run.ends_s)
            if chosen.any():
                currents[chosen] = self._stored_ma(run, at_s[chosen])
        for begin_s, end_s in self._outages:
            refill_s = min(self.settings.refill_s, end_s - begin_s)
            chosen = (at_s > end_s - refill_s) & (at_s < end_s)
            if chosen.any():
                currents[chosen] = self.settings.current_ma * (1 - (end_s - at_s[chosen]) / refill_s)
        return currents

    def flux_frac(self, at_s: Array) -> Array:
        """Light at the beamline over that of the full ring, at each time (n,): none in an outage, less at each shot."""
        at_s = np.asarray(at_s, dtype=float)
        light = self.currents_ma(at_s) / self.settings.current_ma
        for run in self._runs:
            chosen = (at_s >= run.begins_s) & (at_s < run.ends_s)
            if run.mode == TOP_UP and chosen.any():
                light[chosen] *= 1 - self._dips(run, at_s[chosen])
        for begin_s, end_s in self._outages:
            light[(at_s >= begin_s) & (at_s < end_s)] = 0.0
        light[at_s >= self._user_ends_s] = 0.0
        return light

    def mode(self, at_s: float | None = None) -> str:
        """What the ring is used for, one of `MODES`."""
        at = self._at(at_s)
        for begin_s, end_s in self._outages:
            if begin_s <= at < end_s:
                return INJECTION if at >= end_s - self.settings.refill_s else NO_BEAM
        return USER if at < self._user_ends_s else MACHINE

    def top_up_countdown_s(self, at_s: float | None = None) -> float:
        """Seconds until the next top-up begins; 0 during one, -1 when none is to come."""
        return self._countdowns(self._at(at_s))[0]

    def top_up_end_countdown_s(self, at_s: float | None = None) -> float:
        """Seconds until the present or next top-up has ended; -1 when none is to come."""
        return self._countdowns(self._at(at_s))[1]

    def user_countdown_s(self, at_s: float | None = None) -> float:
        """Seconds until the end of the users' beam time; 0 after it."""
        return max(0.0, self._user_ends_s - self._at(at_s))

    def next_change_s(self, at_s: float | None = None) -> float:
        """Simulated time of the next step: begin or end of a top-up, an outage, a filling, the users' beam time."""
        at = self._at(at_s)
        steps = [self._user_ends_s, *(begin_s for begin_s, _ in self._outages), *(end_s for _, end_s in self._outages)]
        steps += [end_s - self.settings.refill_s for _, end_s in self._outages]
        begins_in_s, ends_in_s = self._countdowns(at)
        if ends_in_s != NO_TOP_UP_S:
            steps.append(at + (begins_in_s or ends_in_s))
        return min((step for step in steps if step > at), default=math.inf)

    def _countdowns(self, at: float) -> tuple[float, float]:
        run = next((run for run in self._runs if run.begins_s <= at < run.ends_s), None)
        if run is None or run.mode == DECAY or at >= self._user_ends_s:
            return NO_TOP_UP_S, NO_TOP_UP_S
        index = int(self._index(run, np.array([at]))[0])
        since_s = at - self._begins_s(run, index)
        if index >= self._first_index(run) and since_s < self.settings.top_up_s:
            return 0.0, self.settings.top_up_s - since_s
        index = max(index + 1, self._first_index(run))
        to_come_s = self._begins_s(run, index) - at
        return to_come_s, to_come_s + self.settings.top_up_s

    def _at(self, at_s: float | None) -> float:
        return self._clock.now_s() if at_s is None else at_s

    def _to_come(self, start_s: float | None) -> float:
        now_s = self._clock.now_s()
        if start_s is None:
            return now_s
        if not now_s <= start_s < math.inf:
            raise ValueError(f"{start_s:g} s has passed, it is {now_s:g} s now; give a time to come")
        return start_s

    def _divided(self) -> list[_Run]:
        """The times with stored beam, in order, each with the current that it begins with."""
        cuts = {0.0, math.inf, *(time_s for time_s, *_ in self._changes), *(t for span in self._outages for t in span)}
        runs, current_ma = [], self.settings.current_ma
        for begin_s, end_s in pairwise(sorted(cuts)):
            if any(lost_s <= begin_s < back_s for lost_s, back_s in self._outages):
                current_ma = self.settings.current_ma
                continue
            mode, first_s = [(mode, first_s) for time_s, mode, first_s in self._changes if time_s <= begin_s][-1]
            runs.append(_Run(begin_s, end_s, mode, current_ma, first_s))
            if end_s < math.inf:
                current_ma = float(self._stored_ma(runs[-1], np.array([end_s]))[0])
        return runs

    def _index(self, run: _Run, at_s: Array) -> npt.NDArray[np.int64]:
        """Number of the top-up that began last, from 0; negative before the first."""
        return np.floor((at_s - run.first_s) / self.settings.top_up_period_s).astype(np.int64)

    def _begins_s(self, run: _Run, index: int) -> float:
        return run.first_s + index * self.settings.top_up_period_s

    def _first_index(self, run: _Run) -> int:
        """Number of the first top-up that begins within a run."""
        return max(0, math.ceil((run.begins_s - run.first_s) / self.settings.top_up_period_s))

    def _stored_ma(self, run: _Run, at_s: Array) -> Array:
        decayed = run.current_ma * np.exp(-(at_s - run.begins_s) / self._lifetime_s)
        if run.mode == DECAY:
            return np.asarray(decayed)
        full_ma, length_s, period_s = self.settings.current_ma, self.settings.top_up_s, self.settings.top_up_period_s
        first, index = self._first_index(run), self._index(run, at_s)
        first_low_ma = run.current_ma * math.exp(-(self._begins_s(run, first) - run.begins_s) / self._lifetime_s)
        low_ma = np.where(index == first, first_low_ma, full_ma * math.exp(-(period_s - length_s) / self._lifetime_s))
        since_s = at_s - run.first_s - index * period_s
        done = np.minimum(np.floor(since_s * self.settings.shots_hz) + 1, self._shots)
        filling = low_ma + (full_ma - low_ma) * done / self._shots
        after = full_ma * np.exp(-(since_s - length_s) / self._lifetime_s)
        return np.where(index < first, decayed, np.where(since_s < length_s, filling, after))

    def _dips(self, run: _Run, at_s: Array) -> Array:
        """Part of the flux that the last injection costs at each time."""
        settings, index = self.settings, self._index(run, at_s)
        since_s = at_s - run.first_s - index * settings.top_up_period_s
        shot = np.clip(np.floor(since_s * settings.shots_hz), 0, self._shots - 1).astype(np.int64)
        since_shot_s = since_s - shot / settings.shots_hz
        struck = (index >= self._first_index(run)) & (since_shot_s < _RECOVERED * settings.shot_recovery_s)
        dips = np.zeros(len(at_s))
        for number in np.unique(index[struck]):
            sizes = rng_for(self._seed, "top-up", int(number)).uniform(0.5, 1.5, self._shots) * settings.shot_dip_frac
            chosen = struck & (index == number)
            dips[chosen] = sizes[shot[chosen]] * np.exp(-since_shot_s[chosen] / settings.shot_recovery_s)
        return dips


def _merged(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Spans in order; those that touch are one.

    >>> _merged([(5.0, 6.0), (1.0, 3.0), (2.0, 4.0)])
    [(1.0, 4.0), (5.0, 6.0)]
    """
    merged: list[tuple[float, float]] = []
    for begin_s, end_s in sorted(spans):
        if merged and begin_s <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end_s, merged[-1][1])
        else:
            merged.append((begin_s, end_s))
    return merged
