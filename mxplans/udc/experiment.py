"""One queue item from its sample to its verdict, in one outer run: what the night and the queue server both run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from bluesky.utils import Msg, MsgGenerator

from mxplans.errors import LimitExceeded
from mxplans.model.extensions import Kind
from mxplans.model.item import QueueItem
from mxplans.plans import documents
from mxplans.plans.documents import ScanContext
from mxplans.plans.ledger import MemoryLedger, ScanLedger
from mxplans.plans.pausing import again_after_pauses
from mxplans.plans.record import record
from mxplans.plans.viewing import move_to_pose
from mxplans.roles import Beamline
from mxplans.schedule.checks import require_within
from mxplans.udc.bring_in import bring_in, take_out
from mxplans.udc.lims_first import ids_first
from mxplans.udc.phases import phase
from mxplans.udc.pictures import pictures
from mxplans.udc.sample import MountedSample
from mxplans.udc.scans import collect_scans
from mxplans.udc.settings import NightSettings
from mxplans.udc.verdicts import Outcome, Verdict

T = TypeVar("T")
NOT_YET = {
    Kind.ENERGY_SCAN: "there is no plan for energy scans yet: their fluorescence detector has no device class",
    Kind.XRF_SPECTRUM: "there is no plan for XRF spectra yet: their fluorescence detector has no device class",
}
"""Kinds that can be written down but not run, and why."""


@dataclass(frozen=True)
class ItemResult:
    """What became of a queue item, and the run that says so."""

    item: QueueItem
    outcome: Outcome
    run_uid: str


@dataclass(frozen=True)
class Work:
    """What every experiment is run with.

    Attributes:
        settings: Of the profile.
        sample: What hangs on the goniometer; changes as samples come and go.
        ledger: Remembers which scans are on disk.
    """

    settings: NightSettings
    sample: MountedSample = field(default_factory=MountedSample)
    ledger: ScanLedger = field(default_factory=MemoryLedger)


def check_kind(item: QueueItem) -> None:
    """See that there is a plan for an item.

    Raises:
        LimitExceeded: If there is none; the reason is said.
    """
    if item.kind in NOT_YET:
        raise LimitExceeded(f"{item.sample_name}: {NOT_YET[item.kind]}; take it out of the queue")


def experiment(
    bl: Beamline, item: QueueItem, work: Work, attempt: int = 1, unmount_after: bool = False
) -> MsgGenerator[ItemResult]:
    """Run a queue item: bring its sample in, collect what is not on disk yet, say what became of it.

    Args:
        bl: The beamline.
        item: What to do.
        work: How, and what is known of the sample.
        attempt: Which one at this item, from 1.
        unmount_after: Whether to put the pin back within this run.

    Returns:
        The verdict with its evidence. A sample's problem is a verdict; a beamline's fault raises.

    Raises:
        LimitExceeded: If there is no plan for this kind, or it asks for too much; nothing has moved then.
    """
    check_kind(item)
    require_within(item, work.settings.limits)
    uid: str = yield Msg("open_run", None, **documents.sample_metadata(item, work.settings.beamline, attempt))
    context = ScanContext(
        item.sample_name,
        item.uuid,
        uid,
        work.settings.limits.profile,
        storage=work.settings.storage,
        proposal=str(item.objects.get("Shipment", {}).get("proposalCode", "")),
        beamline=work.settings.beamline,
    )
    outcome = yield from _outcome(bl, item, work, context)
    yield from record(documents.VERDICT, outcome.values())
    if unmount_after:
        yield from phase("unmount", take_out(bl, item, work.sample))
    yield Msg("close_run", None, exit_status="success", reason=None)
    return ItemResult(item, outcome, uid)


def _outcome(bl: Beamline, item: QueueItem, work: Work, context: ScanContext) -> MsgGenerator[Outcome]:
    if item.kind is Kind.UNLOAD:
        yield from phase("unmount", take_out(bl, item, work.sample))
        return Outcome(verdict=Verdict.DONE, reason="the goniometer is empty")
    brought = yield from bring_in(bl, item, work.settings, work.sample, context)
    if brought.outcome is not None:
        return brought.outcome
    if item.kind is Kind.LOAD:
        yield from again_after_pauses(partial(pictures, bl, item, work.settings, context))
        return Outcome(verdict=Verdict.DONE, reason="mounted")
    if item.kind is Kind.OPTICAL_CENTRING:
        if work.sample.optical is not None:
            yield from again_after_pauses(partial(move_to_pose, bl, work.sample.optical.pose))
        yield from again_after_pauses(partial(pictures, bl, item, work.settings, context))
        return Outcome(verdict=Verdict.DONE, reason="the loop stands in the beam")
    ids = yield from ids_first(bl, item)
    if isinstance(ids, Outcome):
        return ids
    context = replace(context, lims_ids=ids)
    return (yield from collect_scans(bl, item, work.settings, work.sample, work.ledger, context, brought.scans))
