"""One rule at work: when its time is, what it has met, and how the dice fall."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mxplans_sim.faults.kind import Value
from mxplans_sim.faults.rules import Rule
from mxplans_sim.world.seeding import rng_for

Context = Mapping[str, Any]


@dataclass
class Spell:
    """A time in which all that a rule asks for holds, without a break.

    Attributes:
        key: Sample and step, as far as the rule depends on them.
        begun_s: Simulated time of its begin.
        strikes: Whether the rule has taken hold.
        over: Whether it has let go before the end of the spell.
    """

    key: tuple[str, ...]
    begun_s: float
    strikes: bool
    over: bool = False


class AtWork:
    """A rule and what has come of it. Chances depend on seed, rule and what is met, not on the order of other things.

    Args:
        name: Of the rule, different from all others.
        rule: The rule.
        seed: Of the chances.
        injected_s: Simulated time at which it was taken up.

    Attributes:
        start_s: It does not strike before this simulated time.
        strikes: How often it has struck.
        error: Why it could not do what it should; empty when all is well.
        take_back: Undoes what it has done; None when there is nothing to undo.
    """

    def __init__(self, name: str, rule: Rule, seed: int, injected_s: float) -> None:
        self.name = name
        self.rule = rule
        self.strikes = 0
        self.error = ""
        self.take_back: Callable[[], None] | None = None
        self.filled: Mapping[str, Value] = rule.filled
        self._seed = seed
        self._occasions = 0
        self._met: Counter[tuple[str, ...]] = Counter()
        self._spell: Spell | None = None
        wait_s = float(rng_for(seed, "fault", name, "when").uniform(0.0, rule.within_s)) if rule.within_s else 0.0
        self.start_s = max(rule.at_s, injected_s + rule.after_s) + wait_s

    @property
    def spent(self) -> bool:
        """Whether it has struck as often as it may."""
        return self.rule.most is not None and self.strikes >= self.rule.most

    @property
    def lasts(self) -> bool:
        """Whether it has hold of something now."""
        return self._spell is not None and self._spell.strikes and not self._spell.over

    @property
    def due_s(self) -> float:
        """When time alone changes something: its start, or its end."""
        if self._spell is None:
            return self.start_s if not self.rule.waits and not self.spent else math.inf
        return self._spell.begun_s + self._for_s if self.lasts else math.inf

    @property
    def _for_s(self) -> float:
        return math.inf if self.rule.for_s is None else self.rule.for_s

    def would_strike(self, now_s: float, context: Context) -> bool:
        """Whether a striking rule may strike here and now; nothing is counted."""
        in_time = self.start_s <= now_s < self.start_s + self._for_s
        return not self.spent and in_time and self.rule.fits(context) and self.rule.at_place(context)

    def strikes_now(self, now_s: float, context: Context) -> bool:
        """Whether a striking rule strikes here and now; this occasion is counted."""
        if not self.would_strike(now_s, context):
            return False
        self._occasions += 1
        places = (str(context.get(name, "")) for name in self.rule.of_kind.places)
        lucky = self._chance((str(context.get("sample", "")), *places))
        return self._occasions >= self.rule.nth and lucky

    def follow(self, now_s: float, context: Context) -> tuple[bool, bool]:
        """See what a lasting or acting rule has come to; returns whether it has let go, and whether it took hold."""
        key, held = self._key(now_s, context), self.lasts
        if self._spell is not None and key != self._spell.key:
            self._spell = None
        begins = key is not None and self._spell is None
        if key is not None and self._spell is None:
            self._occasions += 1
            lucky = self._chance(key)
            strikes = self._occasions >= self.rule.nth and lucky and not self.spent
            self._spell = Spell(key, now_s if self.rule.waits else self.start_s, strikes)
        if self._spell is not None and now_s >= self._spell.begun_s + self._for_s:
            # A spell that is over as soon as it is noticed has never had a hold.
            self._spell.over, begins = True, False
        return held and (begins or not self.lasts), begins and self.lasts

    def _key(self, now_s: float, context: Context) -> tuple[str, ...] | None:
        """Sample and step that it depends on; None when it does not hold now."""
        if now_s < self.start_s or not self.rule.fits(context):
            return None
        rule = self.rule
        sample = str(context.get("sample", "")) if rule.by_sample else ""
        if rule.by_sample and not sample:
            return None
        return sample, str(context.get("step", "")) if rule.step is not None else ""

    def _chance(self, met: tuple[str, ...]) -> bool:
        """Whether chance lets it strike at what is met, for the first time, the second time and so on."""
        self._met[met] += 1
        if self.rule.probability >= 1:
            return True
        drawn = rng_for(self._seed, "fault", self.name, *met, self._met[met]).random()
        return bool(drawn < self.rule.probability)
