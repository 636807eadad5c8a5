"""The engine: knows the rules, says what strikes, does what acts by itself."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mxplans_sim.clock import Clock
from mxplans_sim.faults.catalogue import Manner, Value
from mxplans_sim.faults.rules import Rule
from mxplans_sim.truth import Truth
from mxplans_sim.world.seeding import rng_for

Act = Callable[[Mapping[str, Value]], Callable[[], None] | None]
"""Does what a fault does; returns what takes it back, if that can be."""


@dataclass
class _State:
    """What has come of a rule."""

    rule: Rule
    occasions: int = 0
    strikes: int = 0
    seen: set[tuple[tuple[str, str], ...]] = field(default_factory=set)
    take_back: Callable[[], None] | None = None


class Faults:
    """Rules at work. Chances are drawn by seed, rule and occasion, so that a run can be repeated.

    Args:
        clock: Simulated time.
        seed: Of the chances.
        truth: Is told of every strike.
        rules: To begin with.
    """

    def __init__(self, clock: Clock, seed: int, truth: Truth, rules: Iterable[Rule] = ()) -> None:
        self._clock = clock
        self._seed = seed
        self._truth = truth
        self._acts: dict[str, Act] = {}
        self._states: dict[str, _State] = {}
        self._numbers = itertools.count(1)
        self._news = asyncio.Event()
        for rule in rules:
            self.inject(rule)

    def on(self, kind: str, act: Act) -> None:
        """Say how a kind acts."""
        self._acts[kind] = act

    def inject(self, rule: Rule) -> str:
        """Take up a rule; returns its id."""
        name = f"{rule.kind}-{next(self._numbers)}"
        self._states[name] = _State(rule)
        self._news.set()
        return name

    def clear(self, name: str | None = None) -> None:
        """Forget a rule, or all of them, and take back what it has done.

        Raises:
            KeyError: If there is no such rule.
        """
        for each in [name] if name is not None else list(self._states):
            state = self._states.pop(each)
            if state.take_back is not None:
                state.take_back()

    def rules(self) -> dict[str, tuple[Rule, int]]:
        """Rules with the number of their strikes, by id."""
        return {name: (state.rule, state.strikes) for name, state in self._states.items()}

    def take(self, kind: str, **context: Any) -> Mapping[str, Value] | None:
        """Parameters of a fault of this kind that strikes now; None when all is well."""
        for name, state in self._states.items():
            rule = state.rule
            if rule.kind != kind or self._spent(state) or not rule.fits(self._clock.now_s(), context):
                continue
            state.occasions += 1
            if state.occasions >= rule.nth and self._chance(name, rule, state.occasions):
                return self._strike(name, state, context)
        return None

    def active(self, kind: str, **context: Any) -> Mapping[str, Value] | None:
        """Parameters of a fault of this kind that lasts now; None when all is well."""
        for name, state in self._states.items():
            rule = state.rule
            if rule.kind != kind or not rule.fits(self._clock.now_s(), context):
                continue
            place = tuple(sorted((key, str(value)) for key, value in context.items()))
            if place not in state.seen:
                if self._spent(state) or not self._chance(name, rule, *place):
                    continue
                state.seen.add(place)
                self._strike(name, state, context)
            return rule.filled
        return None

    async def run(self) -> None:
        """Act when the time has come, until cancelled."""
        while True:
            self._news.clear()
            due_s = self._act_now()
            if math.isfinite(due_s):
                loop = asyncio.get_running_loop()
                sleeping = loop.create_task(self._clock.sleep(due_s - self._clock.now_s()))
                waits: list[asyncio.Task[Any]] = [sleeping, loop.create_task(self._news.wait())]
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                for task in waits:
                    task.cancel()
                await asyncio.gather(*waits, return_exceptions=True)
            else:
                await self._news.wait()

    def _act_now(self) -> float:
        """Do and take back what is due; returns when the next is."""
        next_s, now_s = math.inf, self._clock.now_s()
        for name, state in list(self._states.items()):
            rule = state.rule
            if rule.manner is not Manner.ACTING:
                continue
            ends_s = math.inf if rule.for_s is None else rule.at_s + rule.for_s
            if state.occasions == 0 and now_s >= rule.at_s:
                state.occasions = 1
                if self._chance(name, rule, 1) and rule.kind in self._acts:
                    state.take_back = self._acts[rule.kind](self._strike(name, state, {}))
            if state.take_back is not None and now_s >= ends_s:
                state.take_back()
                state.take_back = None
            next_s = min(next_s, rule.at_s if state.occasions == 0 else ends_s if state.take_back else math.inf)
        return next_s

    def _spent(self, state: _State) -> bool:
        return state.rule.most is not None and state.strikes >= state.rule.most

    def _chance(self, name: str, rule: Rule, *occasion: object) -> bool:
        return rule.probability >= 1 or rng_for(self._seed, "fault", name, *occasion).random() < rule.probability

    def _strike(self, name: str, state: _State, context: Mapping[str, Any]) -> Mapping[str, Value]:
        state.strikes += 1
        self._truth.record("fault", id=name, fault=state.rule.kind, **{k: str(v) for k, v in context.items()})
        return state.rule.filled
