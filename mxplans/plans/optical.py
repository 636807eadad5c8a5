"""Optical centring: the loop's tip and shape from on-axis images over a full turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from bluesky import plan_stubs as bps
from bluesky.utils import MsgGenerator

from mxplans.centring import LoopCentred, LoopNotFound, LoopView, find_silhouette, locate_loop, saturated_frac
from mxplans.centring.silhouette import SATURATED_MAX_FRAC
from mxplans.geometry import Camera
from mxplans.model.acquisition import Pose
from mxplans.plans import documents
from mxplans.plans.documents import ScanContext
from mxplans.plans.record import record
from mxplans.plans.waiting import MOVE_TIMEOUT_S, set_and_wait, trigger_and_wait
from mxplans.profile import OpticalCentring
from mxplans.roles import BacklightState, Beamline, ShutterState

Image = npt.NDArray[np.uint8]
CAMERA_TIMEOUT_S = 20.0
LOOKS_MAX = 3


@dataclass(frozen=True)
class OpticalCentre:
    """The loop, centred.

    Attributes:
        pose: Motor positions that put the loop's centre into the beam; omega shows its flat face.
        length_um: Along the omega axis.
        flat_um: Across, seen on the flat face.
        edge_um: Across, seen on the edge.
        axis_offset_mm: Height of the beam below the omega axis.
    """

    pose: Pose
    length_um: float
    flat_um: float
    edge_um: float
    axis_offset_mm: float = 0.0


@dataclass(frozen=True)
class NoOpticalCentre:
    """Why there is none; `empty` when nothing was seen at all."""

    empty: bool
    reason: str
    evidence: Mapping[str, float] = field(default_factory=dict)


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
    """One new image of the on-axis viewer, (height, width)."""
    yield from trigger_and_wait(bl.viewer, CAMERA_TIMEOUT_S)
    frame: Image = yield from bps.rd(bl.viewer.frame)
    return frame


def take_background(bl: Beamline, settings: OpticalCentring) -> MsgGenerator[Image]:
    """The image without a sample, for `optical_centring`; the goniometer must be empty."""
    yield from light_up(bl, settings.zoom)
    return (yield from take_image(bl))


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


def move_to_pose(bl: Beamline, pose: Pose) -> MsgGenerator[None]:
    """All four axes at the same time."""
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
    )


def look_around(
    bl: Beamline, settings: OpticalCentring, background: Image | None
) -> MsgGenerator[tuple[LoopView, ...] | LoopNotFound]:
    """Silhouettes at equal steps over a full turn, at the present translation; none from images that tell nothing."""
    camera = yield from read_camera(bl)
    views = []
    for index in range(settings.angles):
        yield from set_and_wait(MOVE_TIMEOUT_S, bl.goniometer.omega, index * 360.0 / settings.angles)
        image = yield from take_image(bl)
        if (full := saturated_frac(image)) > SATURATED_MAX_FRAC:
            return LoopNotFound(
                False,
                f"{full:.0%} of the on-axis image is saturated, at most {SATURATED_MAX_FRAC:.0%} are allowed; turn the "
                "light or the gain down",
                {"saturated_frac": full},
            )
        pose = yield from read_pose(bl)
        views.append(
            LoopView(pose=pose, camera=camera, silhouette=find_silhouette(image, camera.um_per_px, background))
        )
    return tuple(views)


def _find_loop(
    bl: Beamline, settings: OpticalCentring, background: Image | None
) -> MsgGenerator[LoopCentred | LoopNotFound]:
    """Look around; while the loop reaches beyond the image, move it in and look again."""
    for _ in range(LOOKS_MAX):
        views = yield from look_around(bl, settings, background)
        found = views if isinstance(views, LoopNotFound) else locate_loop(views)
        if not isinstance(found, LoopCentred) or found.tip_in_image:
            return found
        yield from set_and_wait(MOVE_TIMEOUT_S, bl.goniometer.x, found.tip_x_mm)
    return LoopNotFound(
        False,
        f"the loop reached beyond the image in {LOOKS_MAX} looks; it is too long or its pin is",
        {"looks": LOOKS_MAX},
    )


def optical_centring(
    bl: Beamline,
    settings: OpticalCentring,
    background: Image | None = None,
    context: ScanContext | None = None,
) -> MsgGenerator[OpticalCentre | NoOpticalCentre]:
    """Find the loop, centre it, turn its flat face to the camera, keep an image.

    Args:
        bl: The beamline, with a pin mounted.
        settings: Zoom and number of angles.
        background: An image without a sample; without one a smooth background is fitted to each image.
        context: The queue item; with one, results are recorded in the open run.

    Returns:
        The centre, or why there is none.
    """
    yield from light_up(bl, settings.zoom)
    found = yield from _find_loop(bl, settings, background)
    if not isinstance(found, LoopCentred):
        if context is not None:
            yield from _snapshot(bl, context, "optical")
        return NoOpticalCentre(found.empty, found.reason, found.evidence)
    centre = OpticalCentre(found.pose, found.length_um, found.flat_um, found.edge_um, found.axis_offset_mm)
    yield from move_to_pose(bl, centre.pose)
    if context is not None:
        yield from record(documents.OPTICAL, found.values())
        yield from _snapshot(bl, context, "optical")
    return centre


def _snapshot(bl: Beamline, context: ScanContext, label: str) -> MsgGenerator[None]:
    """Keep the present view as a file, with the beam's place marked as the centred point."""
    yield from take_image(bl)
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
        yield from _snapshot(bl, context, f"{label}-{index + 1}")
