"""The engine: knows the rules, says what strikes, does what acts by itself."""

from __future__ import annotations

import asyncio
import itertools
import logging
import math
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mxplans_sim.clock import Clock
from mxplans_sim.faults.at_work import AtWork, Context
from mxplans_sim.faults.kind import Manner, Value
from mxplans_sim.faults.rules import Rule
from mxplans_sim.truth import Truth

Act = Callable[[Mapping[str, Value]], Callable[[], None] | None]
"""Does what a fault does; returns what takes it back, if that can be."""

MOST_RULES = 1000
_SHORTEST_S = 1e-6
"""Longer than any rounding, so that time passes."""
_log = logging.getLogger(__name__)


class Faults:
    """Rules at work. Chances are drawn by seed, rule and what is met, so that a run can be repeated.

    May be asked, and given rules, by any thread. What acts does so in the loop of `run`, or of whoever calls `look`.

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
        self._present: Callable[[], Context] = dict
        self._seen: Context | None = None
        self._at_work: dict[str, AtWork] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        for rule in rules:
            self.inject(rule)

    def on(self, kind: str, act: Act) -> None:
        """Say how a kind acts."""
        self._acts[kind] = act

    @property
    def can_do(self) -> frozenset[str]:
        """Kinds that somebody has said how to do."""
        return frozenset(self._acts)

    def attend(self, present: Callable[[], Context]) -> None:
        """Say how to learn which sample is on the goniometer and which step it is in, as `sample` and `step`.

        Whoever knows of a change calls `look`.
        """
        self._present = present

    def inject(self, rule: Rule) -> str:
        """Take up a rule; returns its id.

        Raises:
            ValueError: If there are too many.
        """
        with self._lock:
            if len(self._at_work) >= MOST_RULES:
                raise ValueError(f"{len(self._at_work)} faults are at work, no more are allowed; clear some")
            name = f"{rule.kind}-{next(self._numbers)}"
            self._at_work[name] = AtWork(name, rule, self._seed, self._clock.now_s())
        self._in_loop(self._news.set)
        return name

    def clear(self, name: str | None = None) -> None:
        """Forget a rule, or all of them, and take back what it has done.

        Raises:
            KeyError: If there is no such rule.
        """
        with self._lock:
            gone = [self._at_work.pop(each) for each in ([name] if name is not None else list(self._at_work))]
        for at_work in gone:
            self._in_loop(self._undo, at_work)

    def rules(self) -> dict[str, tuple[Rule, int]]:
        """Rules with the number of their strikes, by id."""
        with self._lock:
            return {name: (at_work.rule, at_work.strikes) for name, at_work in self._at_work.items()}

    def state(self, name: str) -> dict[str, Any]:
        """What has come of a rule: whether it lasts, since when it may strike, and why it could not.

        Raises:
            KeyError: If there is no such rule.
        """
        with self._lock:
            at_work = self._at_work[name]
            lasts = at_work.lasts and at_work.rule.of_kind.state and not at_work.error
            return {"start_s": at_work.start_s, "lasts": lasts, "error": at_work.error}

    def take(self, kind: str, **context: Any) -> Mapping[str, Value] | None:
        """Parameters of a fault of this kind that strikes now; None when all is well."""
        with self._lock:
            for at_work, here, now_s in self._of(kind, context):
                if at_work.rule.manner is not Manner.STRIKING:
                    if self._holds(at_work, here, now_s):
                        return at_work.filled
                elif at_work.strikes_now(now_s, here):
                    self._note(at_work, here)
                    return at_work.filled
        return None

    def active(self, kind: str, **context: Any) -> Mapping[str, Value] | None:
        """Parameters of a fault of this kind that lasts now, or that would strike; None when all is well."""
        with self._lock:
            for at_work, here, now_s in self._of(kind, context):
                if at_work.rule.manner is not Manner.STRIKING:
                    if self._holds(at_work, here, now_s):
                        return at_work.filled
                elif at_work.rule.probability >= 1 and at_work.would_strike(now_s, here):
                    return at_work.filled
        return None

    def look(self) -> None:
        """See whether another sample or another step lets something begin or end."""
        if self._at_work and (context := self._present()) != self._seen:
            self._seen = context
            self._follow_all(context)
            self._news.set()

    async def run(self) -> None:
        """Act when the time has come, until cancelled."""
        loop = self._loop = asyncio.get_running_loop()
        try:
            while True:
                self._news.clear()
                due_s = self._follow_all(self._present())
                if math.isfinite(due_s):
                    waits: list[asyncio.Task[Any]] = [
                        loop.create_task(self._clock.sleep(max(due_s - self._clock.now_s(), _SHORTEST_S))),
                        loop.create_task(self._news.wait()),
                    ]
                    try:
                        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                    finally:
                        for task in waits:
                            task.cancel()
                        await asyncio.gather(*waits, return_exceptions=True)
                else:
                    await self._news.wait()
        finally:
            self._loop = None

    def _of(self, kind: str, context: Context) -> list[tuple[AtWork, Context, float]]:
        """Rules of a kind, each with where and when it is asked for."""
        found = [at_work for at_work in self._at_work.values() if at_work.rule.kind == kind]
        if not found:
            return []
        here, now_s = {**self._present(), **context}, self._clock.now_s()
        return [(at_work, here, now_s) for at_work in found]

    def _holds(self, at_work: AtWork, context: Context, now_s: float) -> bool:
        self._follow(at_work, context, now_s)
        return at_work.lasts and at_work.rule.at_place(context)

    def _follow_all(self, context: Context) -> float:
        """Do and take back what is due; returns when the next is."""
        with self._lock:
            now_s = self._clock.now_s()
            lasting = [each for each in self._at_work.values() if each.rule.manner is not Manner.STRIKING]
            for at_work in lasting:
                self._follow(at_work, context, now_s)
            return min((due_s for each in lasting if (due_s := each.due_s) > now_s), default=math.inf)

    def _follow(self, at_work: AtWork, context: Context, now_s: float) -> None:
        lets_go, takes_hold = at_work.follow(now_s, context)
        if lets_go and (at_work.rule.of_kind.state or at_work.rule.for_s is not None):
            self._undo(at_work)
        if takes_hold and (at_work.rule.manner is not Manner.ACTING or self._act(at_work)):
            self._note(at_work, context)

    def _act(self, at_work: AtWork) -> bool:
        """Let it act; what it cannot do is no reason to leave undone what others do."""
        kind = at_work.rule.kind
        try:
            if kind not in self._acts:
                raise LookupError(f"nothing here can do {kind}")
            at_work.take_back = self._acts[kind](at_work.filled)
        except (OSError, LookupError, ValueError) as error:
            at_work.error = str(error)
            self._truth.record("fault_failed", id=at_work.name, fault=kind, error=at_work.error)
            _log.warning("fault %s: %s", at_work.name, error)
        return not at_work.error

    def _undo(self, at_work: AtWork) -> None:
        take_back, at_work.take_back = at_work.take_back, None
        if take_back is not None:
            try:
                take_back()
            except (OSError, LookupError, ValueError) as error:
                at_work.error = str(error)
                _log.warning("fault %s cannot be taken back: %s", at_work.name, error)

    def _note(self, at_work: AtWork, context: Context) -> None:
        at_work.strikes += 1
        told = {name: str(value) for name, value in context.items()}
        self._truth.record("fault", id=at_work.name, fault=at_work.rule.kind, **told)

    def _in_loop(self, do: Callable[..., None], *arguments: Any) -> None:
        """Do it in the loop of `run`, at once if that is here or nowhere."""
        loop = self._loop
        if loop is None or loop.is_closed():
            do(*arguments)
            return
        try:
            here = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        if here is loop:
            do(*arguments)
        else:
            loop.call_soon_threadsafe(do, *arguments)
