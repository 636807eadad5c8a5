"""One pin, from mount to unmount: one outer run per item on it, centred once for all of them."""

from __future__ import annotations

from collections.abc import Sequence

from bluesky.utils import MsgGenerator

from mxplans.model.item import QueueItem
from mxplans.roles import Beamline
from mxplans.udc.experiment import ItemResult, Work, experiment


def collect_pin(bl: Beamline, items: Sequence[QueueItem], work: Work) -> MsgGenerator[tuple[ItemResult, ...]]:
    """Mount a pin, centre it, collect every item on it, put it back.

    Args:
        bl: The beamline.
        items: All at one location: one or more, on one crystal or one per position of a multi-position pin.
        work: How to work.

    Returns:
        One result per item, in their order. A sample's problem is a verdict; a beamline's fault raises.
    """
    results = []
    for number, item in enumerate(items, start=1):
        results.append((yield from experiment(bl, item, work, unmount_after=number == len(items))))
    return tuple(results)
