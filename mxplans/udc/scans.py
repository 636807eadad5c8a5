"""The scans of an item on its sample: which crystal, which scans, and what they came to."""

from __future__ import annotations

from functools import partial

from bluesky.utils import MsgGenerator

from mxplans.centring import XrayCandidate
from mxplans.errors import LimitExceeded
from mxplans.geometry import REST, AxisLimits, GoniometerGeometry
from mxplans.model.extensions import Centring, Kind
from mxplans.model.item import QueueItem
from mxplans.model.sweeps import GRIDS, Position, Sweep
from mxplans.plans.collecting import Collecting, check_places_of, collect
from mxplans.plans.documents import ScanContext
from mxplans.plans.kappa_places import FoundAt, place_at
from mxplans.plans.ledger import ScanLedger
from mxplans.plans.motion import laid_grid
from mxplans.plans.orienting import read_orientation
from mxplans.plans.pausing import again_after_pauses
from mxplans.plans.preparing import move_to_position, present_position
from mxplans.plans.viewing import move_to_pose
from mxplans.plans.xray import crystal_for, move_to_candidate
from mxplans.plans.xray_grid import score_grid
from mxplans.plans.xray_told import tell_crystals
from mxplans.roles import Beamline
from mxplans.schedule import ScheduledScan, schedule_item
from mxplans.udc.bring_in import centring_of, turn_back
from mxplans.udc.grids import GridLedger, locate
from mxplans.udc.phases import phase
from mxplans.udc.pictures import pictures
from mxplans.udc.positions import no_crystal, too_far
from mxplans.udc.sample import MountedSample
from mxplans.udc.settings import NightSettings
from mxplans.udc.verdicts import Outcome, Verdict

WEAK_FRAC = 0.7
"""Less than any top-up or drift takes away within a scan, more than a dump leaves."""


def collect_scans(
    bl: Beamline,
    item: QueueItem,
    settings: NightSettings,
    sample: MountedSample,
    ledger: ScanLedger,
    context: ScanContext,
    scans_before: int,
) -> MsgGenerator[Outcome]:
    """Take an item's scans where its crystal stands.

    Args:
        bl: The beamline, with the sample in the beam.
        item: What to collect.
        settings: How to work.
        sample: What is known of the sample.
        ledger: Remembers which scans are on disk.
        context: The item's outer run.
        scans_before: Scans that its centring took in this run.
    """
    on_crystal = centring_of(item) is Centring.XRAY and item.kind is not Kind.XRAY_CENTRING
    crystal = crystal_for(item.position_in_pin, sample.crystals) if on_crystal else None
    if on_crystal and not scans_before:
        yield from tell_crystals(sample.crystals, crystal)
    if on_crystal and crystal is None:
        return no_crystal(item, sample)
    candidate = crystal.candidate if crystal is not None else None
    try:
        home = yield from _into_place(bl, item, candidate, settings, sample, ledger)
    except LimitExceeded as beyond:
        return too_far(beyond)
    scans = schedule_item(item)
    if not ledger.committed(item.uuid):
        yield from again_after_pauses(partial(pictures, bl, item, settings, context))
    how = _how(bl, item, settings, sample, ledger, context, scans_before, home)
    try:
        yield from check_places_of(bl, item.asked, scans, how)
    except LimitExceeded as beyond:
        return too_far(beyond)
    collected = yield from phase("collect", collect(bl, item.asked, scans, how))
    if home is not None and not _stays(item, home):
        # What comes next on this sample may ask for no centring either.
        place = place_at(how.geometry, home, FoundAt(), (yield from read_orientation(bl)))
        yield from again_after_pauses(partial(move_to_position, bl, place))
    if item.kind is Kind.XRAY_CENTRING:
        return (yield from locate(bl, item, [sample.views[scan.key] for scan in scans], settings, sample))
    return _collected(item, len(scans), collected.flux_left_frac, candidate)


