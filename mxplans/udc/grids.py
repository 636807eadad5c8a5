"""X-ray centring as an experiment of its own: grids count as long as their views are remembered, and say where crystals are.

The scores of a grid live in memory only. A grid that is on disk but was taken by another process, or before the pin was
last mounted, says nothing here: it is taken again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial

from bluesky import plan_stubs as bps
from bluesky.utils import MsgGenerator

from mxplans.centring import GridView, locate_crystals
from mxplans.errors import LimitExceeded
from mxplans.model.item import QueueItem
from mxplans.model.sweeps import Position, ScanKey
from mxplans.plans.analysing import analysed
from mxplans.plans.ledger import ScanLedger
from mxplans.plans.orienting import read_orientation, same_orientation
from mxplans.plans.pausing import again_after_pauses
from mxplans.plans.xray import crystal_for, kept_of, move_to_candidate
from mxplans.plans.xray_told import crystals_told, tell_crystals, tell_lines
from mxplans.roles import Beamline
from mxplans.udc.positions import no_crystal, on_pin, too_far
from mxplans.udc.sample import MountedSample
from mxplans.udc.settings import NightSettings
from mxplans.udc.verdicts import Outcome, Verdict


@dataclass(frozen=True)
class GridLedger:
    """A ledger to which a scan without a view is not done.

    What is committed stays as it is: a grid that is taken again is not written down a second time.

    Attributes:
        ledger: What was really done.
        remembered: Scans whose views are at hand; may change while scans are taken.
    """

    ledger: ScanLedger
    remembered: Collection[ScanKey]

    def committed(self, item_uuid: str) -> frozenset[ScanKey]:
        """Scans that are done and remembered."""
        return frozenset(key for key in self.ledger.committed(item_uuid) if key in self.remembered)

    def begin_scan(self, item_uuid: str, key: ScanKey, ordinal: int, file_base: str) -> None:
        """A scan is about to be exposed."""
        if key not in self.ledger.committed(item_uuid):
            self.ledger.begin_scan(item_uuid, key, ordinal, file_base)

    def commit(self, item_uuid: str, key: ScanKey, ordinal: int, run_uid: str, file_base: str) -> None:
        """A scan is on disk."""
        if key not in self.ledger.committed(item_uuid):
            self.ledger.commit(item_uuid, key, ordinal, run_uid, file_base)

    def home(self, item_uuid: str, position: Position) -> Position:
        """Where the sample stood first."""
        return self.ledger.home(item_uuid, position)

    def run_number(self, directory: str, prefix: str) -> int:
        """The next number."""
        return self.ledger.run_number(directory, prefix)


def locate(
    bl: Beamline, item: QueueItem, views: Sequence[GridView], settings: NightSettings, sample: MountedSample
) -> MsgGenerator[Outcome]:
    """What two grids show; the best crystal stands in the beam then, of a multi-position pin that of the item's position."""
    beam_size_um = yield from bps.rd(bl.aperture.beam_size)
    offset_mm = sample.optical.axis_offset_mm if sample.optical else 0.0
    found = yield from analysed(
        f"crystals in {len(views)} grids",
        locate_crystals,
        tuple(views),
        beam_size_um,
        settings.xray.significance_min,
        offset_mm,
    )
    here = yield from read_orientation(bl)
    geometry = settings.goniometer.model_copy(update={"axis_offset_mm": offset_mm})
    pin = on_pin(item, sample.optical, settings.xray.pin_positions, geometry, sample.found_at or here)
    crystals = crystals_told(found, views, geometry, here, pin.layout if pin else None)
    sample.crystals = kept_of(crystals, settings.xray.crystals_most)
    best = crystal_for(item.position_in_pin, sample.crystals)
    yield from tell_crystals(crystals, best)
    yield from tell_lines(found.unpaired, geometry, here)
    if not crystals:
        return Outcome(verdict=Verdict.NO_DIFFRACTION, reason=found.reason, evidence=found.evidence)
    sample.outcome = None
    if sample.found_at is not None and not same_orientation(sample.found_at, here):
        sample.optical = None  # it is of another orientation than the crystals, and quickly had again
    sample.found_at = here
    if best is None:
        return no_crystal(item, sample)
    try:
        yield from again_after_pauses(partial(move_to_candidate, bl, best.candidate, settings.limits))
    except LimitExceeded as beyond:
        return too_far(beyond, found.evidence)
    return Outcome(verdict=Verdict.DONE, reason=found.reason, evidence=found.evidence)
