"""One pin, from mount to unmount: one outer run per item on it, centred once for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from bluesky import plan_stubs as bps
from bluesky.utils import MsgGenerator

from mxplans.centring import XrayCandidate
from mxplans.errors import SampleProblem
from mxplans.model.queue import QueueItem
from mxplans.plans import documents
from mxplans.plans.documents import ScanContext
from mxplans.plans.exchange import mount, unmount
from mxplans.plans.optical import OpticalCentre, optical_centring
from mxplans.plans.record import record
from mxplans.plans.rotation import rotation
from mxplans.plans.xray import move_to_candidate, xray_centring
from mxplans.roles import Beamline
from mxplans.udc.settings import NightSettings
from mxplans.udc.verdicts import Outcome, Verdict

# Scans of an experiment in their order: the two grids of X-ray centring come first.
ROTATION_ORDINAL = 3

T = TypeVar("T")
Image = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class ItemResult:
    """What became of a queue item, and the run that says so."""

    item: QueueItem
    outcome: Outcome
    run_uid: str


@dataclass
class _PinState:
    """What is known of the pin on the goniometer, from one item on it to the next."""

    candidates: tuple[XrayCandidate, ...] = ()
    outcome: Outcome | None = None


def collect_pin(
    bl: Beamline, items: Sequence[QueueItem], settings: NightSettings, background: Image | None
) -> MsgGenerator[tuple[ItemResult, ...]]:
    """Mount a pin, centre it, collect every item on it, put it back.

    Args:
        bl: The beamline.
        items: All at one location: one, or one per position of a multi-position pin.
        settings: How to work.
        background: On-axis image without a sample.

    Returns:
        One result per item, in their order. A sample's problem is a verdict; a beamline's fault raises.
    """
    state = _PinState()
    results = []
    for number, item in enumerate(items):
        last = number == len(items) - 1
        results.append((yield from _collect_item(bl, item, number, state, settings, background, last)))
    return tuple(results)


def _collect_item(
    bl: Beamline,
    item: QueueItem,
    number: int,
    state: _PinState,
    settings: NightSettings,
    background: Image | None,
    last: bool,
) -> MsgGenerator[ItemResult]:
    uid = yield from bps.open_run(documents.sample_metadata(item, settings.beamline))
    context = ScanContext(item.sample_name, item.uuid, uid)
    if number == 0:
        yield from _mount_and_centre(bl, item, state, settings, background, context)
    outcome = state.outcome
    if outcome is None:
        outcome = yield from _collect(bl, item, number, state, settings, context)
    yield from record(documents.VERDICT, outcome.values())
    if last:
        yield from _phase("unmount", _unmount(bl, item))
    yield from bps.close_run(exit_status="success")
    return ItemResult(item, outcome, uid)


def _mount_and_centre(
    bl: Beamline,
    item: QueueItem,
    state: _PinState,
    settings: NightSettings,
    background: Image | None,
    context: ScanContext,
) -> MsgGenerator[None]:
    """Fills `state` with candidates, or with the outcome that ends the pin."""
    try:
        yield from _phase("mount", _mount(bl, item))
    except SampleProblem as problem:
        state.outcome = Outcome(verdict=Verdict.PIN_MISSING, reason=str(problem))
        yield from _phase_event("mount", "end")
        return
    optical = yield from _phase("optical", optical_centring(bl, settings.optical, background, context))
    if not isinstance(optical, OpticalCentre):
        verdict = Verdict.EMPTY_MOUNT if optical.empty else Verdict.NOT_CENTRED
        state.outcome = Outcome(verdict=verdict, reason=optical.reason, evidence=optical.evidence)
        return
    xray = yield from _phase("xray", xray_centring(bl, optical, settings.xray, settings.collection, context))
    if not xray.candidates:
        state.outcome = Outcome(verdict=Verdict.NO_DIFFRACTION, reason=xray.reason, evidence=xray.evidence)
        return
    state.candidates = xray.candidates


def _collect(
    bl: Beamline, item: QueueItem, number: int, state: _PinState, settings: NightSettings, context: ScanContext
) -> MsgGenerator[Outcome]:
    candidate = _candidate_for(item, state.candidates)
    if candidate is None:
        return Outcome(
            verdict=Verdict.NO_DIFFRACTION,
            reason=f"no diffraction at position {item.position_in_pin} of the pin: {len(state.candidates)} crystals found",
            evidence={"crystals_found": len(state.candidates)},
        )
    yield from move_to_candidate(bl, candidate, settings.limits)
    if number > 0:
        yield from record(documents.XRC_RESULT, candidate.values())
    yield from _phase(
        "collect", rotation(bl, item.sweep, settings.collection, settings.limits, context, ROTATION_ORDINAL)
    )
    return Outcome(
        verdict=Verdict.COLLECTED,
        reason=f"{item.sweep.number_images} images of {item.sweep.image_width_deg:g} deg",
        evidence={"images": item.sweep.number_images, "significance": candidate.significance},
    )


def _candidate_for(item: QueueItem, candidates: Sequence[XrayCandidate]) -> XrayCandidate | None:
    """The strongest crystal of a pin with one loop; of a multi-position pin the n-th from the base."""
    if item.position_in_pin is None:
        return candidates[0] if candidates else None
    # Moving the sample in -x brings what lies nearer to the base into the beam.
    from_base = sorted(candidates, key=lambda candidate: candidate.pose.x_mm)
    return from_base[item.position_in_pin - 1] if item.position_in_pin <= len(from_base) else None


def _mount(bl: Beamline, item: QueueItem) -> MsgGenerator[None]:
    try:
        yield from mount(bl, item.location)
    except SampleProblem as problem:
        yield from _robot_event("LOAD", item, 1, str(problem))
        raise
    yield from _robot_event("LOAD", item, 0, "mounted")


def _unmount(bl: Beamline, item: QueueItem) -> MsgGenerator[None]:
    done = yield from unmount(bl)
    yield from _robot_event("UNLOAD", item, 0, "unmounted" if done else "nothing was mounted")


def _robot_event(action: str, item: QueueItem, code: int, message: str) -> MsgGenerator[None]:
    yield from record(
        documents.ROBOT,
        {
            "robot_action": action,
            "robot_puck": item.location.puck,
            "robot_pin": item.location.pin,
            "robot_code": code,
            "robot_message": message,
        },
    )


def _phase(name: str, plan: MsgGenerator[T]) -> MsgGenerator[T]:
    """Run a plan between two events, so that its seconds can be read off the documents."""
    yield from _phase_event(name, "begin")
    result = yield from plan
    yield from _phase_event(name, "end")
    return result


def _phase_event(name: str, state: str) -> MsgGenerator[None]:
    yield from record(documents.PHASE, {"phase": name, "state": state})
