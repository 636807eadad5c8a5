"""Looking at the sample: light, pictures, where the goniometer stands, moving it, keeping pictures."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from bluesky import plan_stubs as bps
from bluesky.utils import MsgGenerator

from mxplans.errors import CameraFault, DeviceFault
from mxplans.geometry import Camera
from mxplans.model.acquisition import Pose
from mxplans.plans import documents
from mxplans.plans.documents import ScanContext
from mxplans.plans.record import record
from mxplans.plans.waiting import MOVE_TIMEOUT_S, set_and_wait, trigger_and_wait
from mxplans.roles import BacklightState, Beamline, ShutterState

Image = npt.NDArray[np.uint8]
CAMERA_TIMEOUT_S = 20.0


def light_up(bl: Beamline, zoom: str) -> MsgGenerator[None]:
    """Shutter closed, backlight in, zoom as asked."""
    yield from set_and_wait(
        MOVE_TIMEOUT_S,
        bl.fast_shutter,
        ShutterState.CLOSED,
        bl.backlight,
        BacklightState.IN,
        bl.viewer.zoom,
        zoom,
    )


def take_image(bl: Beamline) -> MsgGenerator[Image]:
    """One new image of the on-axis viewer, (height, width).

    Raises:
        CameraFault: If the camera gives none.
    """
    try:
        yield from trigger_and_wait(bl.viewer, CAMERA_TIMEOUT_S)
    except DeviceFault as fault:
        raise CameraFault(str(fault)) from fault
    frame: Image = yield from bps.rd(bl.viewer.frame)
    return frame


def read_camera(bl: Beamline) -> MsgGenerator[Camera]:
    """Scale and beam position at the present zoom."""
    return Camera(
        um_per_px=(yield from bps.rd(bl.viewer.um_per_px)),
        beam_x_px=(yield from bps.rd(bl.viewer.beam_x_px)),
        beam_y_px=(yield from bps.rd(bl.viewer.beam_y_px)),
    )


def read_pose(bl: Beamline) -> MsgGenerator[Pose]:
    """Where the goniometer stands."""
    gonio = bl.goniometer
    return Pose(
        x_mm=(yield from bps.rd(gonio.x)),
        y_mm=(yield from bps.rd(gonio.y)),
        z_mm=(yield from bps.rd(gonio.z)),
        omega_deg=(yield from bps.rd(gonio.omega)),
    )


def move_to_pose(bl: Beamline, pose: Pose, zoom: str | None = None) -> MsgGenerator[None]:
    """All four axes at the same time, and the zoom with them where one is given."""
    gonio = bl.goniometer
    yield from set_and_wait(
        MOVE_TIMEOUT_S,
        gonio.x,
        pose.x_mm,
        gonio.y,
        pose.y_mm,
        gonio.z,
        pose.z_mm,
        gonio.omega,
        pose.omega_deg,
        *(() if zoom is None else (bl.viewer.zoom, zoom)),
    )


def snapshot(bl: Beamline, context: ScanContext, label: str) -> MsgGenerator[None]:
    """Keep the present view as a file, with the beam's place marked as the centred point."""
    yield from take_image(bl)
    yield from keep_last_image(bl, context, label)


def keep_last_image(bl: Beamline, context: ScanContext, label: str) -> MsgGenerator[None]:
    """Keep the image that was taken last, as `snapshot` does."""
    path = f"snapshots/{context.sample_name}_{label}.png"
    yield from set_and_wait(CAMERA_TIMEOUT_S, bl.viewer.snapshot_file, path)
    camera = yield from read_camera(bl)
    omega_deg = yield from bps.rd(bl.goniometer.omega)
    values: dict[str, str | float] = {
        "snapshot_label": label,
        "snapshot_omega_deg": float(omega_deg),
        "snapshot_point_x_px": float(camera.beam_x_px),
        "snapshot_point_y_px": float(camera.beam_y_px),
    }
    yield from record(documents.SNAPSHOT, values, bl.viewer)


def snapshots(
    bl: Beamline, zoom: str, context: ScanContext, number: int, omega_deg: float, label: str
) -> MsgGenerator[None]:
    """Keep pictures from several sides, the backlight in.

    Args:
        bl: The beamline, with the sample in the beam.
        zoom: Level of the viewer.
        context: Whose sample it is.
        number: Of pictures; quarter turns apart, closer where there are more than four.
        omega_deg: Of the first.
        label: Of the files, which are numbered.
    """
    yield from light_up(bl, zoom)
    for index in range(number):
        yield from set_and_wait(MOVE_TIMEOUT_S, bl.goniometer.omega, omega_deg + index * min(90.0, 360.0 / number))
        yield from snapshot(bl, context, f"{label}-{index + 1}")
