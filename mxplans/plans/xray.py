"""X-ray centring: two grids 90 degrees apart, one crystal position in three dimensions."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from bluesky import plan_stubs as bps
from bluesky import preprocessors as bpp
from bluesky.utils import MsgGenerator

from mxplans.centring import GridView, XrayCandidate, locate_crystals, score_frames
from mxplans.errors import LimitExceeded
from mxplans.geometry import GridPlan
from mxplans.model.acquisition import Pose, SpotRequest
from mxplans.model.experiments import CollectionSweep, Scan
from mxplans.plans import documents
from mxplans.plans.documents import ScanContext, grid_metadata, scan_metadata
from mxplans.plans.optical import OpticalCentre
from mxplans.plans.pausing import again_after_pauses
from mxplans.plans.record import record
from mxplans.plans.safe import make_safe
from mxplans.plans.scanning import acquisition_settings, arm, prepare_beam, scan
from mxplans.plans.viewing import move_to_pose
from mxplans.plans.waiting import MOVE_TIMEOUT_S, set_and_wait
from mxplans.profile import Collection, Limits, XrayCentring
from mxplans.roles import Beamline


@dataclass(frozen=True)
class XrayCentre:
    """What two grids found: candidates, best first, or why there are none."""

    candidates: tuple[XrayCandidate, ...]
    reason: str
    evidence: Mapping[str, float] = field(default_factory=dict)


def grid_scan(
    bl: Beamline,
    grid: GridPlan,
    settings: XrayCentring,
    collection: Collection,
    context: ScanContext | None = None,
    ordinal: int = 1,
    volume_scan_uuid: str | None = None,
) -> MsgGenerator[GridView]:
    """Scan a grid and score every box.

    Args:
        bl: The beamline.
        grid: Where, and how many boxes.
        settings: Exposure, transmission, aperture.
        collection: For the detector distance.
        context: The queue item it belongs to.
        ordinal: Its place among the scans of its experiment.
        volume_scan_uuid: The X-ray centring it belongs to.

    Returns:
        The scores with their grid.
    """
    context = context or ScanContext()
    yield from set_and_wait(MOVE_TIMEOUT_S, bl.detector_distance, collection.distance_mm)
    yield from prepare_beam(bl, settings.aperture, settings.transmission_frac)
    motion = grid.motion(settings.exposure_s)
    prefix = f"grid{ordinal}"
    acquisition = yield from acquisition_settings(bl, motion, context.sample_name, prefix)
    sweep = _mesh_sweep(grid, settings, prefix)
    part = Scan(scan_position_start=0.0, first_image_number=1, number_images=motion.number_images, ordinal=ordinal)
    metadata = scan_metadata(
        "grid",
        context,
        sweep,
        part,
        grid=grid_metadata(grid),
        volume_scan_uuid=volume_scan_uuid,
    )
    views: list[GridView] = []

    def score() -> MsgGenerator[None]:
        views.append((yield from score_grid(bl, grid, settings)))

    def armed() -> MsgGenerator[None]:
        yield from arm(bl, acquisition)
        yield from scan(bl, motion, metadata, score)

    yield from bpp.finalize_wrapper(armed(), lambda: make_safe(bl))
    return views[0]


def score_grid(bl: Beamline, grid: GridPlan, settings: XrayCentring) -> MsgGenerator[GridView]:
    """Score the boxes of a grid within its scan's run, when the motion is over."""
    yield from wait_for_spots(bl, grid.rows * grid.columns, settings.spots_timeout_s)
    view = score_frames(grid, bl.spot_finder.frames)
    yield from record(documents.GRID, {"grid_score": view.score, "grid_n_spots": view.n_spots})
    return view


def wait_for_spots(bl: Beamline, number_images: int, timeout_s: float) -> MsgGenerator[None]:
    """Ask the spot finder for the armed series and wait until every frame has its answer."""
    sequence_id = yield from bps.rd(bl.detector.sequence_id)
    file_base = None
    if hasattr(bl.detector, "file_base"):
        file_base = yield from bps.rd(bl.detector.file_base)
    request = SpotRequest(sequence_id=sequence_id, number_images=number_images, file_base=file_base)
    yield from set_and_wait(timeout_s, bl.spot_finder, request)


def xray_centring(
    bl: Beamline,
    optical: OpticalCentre,
    settings: XrayCentring,
    collection: Collection,
    context: ScanContext | None = None,
) -> MsgGenerator[XrayCentre]:
    """Scan the flat face and the edge of a loop, find the crystals. A pause takes the grid again that it interrupts.

    Args:
        bl: The beamline, with the loop centred optically.
        optical: Where the loop is and how large.
        settings: How to scan.
        collection: For the detector distance.
        context: The queue item it belongs to.

    Returns:
        Candidates, best first; none when neither grid shows diffraction.
    """
    volume_scan_uuid = str(uuid.uuid4())
    views = []
    for ordinal, (turn_deg, height_um) in enumerate(((0.0, optical.flat_um), (90.0, optical.edge_um)), start=1):
        pose = optical.pose.model_copy(update={"omega_deg": optical.pose.omega_deg + turn_deg})
        grid = GridPlan.covering(
            pose, _extent_um(optical.length_um, settings), _extent_um(height_um, settings), settings.step_um
        )
        scan_it = partial(grid_scan, bl, grid, settings, collection, context, ordinal, volume_scan_uuid)
        views.append((yield from again_after_pauses(scan_it)))
    found = locate_crystals(
        views,
        beam_size_um=(yield from bps.rd(bl.aperture.beam_size)),
        threshold=settings.significance_min,
        axis_offset_mm=optical.axis_offset_mm,
    )
    if context is not None and found.candidates:
        yield from record(documents.XRC_RESULT, found.candidates[0].values())
    return XrayCentre(found.candidates, found.reason, found.evidence)


def move_to_candidate(bl: Beamline, candidate: XrayCandidate, limits: Limits) -> MsgGenerator[None]:
    """Put a crystal into the beam.

    Raises:
        LimitExceeded: If that is further than centring may go; nothing has moved then.
    """
    furthest_mm = max(abs(value) for value in candidate.pose.xyz_mm)
    if furthest_mm > limits.centring_travel_mm:
        raise LimitExceeded(
            f"the crystal needs a move to {furthest_mm:.3f} mm; allowed are {limits.centring_travel_mm:g} mm: "
            "look at the grids, the pin may be bent"
        )
    yield from move_to_pose(bl, candidate.pose)


def _extent_um(loop_um: float, settings: XrayCentring) -> float:
    """Size of a grid over a loop of this size."""
    return min(max(loop_um + 2 * settings.margin_um, settings.grid_min_um), settings.grid_max_um)


def _mesh_sweep(grid: GridPlan, settings: XrayCentring, prefix: str) -> CollectionSweep:
    step_mm = grid.step_um / 1000
    pose: Pose = grid.centre
    return CollectionSweep(
        uuid=str(uuid.uuid4()),
        role="Centring",
        sweep_type="mesh",
        scan_axis="horizontal",
        exposure_time=settings.exposure_s,
        image_width=step_mm,
        number_images=grid.rows * grid.columns,
        number_lines=grid.rows,
        mesh_range=(grid.columns * step_mm, grid.rows * step_mm),
        transmission=settings.transmission_frac * 100,
        axis_positions_start={
            "omega": pose.omega_deg,
            "sampleX": pose.x_mm,
            "sampleY": pose.y_mm,
            "sampleZ": pose.z_mm,
        },
        prefix=prefix,
    )
