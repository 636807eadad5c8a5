"""Identifiers of a LIMS before the first scan, where the profile wants that: some sites' processing needs them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial

from bluesky.utils import FailedStatus, Msg, MsgGenerator

from mxplans.errors import DeliveryError, DeviceFault
from mxplans.model.item import QueueItem
from mxplans.plans import documents
from mxplans.plans.pausing import again_after_pauses
from mxplans.plans.record import record
from mxplans.plans.waiting import set_and_wait, value_of
from mxplans.roles import Beamline, LimsIds
from mxplans.udc.verdicts import Outcome, Verdict

GIVEN = "given"
GROUP = "group"
GRACE_S = 10.0
"""Real seconds that a device may take to say that the time is over."""


def ids_first(bl: Beamline, item: QueueItem) -> MsgGenerator[Mapping[str, str] | Outcome]:
    """Wait for what a LIMS calls an experiment, whose run is open, and record it; without such a role nothing happens.

    Returns:
        The identifiers, by the key of what they stand for; none where the rule is to go on without them. A verdict where
        it is to leave the sample out.

    Raises:
        DeviceFault: If they do not come, and the rule is to stop then.
    """
    lims = bl.lims_ids
    if lims is None:
        return {}
    begun_s = time.time()
    try:
        yield from again_after_pauses(partial(set_and_wait, lims.timeout_s + GRACE_S, lims, item.uuid))
        ids: dict[str, str] = dict((yield from value_of(lims.ids)))
    except (DeviceFault, DeliveryError) as fault:
        with suppress(FailedStatus):  # of a wait that has failed already, and is no news
            yield Msg("stop", lims)
        yield from _tell(lims, time.time() - begun_s, lims.otherwise, "", str(fault))
        return _without(lims, fault)
    yield from _tell(lims, time.time() - begun_s, GIVEN, ids.get(GROUP) or next(iter(ids.values()), ""), "")
    return ids


def _tell(lims: LimsIds, waited_s: float, outcome: str, group_id: str, message: str) -> MsgGenerator[None]:
    yield from record(
        documents.LIMS,
        {
            "lims_target": lims.target,
            "lims_group_id": group_id,
            "lims_waited_s": float(waited_s),
            "lims_outcome": outcome,
            "lims_message": message,
        },
    )


def _without(lims: LimsIds, fault: Exception) -> Mapping[str, str] | Outcome:
    """What the rule makes of it.

    Raises:
        DeviceFault: If it is to stop.
    """
    told = f"{lims.target} gave no identifier before the first scan: {fault}"
    match lims.otherwise:
        case "go_on":
            return {}
        case "skip":
            return Outcome(verdict=Verdict.NO_LIMS_ID, reason=told)
        case "stop":
            raise DeviceFault(
                f"{told}; see to it, or let collections go on without (ids_before_collection.otherwise)"
            ) from fault
