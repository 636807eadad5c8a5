"""What is left of an optical centring that failed: what was measured, and what the camera showed."""

from __future__ import annotations

from contextlib import suppress

from bluesky.utils import MsgGenerator

from mxplans.centring.failures import LoopNotFound, OpticalFailure
from mxplans.centring.testimony import testimony
from mxplans.errors import CameraFault, DeviceFault
from mxplans.plans import documents
from mxplans.plans.documents import ScanContext
from mxplans.plans.looking import QUARTER_DEG, Views, turn_by
from mxplans.plans.record import record
from mxplans.plans.viewing import keep_last_image, snapshot
from mxplans.roles import Beamline


def keep_evidence(bl: Beamline, found: LoopNotFound, views: Views, context: ScanContext) -> MsgGenerator[None]:
    """Record why there is no loop, what the detectors said, and pictures from two sides.

    Raises:
        CameraFault: If the camera shows nothing new any more; its last image is kept.
    """
    yield from record(documents.OPTICAL_FAILURE, {**found.values(), **testimony(views)})
    try:
        for side in (1, 2):
            yield from snapshot(bl, context, f"{_label(found)}-{side}")
            if side == 1:
                yield from turn_by(bl, QUARTER_DEG)
    except CameraFault:
        yield from _keep_last(bl, context, found)
        raise


def keep_fault(bl: Beamline, fault: CameraFault, context: ScanContext) -> MsgGenerator[None]:
    """Record that the camera shows nothing new, and what it showed last."""
    frozen = LoopNotFound(OpticalFailure.FROZEN, str(fault))
    yield from record(documents.OPTICAL_FAILURE, {**frozen.values(), **testimony(())})
    yield from _keep_last(bl, context, frozen)


def _keep_last(bl: Beamline, context: ScanContext, found: LoopNotFound) -> MsgGenerator[None]:
    """What a camera showed last that shows nothing new: there is no other picture to be had."""
    with suppress(DeviceFault):  # it has shown nothing at all
        yield from keep_last_image(bl, context, f"{_label(found)}-last")


def _label(found: LoopNotFound) -> str:
    return f"optical-{found.failure}".replace(" ", "-")
