"""A queue tree in memory, as simple as can be, that the one in the file is compared with."""

import math
from dataclasses import dataclass

from mxplans.queue import Outcome

# Two positions of one pin, two pins of their own, one sample without a place.
SAMPLES = {"s0": ((1, 1), 1), "s1": ((1, 1), 2), "s2": ((1, 2), None), "s3": ((2, 1), None), "s4": (None, None)}
NAMES = [f"i{number}" for number in range(12)]
OUTCOMES = [outcome.value for outcome in Outcome]
SCANS = ((1, 5), (6, 5))
DONE_FOR_GOOD = ("Completed", "NothingUseful", "Skipped")


@dataclass
class Expected:
    """What the model knows of an experiment."""

    content: object
    sample: str
    priority: int | None
    group: str | None
    enabled: bool = True
    state: str = "waiting"
    outcome: str | None = None
    scans: int = 0
    begun: bool = False
    """In the ledger, and so for ever."""


class TreeModel:
    """Samples in order, experiments in order, and what each is doing."""

    def forget(self):
        """Begin with nothing."""
        self.samples = []
        self.items = {}
        self.inside = {}
        self.ledgered = {}
        self.begun = []
        self.goes_on = {"g": True, "h": True}

    def known(self, uuid):
        """Content under which an experiment is known already."""
        if uuid in self.items:
            return self.items[uuid].content
        return self.ledgered[uuid].content if uuid in self.ledgered else None

    def insert(self, content, before):
        if content.sample_name not in self.samples:
            self.samples.append(content.sample_name)
        new = Expected(content, content.sample_name, content.experiment.priority, content.experiment.sample_group)
        old = self.ledgered.get(content.uuid)
        if old is not None:
            new.begun, new.scans = True, old.scans
            if old.outcome in DONE_FOR_GOOD:
                new.state, new.outcome = "ended", old.outcome
        self.items[content.uuid] = new
        self.stand(content.uuid, new.sample, before)
        if new.state == "waiting" and any(
            one.group == new.group and one.group and one.outcome == "Completed" for one in self.items.values()
        ):
            new.state, new.outcome = "ended", "Skipped"

    def stand(self, uuid, sample, before):
        siblings = self.inside.setdefault(sample, [])
        siblings.insert(len(siblings) if before is None else siblings.index(before), uuid)

    def before(self, sample, to, of):
        siblings = self.inside.get(sample, [])
        if to == "first":
            return siblings[0] if siblings else None
        if to == "after":
            return next(iter(siblings[siblings.index(of) + 1 :]), None)
        return of

    def ended(self, uuid, outcome):
        one = self.items[uuid]
        one.state, one.outcome = "ended", outcome
        if one.group and (outcome == "Completed" or (outcome != "Skipped" and not self.goes_on[one.group])):
            for other in self.items.values():
                if other.group == one.group and other.state == "waiting":
                    other.state, other.outcome = "ended", "Skipped"

    def expected_order(self):
        """By choosing again and again what comes next."""
        on = SAMPLES[self.items[self.begun[-1]].sample][0] or self.items[self.begun[-1]].sample if self.begun else None
        pins = {}
        for name in self.samples:
            pins.setdefault(SAMPLES[name][0] or name, []).append(name)

        def of(sample, pin):
            return [
                self.items[uuid]
                for uuid in self.inside.get(sample, [])
                if pin == on or (self.items[uuid].enabled and self.items[uuid].state != "ended")
            ]

        def best(ones):
            return min((math.inf if one.priority is None else one.priority for one in ones), default=math.inf)

        def first(pin):
            """Where a pin stands: at its first sample that has something to do or is on the goniometer."""
            there = [
                name
                for name in pins[pin]
                if any(self.items[u].state != "ended" or pin == on for u in self.inside.get(name, []))
            ]
            return self.samples.index(there[0]) if there else math.inf

        order = []
        for pin in sorted(pins, key=lambda p: (best([o for s in pins[p] for o in of(s, p)]), p != on, first(p))):
            for sample in sorted(pins[pin], key=lambda s: (best(of(s, pin)), self.samples.index(s))):
                waiting = [
                    u for u in self.inside.get(sample, []) if self.items[u].enabled and self.items[u].state == "waiting"
                ]
                order += sorted(waiting, key=lambda u: best([self.items[u]]))
        return order
