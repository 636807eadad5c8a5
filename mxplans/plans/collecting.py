"""Collecting an experiment: its scans in their order, each in a run of its own, each written down when it is on disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from bluesky import preprocessors as bpp
from bluesky.utils import Msg, MsgGenerator

from mxplans.errors import InvalidInput
from mxplans.geometry import AxisLimits, GoniometerGeometry
from mxplans.model.acquisition import ScanMotion
from mxplans.model.experiments import Scan
from mxplans.model.sweeps import GRIDS, Position, Sweep
from mxplans.plans.documents import ScanContext, grid_metadata, scan_metadata
from mxplans.plans.exposing import Exposure
from mxplans.plans.kappa_places import FoundAt, check_places, found_here, place_for
from mxplans.plans.ledger import MemoryLedger, ScanLedger
from mxplans.plans.motion import grid_of, laid_grid, motion_of
from mxplans.plans.orienting import read_orientation
from mxplans.plans.pausing import ScanInterrupted, noticing_pauses
from mxplans.plans.preparing import check_axes, prepare_sweep, present_position
from mxplans.plans.safe import make_safe
from mxplans.plans.scanning import acquisition_settings, arm, scan
from mxplans.profile import Collection
from mxplans.roles import Beamline
from mxplans.schedule import ScheduledScan, arming_groups, remaining

Conclude = Callable[[Sweep, ScheduledScan, Position], MsgGenerator[None]]
"""A plan inside a scan's run, after its motion, while its files are being closed."""


@dataclass(frozen=True)
class Collecting:
    """How an experiment is collected.

    Attributes:
        settings: Aperture and detector distance of sweeps that name none.
        context: The queue item that the scans belong to.
        ledger: Remembers what is on disk.
        home: Where the sample stands, for sweeps that do not say; None asks the goniometer.
        positions: Of crystals, best first, for sweeps that name one by its number.
        first_ordinal: Scans of the experiment that came before, as those of X-ray centring.
        detector_radius_mm: For sweeps that ask for a resolution.
        images_per_arm_most: Images that the detector takes in one arming; None for any number.
        conclude: Runs at the end of each scan.
        geometry: Where the axes above omega are, so that home and positions hold at every kappa and phi.
        found: How the axes stood when home and positions were found; None: as they stand when collecting begins.
        limits: Of the axes.
    """

    settings: Collection
    context: ScanContext = field(default_factory=ScanContext)
    ledger: ScanLedger = field(default_factory=MemoryLedger)
    home: Position | None = None
    positions: Sequence[Position] = ()
    first_ordinal: int = 0
    detector_radius_mm: float | None = None
    images_per_arm_most: int | None = None
    conclude: Conclude | None = None
    geometry: GoniometerGeometry = field(default_factory=GoniometerGeometry)
    found: FoundAt | None = None
    limits: AxisLimits = field(default_factory=AxisLimits)


@dataclass(frozen=True)
class Collected:
    """What a collection came to.

    Attributes:
        scans: Taken now.
        flux_left_frac: The least flux after a scan over that before it; 1 where it did not fall or nobody says.
    """

    scans: int
    flux_left_frac: float


def collect(
    bl: Beamline, sweeps: Sequence[Sweep], scans: Sequence[ScheduledScan], how: Collecting
) -> MsgGenerator[Collected]:
    """Take all scans of an experiment that are not on disk yet.

    A pause within a scan gives that scan up and takes it again when the RunEngine goes on. An exception leaves what is
    committed, so that the next call takes the rest.

    Args:
        bl: The beamline, with the sample in the beam.
        sweeps: Of the experiment.
        scans: Their schedule.
        how: How.

    Returns:
        How many scans were taken now, and how low the beam came in one of them.

    Raises:
        LimitExceeded: If the goniometer lacks an axis, or cannot have a place in the orientation of a sweep; nothing has
            moved then.
        InvalidInput: If the ledger knows scans that are none of these, or a sweep names a crystal that is not there.
    """
    groups, homes, how = yield from _planned(bl, sweeps, scans, how)
    flux: list[float] = []
    for group in groups:
        index = group[0].sweep_index
        flux += yield from _take_group(bl, sweeps[index], group, homes[index], how)
    return Collected(len(flux), min([1.0, *flux]))


def check_places_of(
    bl: Beamline, sweeps: Sequence[Sweep], scans: Sequence[ScheduledScan], how: Collecting
) -> MsgGenerator[None]:
    """See that a goniometer with kappa can have the sample's place in the orientation of each sweep; nothing moves.

    Raises:
        LimitExceeded: If it cannot, or lacks an axis.
    """
    if getattr(bl.goniometer, "kappa", None) is not None:
        yield from _planned(bl, sweeps, scans, how)


Groups = tuple[tuple[ScheduledScan, ...], ...]


