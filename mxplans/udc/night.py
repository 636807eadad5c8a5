"""The night: pin after pin until the queue is done, somebody asks for an end, or the beamline fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from bluesky import plan_stubs as bps
from bluesky import preprocessors as bpp
from bluesky.utils import MsgGenerator

from mxplans.centring.detection import Backgrounds
from mxplans.model.item import QueueItem
from mxplans.plans.backgrounds import take_backgrounds
from mxplans.plans.exchange import unmount
from mxplans.plans.pausing import again_after_pauses
from mxplans.plans.safe import make_safe
from mxplans.roles import Beamline
from mxplans.schedule.checks import require_within
from mxplans.udc.experiment import ItemResult, Work, check_kind
from mxplans.udc.pin import collect_pin
from mxplans.udc.sample import MountedSample
from mxplans.udc.settings import NightSettings


def night(
    bl: Beamline,
    items: Sequence[QueueItem],
    settings: NightSettings,
    should_stop: Callable[[], bool] = lambda: False,
    report: Callable[[ItemResult], None] = lambda result: None,
    backgrounds: Backgrounds | None = None,
) -> MsgGenerator[tuple[ItemResult, ...]]:
    """Collect a queue unattended; leaves the beamline safe and, unless it failed, the goniometer empty.

    Args:
        bl: The beamline.
        items: The queue, sorted by location.
        settings: How to work.
        should_stop: Asked between pins; True ends the night in good order.
        report: Told about each item as it ends.
        backgrounds: Keeps the on-axis views without a sample, which are taken anew; in memory when None.

    Returns:
        A result for each item that was worked on.

    Raises:
        LimitExceeded: If an item asks for too much; nothing has moved then.
    """
    for item in items:
        check_kind(item)
        require_within(item, settings.limits)
    sample = MountedSample() if backgrounds is None else MountedSample(backgrounds)
    plan = _night(bl, items, Work(settings, sample), should_stop, report)
    return (yield from bpp.finalize_wrapper(plan, lambda: make_safe(bl)))


def _night(
    bl: Beamline,
    items: Sequence[QueueItem],
    work: Work,
    should_stop: Callable[[], bool],
    report: Callable[[ItemResult], None],
) -> MsgGenerator[tuple[ItemResult, ...]]:
    yield from again_after_pauses(lambda: unmount(bl))
    yield from again_after_pauses(lambda: take_backgrounds(bl, work.settings.optical, work.sample.backgrounds))
    results: list[ItemResult] = []
    for pin_items in pins(items):
        if should_stop():
            break
        yield from bps.checkpoint()
        for result in (yield from collect_pin(bl, pin_items, work)):
            report(result)
            results.append(result)
    return tuple(results)


def pins(items: Sequence[QueueItem]) -> Iterator[tuple[QueueItem, ...]]:
    """Neighbouring items at one location, together."""
    for _, group in groupby(items, key=lambda item: item.location):
        yield tuple(group)
