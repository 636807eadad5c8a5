"""What the worker does with an experiment of the queue: the scans that are left, each committed as it is done."""

from __future__ import annotations

from dataclasses import dataclass

from bluesky import preprocessors as bpp
from bluesky.utils import MsgGenerator

from mxplans.app.session import Session
from mxplans.model import QueueItem
from mxplans.plans.safe import make_safe
from mxplans.queue import Ledger, Outcome, digest_of
from mxplans.schedule import schedule_item
from mxplans.udc.experiment import Work, experiment


@dataclass(frozen=True)
class WorkerContext:
    """The parts that an experiment needs.

    Attributes:
        session: Profile, devices and RunEngine.
        ledger: What was really done.
        work: Settings, and what hangs on the goniometer.
    """

    session: Session
    ledger: Ledger
    work: Work


def plan_for(worker: WorkerContext, item: QueueItem) -> MsgGenerator[None]:
    """Do what is left of an experiment, and leave the beamline safe.

    Raises:
        QueueRefused: If the queue does not want it any more.
        InvalidInput: If it cannot be scheduled.
        LimitExceeded: If there is no plan for it.
        BeamlineFault: If the beamline fails; what was committed stays so.
    """
    attempt = worker.ledger.begin(item.uuid, digest_of(item), scans_all=len(schedule_item(item)))
    beamline = worker.session.beamline
    result = yield from bpp.finalize_wrapper(
        experiment(beamline, item, worker.work, attempt), lambda: make_safe(beamline)
    )
    verdict = result.outcome
    outcome = Outcome.COMPLETED if verdict.succeeded else Outcome.NOTHING_USEFUL
    worker.ledger.finish(item.uuid, outcome, f"{verdict.verdict}: {verdict.reason}")