def _planned(
    bl: Beamline, sweeps: Sequence[Sweep], scans: Sequence[ScheduledScan], how: Collecting
) -> MsgGenerator[tuple[Groups, dict[int, Position], Collecting]]:
    """What is to be taken, where the sample is to stand by sweep, and how, once that is known to be possible."""
    check_axes(bl, sweeps)
    left = remaining(scans, how.ledger.committed(_owner(how)))
    home = how.home or (yield from present_position(bl))
    homes = {index: _home(sweep, home, how.positions) for index, sweep in enumerate(sweeps)}
    groups = arming_groups(left, sweeps, how.images_per_arm_most)
    if getattr(bl.goniometer, "kappa", None) is not None:
        found = how.found or (yield from found_here(bl))
        how = replace(how, found=found)
        check_places(bl, sweeps, groups, homes, how.geometry, found, how.limits)
    return groups, homes, how


def _take_group(
    bl: Beamline, sweep: Sweep, group: Sequence[ScheduledScan], home: Position, how: Collecting
) -> MsgGenerator[list[float]]:
    """Scans that share one armed series; after a pause those that are left, in a series of their own.

    Returns:
        The flux that was left by each.
    """
    flux: list[float] = []
    while len(flux) < len(group):
        yield Msg("checkpoint")
        armed = _armed_once(bl, sweep, group[len(flux) :], home, how, flux)
        try:
            yield from noticing_pauses(bpp.finalize_wrapper(armed, lambda: make_safe(bl)))
        except ScanInterrupted:
            continue
    return flux


def _armed_once(
    bl: Beamline, sweep: Sweep, group: Sequence[ScheduledScan], home: Position, how: Collecting, flux: list[float]
) -> MsgGenerator[None]:
    """Scans of one armed series; `flux` gets what was left by each when the ledger has it."""
    run = how.ledger.run_number(how.context.sample_name, sweep.prefix)
    name = f"{sweep.prefix}_{run}_{group[0].ordinal}"
    yield from prepare_sweep(bl, sweep, how.settings, how.detector_radius_mm)
    if how.found is not None:
        home = yield from place_for(bl, sweep, home, how.geometry, how.found)
    first = yield from _motion(bl, sweep, group[0], home, how)
    settings = yield from acquisition_settings(bl, first, how.context.folder(sweep.prefix), name, len(group))
    yield from arm(bl, settings)
    for part in group:
        left_frac = yield from _take(bl, sweep, part, home, how, name)
        flux.append(1.0 if left_frac is None else left_frac)
        yield Msg("checkpoint")


def _take(
    bl: Beamline, sweep: Sweep, part: ScheduledScan, home: Position, how: Collecting, name: str
) -> MsgGenerator[float | None]:
    """One scan in a run of its own, written down before and after."""
    metadata = scan_metadata(
        role_of(sweep), how.context, sweep.to_mxlims(), _as_mxlims(part, how), **_more(sweep, home)
    )
    how.ledger.begin_scan(_owner(how), part.key, part.ordinal, name)
    conclude = how.conclude
    motion = yield from _motion(bl, sweep, part, home, how)
    exposure = Exposure(sweep, part.number_images, how.context.beam_profile)
    result = yield from scan(
        bl, motion, metadata, None if conclude is None else lambda: conclude(sweep, part, home), exposure
    )
    how.ledger.commit(_owner(how), part.key, part.ordinal, result.run_uid, name)
    return result.flux_left_frac


def _motion(
    bl: Beamline, sweep: Sweep, part: ScheduledScan, home: Position, how: Collecting
) -> MsgGenerator[ScanMotion]:
    """The motors' motion of a scan. A grid lies as the camera sees it, wherever chi and phi of a smargon stand."""
    if sweep.sweep_type not in GRIDS:
        return motion_of(sweep, part, home)
    orientation = yield from read_orientation(bl)
    grid = laid_grid(sweep, home, how.geometry, orientation)
    return how.geometry.motors_of(grid.motion(sweep.exposure_s), orientation)


def role_of(sweep: Sweep) -> str:
    """Role of a sweep's runs in the documents."""
    return "grid" if sweep.sweep_type in GRIDS else "still" if sweep.sweep_type == "still" else "rotation"


def _owner(how: Collecting) -> str:
    return how.context.item_uid or "manual"


def _home(sweep: Sweep, home: Position, positions: Sequence[Position]) -> Position:
    """Where the sample is to stand for a sweep."""
    if sweep.start is not None or sweep.position is None:
        return sweep.start or home
    if sweep.position > len(positions):
        raise InvalidInput(
            f"sweep {sweep.prefix} wants crystal {sweep.position}, {len(positions)} were found; "
            "give it sampleX, sampleY and sampleZ, or leave it out"
        )
    return positions[sweep.position - 1]


def _as_mxlims(part: ScheduledScan, how: Collecting) -> Scan:
    return Scan(
        scan_position_start=part.start_deg,
        first_image_number=part.first_image,
        number_images=part.number_images,
        ordinal=how.first_ordinal + part.ordinal,
    )


def _more(sweep: Sweep, home: Position) -> dict[str, object]:
    """What the start document of a grid says besides."""
    if sweep.sweep_type not in GRIDS:
        return {}
    return {"grid": grid_metadata(grid_of(sweep, home))}