def _how(
    bl: Beamline,
    item: QueueItem,
    settings: NightSettings,
    sample: MountedSample,
    ledger: ScanLedger,
    context: ScanContext,
    scans_before: int,
    home: Position | None,
) -> Collecting:
    """How an item's scans are collected; the scores of its grids go to what is known of the sample."""

    def conclude(sweep: Sweep, part: ScheduledScan, home: Position) -> MsgGenerator[None]:
        if sweep.sweep_type in GRIDS and item.kind is not Kind.RASTER:
            grid = laid_grid(sweep, home, settings.goniometer, (yield from read_orientation(bl)))
            sample.views[part.key] = yield from score_grid(bl, grid, settings.xray)

    return Collecting(
        settings=settings.collection,
        context=context,
        ledger=GridLedger(ledger, sample.views) if item.kind is Kind.XRAY_CENTRING else ledger,
        home=home,
        positions=_positions(settings, sample, at_rest=home is not None),
        first_ordinal=scans_before,
        detector_radius_mm=settings.limits.detector_radius_mm,
        images_per_arm_most=settings.limits.images_per_arm_most,
        conclude=conclude,
        geometry=_geometry(settings, sample),
        found=None if home is None else FoundAt(),
        limits=AxisLimits.of(settings.limits),
    )


def _stays(item: QueueItem, home: Position) -> bool:
    """Whether nothing that an item asks for moves the sample from where it stands, but omega."""
    return all(
        sweep.sweep_type not in GRIDS
        and sweep.end is None
        and sweep.position is None
        and sweep.start in (None, home)
        and sweep.orientation == (None, None, None)
        for sweep in item.asked
    )


def _into_place(
    bl: Beamline,
    item: QueueItem,
    candidate: XrayCandidate | None,
    settings: NightSettings,
    sample: MountedSample,
    ledger: ScanLedger,
) -> MsgGenerator[Position | None]:
    """Bring the sample from where a scan before has left it to where it was found.

    Returns:
        Where it stood when an item that wants no centring first began, as motors with the axes above omega at 0; None
        where centring decides.
    """
    if centring_of(item) is not Centring.NONE:
        yield from turn_back(bl, sample)
    if candidate is not None:
        yield from again_after_pauses(partial(move_to_candidate, bl, candidate, settings.limits))
    elif centring_of(item) is Centring.NONE:
        here = FoundAt((yield from read_orientation(bl)))
        present = yield from present_position(bl)
        return ledger.home(item.uuid, place_at(_geometry(settings, sample), present, here, REST))
    elif sample.optical is not None:
        yield from again_after_pauses(partial(move_to_pose, bl, sample.optical.pose))
    return None


def _geometry(settings: NightSettings, sample: MountedSample) -> GoniometerGeometry:
    """The goniometer's, with the beam where light has last found it."""
    if sample.optical is None:
        return settings.goniometer
    return settings.goniometer.model_copy(update={"axis_offset_mm": sample.optical.axis_offset_mm})


def _collected(item: QueueItem, scans: int, left_frac: float, candidate: XrayCandidate | None) -> Outcome:
    images = item.number_images
    weak = (
        f"; the beam fell to {left_frac:.0%} of its flux within a scan: look at its images"
        if left_frac < WEAK_FRAC
        else ""
    )
    found = {"significance": candidate.significance} if candidate is not None else {}
    return Outcome(
        verdict=Verdict.COLLECTED,
        reason=f"{images} images in {scans} scans{weak}",
        evidence={"images": images, "scans": scans, "flux_left_frac": left_frac, **found},
    )


def _positions(settings: NightSettings, sample: MountedSample, at_rest: bool) -> list[Position]:
    """Motors that have the crystals in the beam, in the orientation in which they were found or with all axes at 0."""
    found_at = sample.found_at or REST
    found = []
    for candidate in sample.candidates:
        x_mm, y_mm, z_mm = candidate.pose.xyz_mm
        place = Position(x_mm=x_mm, y_mm=y_mm, z_mm=z_mm)
        here = FoundAt(found_at, candidate.pose.omega_deg)
        found.append(place_at(_geometry(settings, sample), place, here, REST) if at_rest else place)
    return found
