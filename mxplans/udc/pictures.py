"""The pictures of the on-axis view that an experiment asks for."""

from __future__ import annotations

from bluesky.utils import MsgGenerator

from mxplans.model.item import QueueItem
from mxplans.plans.documents import ScanContext
from mxplans.plans.viewing import snapshots
from mxplans.plans.waiting import MOVE_TIMEOUT_S, set_and_wait, value_of
from mxplans.roles import Beamline
from mxplans.udc.settings import NightSettings


def pictures(bl: Beamline, item: QueueItem, settings: NightSettings, context: ScanContext) -> MsgGenerator[None]:
    """Keep as many pictures as an item asks for, as the sample stands.

    The first is seen from where its first sweep begins; without sweeps from where omega stands, and omega comes back.
    """
    number = item.experiment.snapshot_count
    if not number:
        return
    label, zoom = item.uuid[:8], settings.optical.zoom
    if item.asked:
        yield from snapshots(bl, zoom, context, number, item.asked[0].omega_start_deg, label)
        return
    omega_deg = yield from value_of(bl.goniometer.omega)
    yield from snapshots(bl, zoom, context, number, omega_deg, label)
    yield from set_and_wait(MOVE_TIMEOUT_S, bl.goniometer.omega, omega_deg)
