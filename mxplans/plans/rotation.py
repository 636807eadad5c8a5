"""Rotation data collection at the present position of the sample."""

from __future__ import annotations

import uuid

from bluesky import plan_stubs as bps
from bluesky.utils import MsgGenerator

from mxplans.errors import LimitExceeded
from mxplans.model.acquisition import Pose, ScanMotion
from mxplans.model.experiments import Scan
from mxplans.model.sweeps import Sweep
from mxplans.plans.documents import ScanContext, scan_metadata
from mxplans.plans.scanning import acquisition_settings, prepare_beam, scan
from mxplans.plans.waiting import MOVE_TIMEOUT_S, set_and_wait
from mxplans.profile import Collection, Limits
from mxplans.roles import Beamline


def check_sweep(sweep: Sweep, limits: Limits) -> None:
    """Compare a sweep with what the beamline can do, before anything moves.

    Raises:
        LimitExceeded: If omega would turn too fast or the detector take frames too quickly.
    """
    if sweep.exposure_s < limits.frame_time_min_s:
        raise LimitExceeded(
            f"exposure of {sweep.exposure_s:g} s an image; the detector allows {limits.frame_time_min_s:g} s or more: "
            "expose longer"
        )
    if sweep.speed_deg_s > limits.omega_speed_deg_s:
        slowest_s = sweep.image_width_deg / limits.omega_speed_deg_s
        raise LimitExceeded(
            f"omega at {sweep.speed_deg_s:g} deg/s; allowed are {limits.omega_speed_deg_s:g} deg/s or less: "
            f"expose {slowest_s:g} s or longer, or take narrower images"
        )


def rotation(
    bl: Beamline,
    sweep: Sweep,
    settings: Collection,
    limits: Limits,
    context: ScanContext | None = None,
    ordinal: int = 1,
) -> MsgGenerator[str]:
    """Collect one sweep where the sample stands.

    Args:
        bl: The beamline.
        sweep: What to collect.
        settings: Aperture and detector distance.
        limits: Checked before anything moves.
        context: The queue item it belongs to.
        ordinal: Its place among the scans of its experiment.

    Returns:
        The uid of its run.

    Raises:
        LimitExceeded: If the sweep asks for too much.
    """
    check_sweep(sweep, limits)
    context = context or ScanContext()
    if sweep.uuid is None:
        sweep = sweep.model_copy(update={"uuid": str(uuid.uuid4())})
    yield from set_and_wait(MOVE_TIMEOUT_S, bl.detector_distance, settings.distance_mm)
    yield from prepare_beam(bl, settings.aperture, sweep.transmission_frac)
    gonio = bl.goniometer
    pose = Pose(
        x_mm=(yield from bps.rd(gonio.x)),
        y_mm=(yield from bps.rd(gonio.y)),
        z_mm=(yield from bps.rd(gonio.z)),
        omega_deg=sweep.omega_start_deg,
    )
    motion = ScanMotion(
        start=pose,
        step_omega_deg=sweep.image_width_deg,
        images_per_row=sweep.number_images,
        exposure_s=sweep.exposure_s,
    )
    acquisition = yield from acquisition_settings(bl, motion, context.sample_name, sweep.prefix)
    part = Scan(
        scan_position_start=sweep.omega_start_deg,
        first_image_number=1,
        number_images=sweep.number_images,
        ordinal=ordinal,
    )
    metadata = scan_metadata("rotation", context, sweep.to_mxlims(), part)
    return (yield from scan(bl, motion, acquisition, metadata))
