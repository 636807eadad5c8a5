"""Whole experiments, as the queue runs them: mounted, centred, collected, told to the LIMS."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bluesky import preprocessors as bpp
from bluesky.utils import MsgGenerator

from mxplans.app.ipython.desk import Desk
from mxplans.model import QueueItem, build_queue, parse_item, read_message
from mxplans.model.item import with_uuid
from mxplans.plans.safe import make_safe
from mxplans.roles import Beamline
from mxplans.udc import ItemResult
from mxplans.udc import experiment as one_experiment
from mxplans.udc import night as whole_night


def experiment(
    desk: Desk, bl: Beamline, item: QueueItem | dict[str, Any], unmount_after: bool = False
) -> MsgGenerator[ItemResult]:
    """Run one item of a queue: bring its sample in, collect, say what became of it.

    Args:
        desk: The session's.
        bl: The beamline.
        item: A QueueItem, or what is sent to the queue server, as a dict.
        unmount_after: Whether to put the pin back.

    Returns:
        The verdict with its evidence.

    Raises:
        LimitExceeded: If it asks for too much; nothing has moved then.

    Example:
        RE(udc.experiment(json.loads(Path("profiles/queueserver/rotation.json").read_text())))
    """
    read = item if isinstance(item, QueueItem) else parse_item(with_uuid(item), "item")
    plan = one_experiment(bl, read, desk.work, unmount_after=unmount_after)
    return (yield from bpp.finalize_wrapper(plan, lambda: make_safe(bl)))


def night(desk: Desk, bl: Beamline, shipment: Path | str | Sequence[QueueItem]) -> MsgGenerator[tuple[ItemResult, ...]]:
    """Collect a shipment unattended, pin after pin; first the mounted pin is put back.

    Args:
        desk: The session's.
        bl: The beamline.
        shipment: An MXLIMS message, by its path, or the items themselves.

    Returns:
        A result for each item that was worked on.

    Raises:
        LimitExceeded: If one asks for too much; nothing has moved then.

    Example:
        RE(udc.night("profiles/sim/shipment.json"))
    """
    items = shipment
    if isinstance(items, Path | str):
        usual = desk.profile.experiment
        items = build_queue(read_message(Path(items)), usual.sweep, usual.strategy)
    results = yield from whole_night(bl, items, desk.settings, backgrounds=desk.sample.backgrounds)
    desk.sample.forget()
    return results


PLANS = (experiment, night)
