"""Collecting data where the sample stands; every image is a frame on disk, every scan a run."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from bluesky.utils import MsgGenerator

from mxplans.app.ipython.desk import Desk, OneSweep
from mxplans.app.ipython.stand_in import is_there
from mxplans.model.sweeps import GRIDS, Position, Sweep
from mxplans.plans.collecting import Collected, Collecting, collect
from mxplans.plans.motion import laid_grid
from mxplans.plans.orienting import read_orientation
from mxplans.plans.xray_grid import score_grid
from mxplans.roles import Beamline
from mxplans.schedule import ScheduledScan, require_within, schedule

Place = tuple[float, float, float]


def sweep(desk: Desk, bl: Beamline, sweep: Sweep, wedge_images: int | None = None) -> MsgGenerator[Collected]:
    """Collect any sweep, also one that the other plans of this group have no arguments for.

    Args:
        desk: The session's.
        bl: The beamline.
        sweep: A mxplans.model.Sweep.
        wedge_images: Images of one scan; None takes all of them in one.

    Returns:
        How many scans were taken, and how low the beam came.

    Raises:
        LimitExceeded: If it asks for more than the beamline can do; nothing has moved then.

    Example:
        RE(collect.sweep(Sweep(number_images=10, image_width_deg=0.1, exposure_s=0.02, kappa_deg=20)))
    """
    settings = desk.settings
    asked = sweep if sweep.uuid else sweep.model_copy(update={"uuid": str(uuid.uuid4())})
    require_within((asked,), settings.limits)
    how = Collecting(
        settings.collection,
        desk.context,
        OneSweep(desk.ledger),
        detector_radius_mm=settings.limits.detector_radius_mm,
        images_per_arm_most=settings.limits.images_per_arm_most,
        conclude=partial(_scores, desk, bl),
        geometry=settings.goniometer,
        limits=desk.limits,
    )
    return (yield from collect(bl, (asked,), schedule((asked,), wedge_images, ""), how))


def rotation(
    desk: Desk,
    bl: Beamline,
    number_images: int,
    image_width_deg: float,
    exposure_s: float,
    omega_start_deg: float = 0.0,
    transmission_frac: float = 1.0,
    energy_ev: float | None = None,
    distance_mm: float | None = None,
    resolution_a: float | None = None,
    aperture: str | None = None,
    kappa_deg: float | None = None,
    chi_deg: float | None = None,
    phi_deg: float | None = None,
    wedge_images: int | None = None,
    prefix: str = "rotation",
) -> MsgGenerator[Collected]:
    """Collect images while omega turns. What is None stays as it is; aperture and distance are then the profile's.

    Args:
        desk: The session's.
        bl: The beamline.
        number_images: How many.
        image_width_deg: Rotation per image.
        exposure_s: Per image.
        omega_start_deg: Where the first image begins.
        transmission_frac: Of the beam.
        energy_ev: Of the photons.
        distance_mm: Of the detector; or give a resolution.
        resolution_a: At the detector's edge; or give a distance.
        aperture: Name of a size.
        kappa_deg: Where the goniometer has kappa.
        chi_deg: Where it has chi.
        phi_deg: Where it has phi.
        wedge_images: Images of one scan; None takes all of them in one.
        prefix: Of the files.

    Returns:
        How many scans were taken, and how low the beam came.

    Example:
        RE(collect.rotation(number_images=900, image_width_deg=0.2, exposure_s=0.02))
    """
    asked: dict[str, Any] = {"number_images": number_images, "image_width_deg": image_width_deg, "prefix": prefix}
    asked |= {"exposure_s": exposure_s, "transmission_frac": transmission_frac, "energy_ev": energy_ev}
    asked |= {"omega_start_deg": omega_start_deg, "kappa_deg": kappa_deg, "chi_deg": chi_deg, "phi_deg": phi_deg}
    asked |= {"distance_mm": distance_mm, "resolution_a": resolution_a, "aperture": aperture}
    return (yield from sweep(desk, bl, Sweep(**asked), wedge_images))


def helical(
    desk: Desk,
    bl: Beamline,
    start_mm: Place,
    end_mm: Place,
    number_images: int,
    image_width_deg: float,
    exposure_s: float,
    omega_start_deg: float = 0.0,
    transmission_frac: float = 1.0,
    prefix: str = "helical",
) -> MsgGenerator[Collected]:
    """Collect images while omega turns and the sample moves along a line.

    Args:
        desk: The session's.
        bl: The beamline.
        start_mm: Goniometer x, y, z of the first image.
        end_mm: Goniometer x, y, z of the last image's end.
        number_images: How many.
        image_width_deg: Rotation per image.
        exposure_s: Per image.
        omega_start_deg: Where the first image begins.
        transmission_frac: Of the beam.
        prefix: Of the files.

    Returns:
        How many scans were taken, and how low the beam came.

    Example:
        RE(collect.helical((0, 0, 0), (0.1, 0, 0), number_images=100, image_width_deg=0.2, exposure_s=0.02))
    """
    asked = Sweep(
        sweep_type="helical",
        start=_position(start_mm),
        end=_position(end_mm),
        number_images=number_images,
        image_width_deg=image_width_deg,
        exposure_s=exposure_s,
        omega_start_deg=omega_start_deg,
        transmission_frac=transmission_frac,
        prefix=prefix,
    )
    return (yield from sweep(desk, bl, asked))


def still(
    desk: Desk,
    bl: Beamline,
    exposure_s: float,
    number_images: int = 1,
    omega_deg: float = 0.0,
    transmission_frac: float = 1.0,
    prefix: str = "still",
) -> MsgGenerator[Collected]:
    """Collect images while nothing moves.

    Args:
        desk: The session's.
        bl: The beamline.
        exposure_s: Per image.
        number_images: How many.
        omega_deg: Where omega stands.
        transmission_frac: Of the beam.
        prefix: Of the files.

    Returns:
        How many scans were taken, and how low the beam came.

    Example:
        RE(collect.still(exposure_s=0.1))
    """
    asked: dict[str, Any] = {"exposure_s": exposure_s, "transmission_frac": transmission_frac, "prefix": prefix}
    still = Sweep(sweep_type="still", number_images=number_images, omega_start_deg=omega_deg, **asked)
    return (yield from sweep(desk, bl, still))


def mesh(
    desk: Desk,
    bl: Beamline,
    columns: int,
    rows: int,
    step_um: float,
    exposure_s: float,
    omega_deg: float = 0.0,
    transmission_frac: float = 0.1,
    prefix: str = "mesh",
) -> MsgGenerator[Collected]:
    """Collect one image in each box of a grid around where the sample stands.

    Args:
        desk: The session's.
        bl: The beamline.
        columns: Boxes along omega.
        rows: Boxes across.
        step_um: From box to box, both ways.
        exposure_s: Per image.
        omega_deg: Where omega stands.
        transmission_frac: Of the beam.
        prefix: Of the files.

    Returns:
        How many scans were taken, and how low the beam came.

    Example:
        RE(collect.mesh(columns=10, rows=8, step_um=20, exposure_s=0.01))
    """
    asked = Sweep(
        sweep_type="mesh",
        number_images=columns * rows,
        number_lines=rows,
        step_um=step_um,
        line_step_um=step_um,
        exposure_s=exposure_s,
        omega_start_deg=omega_deg,
        transmission_frac=transmission_frac,
        prefix=prefix,
    )
    return (yield from sweep(desk, bl, asked))


def _scores(desk: Desk, bl: Beamline, sweep: Sweep, part: ScheduledScan, home: Position) -> MsgGenerator[None]:
    """Scores of a grid's boxes, where there is a spot finder; its frames are good without."""
    if sweep.sweep_type in GRIDS and is_there(bl.spot_finder):
        grid = laid_grid(sweep, home, desk.settings.goniometer, (yield from read_orientation(bl)))
        yield from score_grid(bl, grid, desk.settings.xray)


def _position(place_mm: Place) -> Position:
    x_mm, y_mm, z_mm = place_mm
    return Position(x_mm=x_mm, y_mm=y_mm, z_mm=z_mm)


PLANS = (rotation, helical, still, mesh, sweep)
