"""The cheapest order that means the same, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

from mxplans.model import Sweep
from mxplans.schedule.order import SCAN, check_order, varying
from mxplans.schedule.scans import Wedge, schedule
from mxplans.schedule.timing import Duration, Timing, duration

COMPARED_MOST = 200_000
"""Scans of all orders together that are compared: a second's work, whatever is asked."""


@dataclass(frozen=True, slots=True)
class OrderChoice:
    """An order, what was compared, and why it was taken."""

    order: str
    duration: Duration
    candidates: dict[str, Duration]
    """All that mean the same, the one that was asked for first."""
    reasons: tuple[str, ...]


def choose_order(
    sweeps: Sequence[Sweep], wedge_images: Wedge, order: str, timing: Timing, images_most: int | None = None
) -> OrderChoice:
    """The quickest of the orders that mean the same as `order`; the order itself where none is quicker.

    The letters behind s say what alternates within a wedge, those before it what is complete before the next begins:
    both sets stay as they are, and only the sequence within each is chosen. Where there are more than `COMPARED_MOST`
    scans in all of them the order stays as it is.

    Raises:
        InvalidInput: If there is no such schedule.
    """
    same = list(_same_meaning(check_order(order), varying(sweeps)))
    scans = schedule(sweeps, wedge_images, order)
    compared = same if len(scans) * len(same) <= COMPARED_MOST else [order]
    found = {order: duration(scans, sweeps, timing, images_most)}
    for each in compared[1:]:
        found[each] = duration(schedule(sweeps, wedge_images, each), sweeps, timing, images_most)
    # Milliseconds, so that the noise of a sum of floats does not change what was asked for.
    best = min(found, key=lambda each: round(found[each].total_s, 3))
    reasons = [f"{best}: {found[best].total_s:.0f} s" if best else f"as listed: {found[best].total_s:.0f} s"]
    reasons += [_reason(each, found[each], found[best]) for each in found if each != best]
    if len(compared) < len(same):
        reasons.append(f"{len(scans)} scans are too many to compare {len(same)} orders")
    return OrderChoice(best, found[best], found, tuple(reasons))


def _same_meaning(order: str, free: frozenset[str]) -> Iterator[str]:
    """The order, and all that differ from it only by the sequence of letters that vary, on the same side of s."""
    before, scan, after = order.partition(SCAN)
    for slow in _permuted(before, free):
        for fast in _permuted(after, free):
            yield slow + scan + fast


def _permuted(letters: str, free: frozenset[str]) -> Iterator[str]:
    """All sequences of some letters, with those that do not vary left where they are.

    >>> list(_permuted("gbi", frozenset("bi")))
    ['gbi', 'gib']
    """
    for chosen in permutations([letter for letter in letters if letter in free]):
        rest = iter(chosen)
        yield "".join(next(rest) if letter in free else letter for letter in letters)


def _reason(order: str, taken: Duration, best: Duration) -> str:
    """Why an order is not the one: what costs it most."""
    more_s = taken.total_s - best.total_s
    if more_s < 0.001:
        return f"{order}: the same"
    seconds, least = taken.seconds, best.seconds
    worst = max(seconds, key=lambda name: seconds[name] - least[name])
    why = {
        "energy": f"changes the energy {taken.energy_changes} times instead of {best.energy_changes}",
        "orientation": f"changes the orientation {taken.orientation_changes} times instead of {best.orientation_changes}",
        "distance": f"moves the detector {taken.distance_changes} times instead of {best.distance_changes}",
        "rotation": f"turns omega by {taken.rotation_deg:.0f} deg between scans instead of {best.rotation_deg:.0f}",
        "arming": f"arms the detector {taken.armings} times instead of {best.armings}",
    }
    return f"{order}: {taken.total_s:.0f} s, since it {why.get(worst, f'takes {more_s:.0f} s longer for {worst}')}"
