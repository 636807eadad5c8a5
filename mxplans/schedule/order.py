"""What an order string means: nested loops over the letters, the first letter the slowest."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence

from mxplans.errors import InvalidInput
from mxplans.model import Sweep

LETTERS = {
    "g": "orientation",
    "s": "scan (wedge)",
    "b": "beam energy",
    "d": "detector position",
    "i": "inverse beam",
}
SCAN = "s"
_VALUES: dict[str, Callable[[Sweep], Hashable]] = {
    "b": lambda sweep: sweep.energy_ev,
    "d": lambda sweep: (sweep.distance_mm, sweep.resolution_a),
    "g": lambda sweep: sweep.orientation,
    "i": lambda sweep: sweep.inverse,
}
"""What each letter loops over; in the sequence, slow to fast, of the loops that an order does not name."""

LoopKey = tuple[tuple[int, ...], tuple[int, ...]]
"""Places of a sweep in the loops outside and inside the loop over scans."""


def check_order(order: str) -> str:
    """The order itself, if it is one.

    Raises:
        InvalidInput: If it has another letter than those of `LETTERS`, or one twice.
    """
    unknown = sorted(set(order) - set(LETTERS))
    twice = sorted({letter for letter in order if order.count(letter) > 1})
    if not unknown and not twice:
        return order
    wrong = f"has {', '.join(unknown)}" if unknown else f"names {', '.join(twice)} twice"
    allowed = ", ".join(f"{letter} {meaning}" for letter, meaning in LETTERS.items())
    raise InvalidInput(f"order {order[:20]!r} {wrong}; allowed are {allowed}, each once at most, the slowest first")


def loop_keys(sweeps: Sequence[Sweep], order: str) -> list[LoopKey]:
    """Where each sweep stands in the loops outside and inside the loop over scans.

    Values count in the order in which the sweeps first name them. An empty order takes the sweeps as they are listed,
    each whole. In any other, loops that are not named are the slowest, since what they loop over does not alternate:
    b, d, g, i, then positions (crystals) and passes, so that a crystal or a pass is complete before the next begins.
    Without s the scans of a sweep follow each other.

    Raises:
        InvalidInput: If the order is none.
    """
    if not check_order(order):
        return [((index,), ()) for index in range(len(sweeps))]
    ranks = {letter: _ranks(value(sweep) for sweep in sweeps) for letter, value in _VALUES.items()}
    slow = [ranks[letter] for letter in _VALUES if letter not in order]
    slow += [_ranks(sweep.position for sweep in sweeps), _ranks(sweep.pass_number for sweep in sweeps)]
    before, named, after = order.partition(SCAN)
    outside = [*slow, *(ranks[letter] for letter in before)]
    inside = [ranks[letter] for letter in after]
    listed = list(range(len(sweeps)))
    (inside if named else outside).append(listed)
    return [
        (tuple(loop[index] for loop in outside), tuple(loop[index] for loop in inside)) for index in range(len(sweeps))
    ]


def varying(sweeps: Sequence[Sweep]) -> frozenset[str]:
    """The letters for which the sweeps have more than one value."""
    return frozenset(letter for letter, value in _VALUES.items() if len({value(sweep) for sweep in sweeps}) > 1)


def _ranks(values: Iterable[Hashable]) -> list[int]:
    """For each value how many others were named before it.

    >>> _ranks([12660.0, 12658.0, 12660.0])
    [0, 1, 0]
    """
    found: dict[Hashable, int] = {}
    return [found.setdefault(value, len(found)) for value in values]
