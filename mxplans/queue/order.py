"""In which order the experiments that wait are executed: pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

MountKey: TypeAlias = tuple[int, ...]
"""What is mounted at once: session, puck and pin, or session and sample where there is no place."""


class Candidate(NamedTuple):
    """What the order of an experiment depends on."""

    uuid: str
    session: int
    sample: int
    sample_rank: int
    puck: int | None
    pin: int | None
    priority: int | None
    rank: int
    counts: bool
    """Switched on and not ended: its priority is its sample's too."""
    waits: bool
    """To be ordered; the others are known because their sample may be on the goniometer."""

    @property
    def mount(self) -> MountKey:
        """What is mounted for it."""
        return mount_key(self.session, self.sample, self.puck, self.pin)


def mount_key(session: int, sample: int, puck: int | None, pin: int | None) -> MountKey:
    """What is mounted for a sample at a place."""
    return (session, -sample) if puck is None or pin is None else (session, puck, pin)


def execution_order(candidates: Iterable[Candidate], mounted: MountKey | None = None) -> tuple[str, ...]:
    """Uuids of the experiments that wait, first to last.

    All experiments of one pin stay together, and those of one sample on it, so that nothing is mounted or centred twice
    without need. A pin's priority is its best experiment's (small first, none last); of the pin on the goniometer those
    that have ended count too, and it comes first among equals: only a better priority takes it off before it is done.
    After the priority comes the order of sessions, samples and experiments in the tree.
    """
    everything = list(candidates)
    pins: dict[MountKey, tuple[float, int]] = {}
    samples: dict[int, float] = {}
    for one in everything:
        own = _priority(one) if one.counts or one.mount == mounted else math.inf
        best, first = pins.get(one.mount, (math.inf, one.sample_rank))
        pins[one.mount] = (min(best, own), min(first, one.sample_rank))
        samples[one.sample] = min(samples.get(one.sample, math.inf), own)

    def key(one: Candidate) -> tuple[object, ...]:
        best, first = pins[one.mount]
        return (
            (best, one.mount != mounted, one.session, first, one.mount),
            (samples[one.sample], one.sample_rank, one.sample),
            (_priority(one), one.rank),
        )

    return tuple(one.uuid for one in sorted((one for one in everything if one.waits), key=key))


def _priority(one: Candidate) -> float:
    return math.inf if one.priority is None else one.priority
