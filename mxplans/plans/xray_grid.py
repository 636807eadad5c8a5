"""One grid of X-ray centring: scanned in a run of its own, a score for each box."""

from __future__ import annotations

import uuid

from bluesky import plan_stubs as bps
from bluesky import preprocessors as bpp
from bluesky.utils import MsgGenerator

from mxplans.centring import GridView, score_frames
from mxplans.errors import DeviceFault
from mxplans.geometry import GoniometerGeometry, GridPlan, Orientation, motors_pose
from mxplans.model.acquisition import FrameSpots, Pose, SpotRequest
from mxplans.model.experiments import CollectionSweep, Scan
from mxplans.model.sweeps import Sweep
from mxplans.plans import documents
from mxplans.plans.analysing import analysed
from mxplans.plans.documents import ScanContext, grid_metadata, scan_metadata
from mxplans.plans.exposing import Exposure
from mxplans.plans.orienting import read_orientation
from mxplans.plans.record import record
from mxplans.plans.safe import make_safe
from mxplans.plans.scanning import acquisition_settings, arm, prepare_beam, scan
from mxplans.plans.waiting import MOVE_TIMEOUT_S, set_and_wait
from mxplans.profile import Collection, XrayCentring
from mxplans.roles import Beamline


def grid_scan(
    bl: Beamline,
    grid: GridPlan,
    settings: XrayCentring,
    collection: Collection,
    context: ScanContext | None = None,
    ordinal: int = 1,
    volume_scan_uuid: str | None = None,
    geometry: GoniometerGeometry | None = None,
) -> MsgGenerator[GridView]:
    """Scan a grid and score every box.

    Args:
        bl: The beamline.
        grid: Where, in the frame that turns with omega alone, and how many boxes.
        settings: Exposure, transmission, aperture.
        collection: For the detector distance.
        context: The queue item it belongs to.
        ordinal: Its place among the scans of its experiment.
        volume_scan_uuid: The X-ray centring it belongs to.
        geometry: Axes of the goniometer; None for one whose motors are of that frame.

    Returns:
        The scores with their grid.

    Raises:
        DeviceFault: If a device fails, or the spot finder's answers are no scores; the beamline is safe then.
    """
    context, geometry = context or ScanContext(), geometry or GoniometerGeometry()
    yield from set_and_wait(MOVE_TIMEOUT_S, bl.detector_distance, collection.distance_mm)
    yield from prepare_beam(bl, settings.aperture, settings.transmission_frac)
    orientation = yield from read_orientation(bl)
    motion = geometry.motors_of(grid.motion(settings.exposure_s), orientation)
    centre = motors_pose(geometry, grid.centre, orientation)
    prefix = f"grid{ordinal}"
    acquisition = yield from acquisition_settings(bl, motion, context.folder(prefix), prefix)
    metadata = scan_metadata(
        "grid",
        context,
        _mesh_sweep(grid, settings, prefix, centre, orientation),
        Scan(scan_position_start=0.0, first_image_number=1, number_images=motion.number_images, ordinal=ordinal),
        grid=grid_metadata(grid, centre),
        volume_scan_uuid=volume_scan_uuid,
    )
    views: list[GridView] = []

    def score() -> MsgGenerator[None]:
        views.append((yield from score_grid(bl, grid, settings)))

    def armed() -> MsgGenerator[None]:
        yield from arm(bl, acquisition)
        yield from scan(bl, motion, metadata, score, _exposure(grid, settings, context))

    yield from bpp.finalize_wrapper(armed(), lambda: make_safe(bl))
    return views[0]


def score_grid(bl: Beamline, grid: GridPlan, settings: XrayCentring) -> MsgGenerator[GridView]:
    """Score the boxes of a grid within its scan's run, when the motion is over.

    Raises:
        DeviceFault: If the spot finder fails, leaves out a box, or says what is no score.
    """
    number = grid.rows * grid.columns
    yield from wait_for_spots(bl, number, settings.spots_timeout_s)
    view = yield from analysed(f"scores of {number} boxes", _scored, bl.spot_finder.name, grid, bl.spot_finder.frames)
    yield from record(documents.GRID, {"grid_score": view.score, "grid_n_spots": view.n_spots})
    return view


def _scored(finder: str, grid: GridPlan, frames: tuple[FrameSpots, ...]) -> GridView:
    try:
        return score_frames(grid, frames)
    except ValueError as error:
        raise DeviceFault(
            f"{finder}: no scores for a grid of {grid.rows} x {grid.columns} boxes: {error}; its frames are on disk"
        ) from error


def wait_for_spots(bl: Beamline, number_images: int, timeout_s: float) -> MsgGenerator[None]:
    """Ask the spot finder for the armed series and wait until every frame has its answer."""
    sequence_id = yield from bps.rd(bl.detector.sequence_id)
    file_base = yield from read_file_base(bl)
    request = SpotRequest(sequence_id=sequence_id, number_images=number_images, file_base=file_base)
    yield from set_and_wait(timeout_s, bl.spot_finder, request)


def read_file_base(bl: Beamline) -> MsgGenerator[str | None]:
    """Path of the last armed series under the detector's data folder; None where it has no files."""
    if not hasattr(bl.detector, "file_base"):
        return None
    file_base: str = yield from bps.rd(bl.detector.file_base)
    return file_base


def _exposure(grid: GridPlan, settings: XrayCentring, context: ScanContext) -> Exposure:
    """All boxes, as a sweep that says how the sample moves through the beam."""
    along_um, across_um = grid.step_um, grid.row_step_um
    sweep = Sweep(
        sweep_type="mesh",
        number_images=grid.rows * grid.columns,
        number_lines=grid.columns if grid.vertical else grid.rows,
        step_um=across_um if grid.vertical else along_um,
        line_step_um=along_um if grid.vertical else across_um,
        vertical=grid.vertical,
        exposure_s=settings.exposure_s,
    )
    return Exposure(sweep, sweep.number_images, context.beam_profile)


def _mesh_sweep(
    grid: GridPlan, settings: XrayCentring, prefix: str, centre: Pose, orientation: Orientation
) -> CollectionSweep:
    step_mm, row_step_mm = grid.step_um / 1000, grid.row_step_um / 1000
    above = {name.removesuffix("_deg"): value for name, value in orientation.model_dump().items() if value}
    return CollectionSweep(
        uuid=str(uuid.uuid4()),
        role="Centring",
        sweep_type="mesh",
        scan_axis="vertical" if grid.vertical else "horizontal",
        exposure_time=settings.exposure_s,
        image_width=row_step_mm if grid.vertical else step_mm,
        number_images=grid.rows * grid.columns,
        number_lines=grid.columns if grid.vertical else grid.rows,
        mesh_range=(grid.columns * step_mm, grid.rows * row_step_mm),
        transmission=settings.transmission_frac * 100,
        axis_positions_start={
            "omega": centre.omega_deg,
            "sampleX": centre.x_mm,
            "sampleY": centre.y_mm,
            "sampleZ": centre.z_mm,
            **above,
        },
        prefix=prefix,
    )
