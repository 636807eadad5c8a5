"""What lives in the process that runs plans: the session, the ledger, the journal, the heartbeat."""

from __future__ import annotations

import logging
import sys
from typing import Any

from bluesky import RunEngine
from bluesky.utils import MsgGenerator, RunEngineControlException

from mxplans.app.profile_options import read_profile
from mxplans.app.queueserver.faults import report_fault
from mxplans.app.queueserver.heartbeat import Heartbeat
from mxplans.app.queueserver.places import Places, ServeState
from mxplans.app.queueserver.re_manager import uuid_of
from mxplans.app.queueserver.wish import present_wish
from mxplans.app.queueserver.work import WorkerContext, plan_for
from mxplans.app.session import open_session
from mxplans.centring.detection import Backgrounds
from mxplans.errors import InvalidInput, LimitExceeded, QueueRefused, SampleProblem
from mxplans.model import parse_item
from mxplans.plans.safe import make_safe
from mxplans.profile.entry_points import load_entry_point
from mxplans.queue import Ledger, Outcome, State
from mxplans.udc import MountedSample, NightSettings
from mxplans.udc.experiment import Work

log = logging.getLogger("mxplans")


class Worker:
    """One worker. It ends with its process: whatever it holds is safe on the disk at any time.

    Args:
        state: Of the group that it belongs to.
        heartbeat: Beats already.

    Raises:
        InvalidProfile: If the profile has become unusable.
        DeviceFault: If a device does not answer, or the beamline cannot be made safe.
    """

    def __init__(self, state: ServeState, heartbeat: Heartbeat) -> None:
        self._places = places = Places(state.folder)
        logging.basicConfig(
            stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s"
        )
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self._heartbeat = heartbeat
        self._opened = open_session(
            read_profile(state.profile, state.given), state.profile, state.folder, state.shipment, places=state.places
        )
        session = self._opened.__enter__()
        journal = load_entry_point("mxplans.records", "journal", "records")(state.folder / "documents.jsonl")
        session.run_engine.subscribe(journal)
        ledger = Ledger(places.queue)
        sample = MountedSample(
            Backgrounds.kept_in(session.backgrounds)
        )  # so that no pin comes off for what was taken before
        work = Work(NightSettings.from_profile(session.profile), sample, ledger)
        self.context = WorkerContext(session, ledger, work)
        # Nobody knows what the worker before this one left: it may have been killed in the middle of a scan.
        session.run_engine(make_safe(session.beamline))

    @property
    def run_engine(self) -> RunEngine:
        """Runs the plans."""
        return self.context.session.run_engine

    def make_safe(self) -> MsgGenerator[None]:
        """Leave the beamline safe."""
        yield from make_safe(self.context.session.beamline)

    def experiment(self, item: dict[str, Any]) -> MsgGenerator[None]:
        """Run what is left of an experiment. What is wrong with it ends it as failed; the queue goes on.

        Raises:
            InvalidInput: If it has no uuid.
            BeamlineFault: If the beamline fails.
        """
        item_uuid = uuid_of(item)
        if item_uuid is None:
            raise InvalidInput(
                "an item on the execution queue has no uuid; put experiments on the queue through /mx/items"
            )
        self._heartbeat.item_uuid = item_uuid
        try:
            yield from plan_for(self.context, parse_item(item))
        except QueueRefused as refusal:
            log.info("experiment %s is not run: %s", item_uuid, refusal)
        except (InvalidInput, LimitExceeded, SampleProblem) as problem:
            log.warning("experiment %s failed: %s", item_uuid, problem)
            self._finish(item_uuid, Outcome.FAILED, str(problem))
        except RunEngineControlException:
            wish = present_wish(self._places.wish)
            if wish.aborts(item_uuid):  # else the program stops, and goes on with it when it is started again
                self._finish(item_uuid, Outcome.ABORTED, wish.reason or f"by {wish.who}")
            raise
        except Exception as error:
            report_fault(self._places.fault, item_uuid, f"{type(error).__name__}: {error}")
            raise
        finally:
            self._heartbeat.item_uuid = None

    def _finish(self, item_uuid: str, outcome: Outcome, reason: str) -> None:
        ledger = self.context.ledger
        if ledger.state(item_uuid).state is not State.RUNNING:
            ledger.begin(item_uuid)
        ledger.finish(item_uuid, outcome, reason)
