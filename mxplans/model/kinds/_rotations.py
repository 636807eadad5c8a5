"""One crystal, one orientation: a rotation, along a line through the crystal, or in several passes."""

from __future__ import annotations

from typing import Unpack

from mxplans.errors import InvalidInput
from mxplans.model.extensions import Kind
from mxplans.model.item import QueueItem
from mxplans.model.kinds._item import Exposed, build, check_count, named, place
from mxplans.model.sweeps import Position


def rotation(
    *,
    number_images: int,
    image_width_deg: float,
    exposure_s: float,
    omega_start_deg: float = 0.0,
    kappa_deg: float | None = None,
    phi_deg: float | None = None,
    chi_deg: float | None = None,
    position: Position | None = None,
    wedge_images: int | None = None,
    **asked: Unpack[Exposed],
) -> QueueItem:
    """A rotation about omega: one sweep.

    Args:
        number_images: 1 to 1 000 000.
        image_width_deg: More than 0 to 10 deg.
        exposure_s: Per image, more than 0 to 3600 s.
        omega_start_deg: Where the first image begins.
        kappa_deg: None stays as it is, as with phi and chi.
        phi_deg: See kappa.
        chi_deg: See kappa.
        position: Where the crystal is (mm); None is where centring puts it.
        wedge_images: Images of a scan; None takes all in one.
        asked: See `Exposed`.

    Raises:
        InvalidInput: If a value is missing or out of bounds.

    >>> item = rotation(number_images=3600, image_width_deg=0.1, exposure_s=0.02, sample_name="lyso")
    >>> item.asked[0].width_deg, item.experiment.experiment_strategy
    (360.0, 'OSC')
    """
    sweep = {
        "number_images": number_images,
        "image_width_deg": image_width_deg,
        "exposure_s": exposure_s,
        "omega_start_deg": omega_start_deg,
        "kappa_deg": kappa_deg,
        "phi_deg": phi_deg,
        "chi_deg": chi_deg,
        **place(position),
    }
    return build(Kind.ROTATION, asked, [sweep], wedge_images=wedge_images)


def helical(
    *,
    start: Position,
    end: Position,
    number_images: int,
    image_width_deg: float,
    exposure_s: float,
    omega_start_deg: float = 0.0,
    kappa_deg: float | None = None,
    phi_deg: float | None = None,
    chi_deg: float | None = None,
    wedge_images: int | None = None,
    **asked: Unpack[Exposed],
) -> QueueItem:
    """A rotation while the beam wanders through a long crystal, evenly from one point to another: one sweep.

    Args:
        start: Where the first image begins (mm).
        end: Where the last image ends (mm).
        number_images: 1 to 1 000 000.
        image_width_deg: More than 0 to 10 deg.
        exposure_s: Per image, more than 0 to 3600 s.
        omega_start_deg: Where the first image begins.
        kappa_deg: None stays as it is, as with phi and chi.
        phi_deg: See kappa.
        chi_deg: See kappa.
        wedge_images: Images of a scan; None takes all in one.
        asked: See `Exposed`.

    Raises:
        InvalidInput: If a value is out of bounds, or both points are the same.

    >>> ends = Position(x_mm=-0.1, y_mm=0, z_mm=0), Position(x_mm=0.1, y_mm=0, z_mm=0.02)
    >>> item = helical(
    ...     start=ends[0], end=ends[1], number_images=1800, image_width_deg=0.2, exposure_s=0.01, sample_name="rod"
    ... )
    >>> item.sweeps[0].axis_positions_end
    {'sampleX': 0.1, 'sampleY': 0.0, 'sampleZ': 0.02}
    """
    if start == end:
        raise InvalidInput(
            f"helical: start and end are both ({start.x_mm:g}, {start.y_mm:g}, {start.z_mm:g}) mm; allowed are two points: "
            "move one, or ask for a rotation"
        )
    sweep = {
        "sweep_type": "helical",
        "start": start,
        "end": end,
        "number_images": number_images,
        "image_width_deg": image_width_deg,
        "exposure_s": exposure_s,
        "omega_start_deg": omega_start_deg,
        "kappa_deg": kappa_deg,
        "phi_deg": phi_deg,
        "chi_deg": chi_deg,
    }
    return build(Kind.HELICAL, asked, [sweep], wedge_images=wedge_images)


def dose_sliced(
    *,
    passes: int,
    number_images: int,
    image_width_deg: float,
    exposure_s: float,
    omega_start_deg: float = 0.0,
    position: Position | None = None,
    **asked: Unpack[Exposed],
) -> QueueItem:
    """The same range several times, each pass with its share of the dose, so that late passes can be cut: a sweep each.

    `transmission_frac` is what one pass over the range would have taken; each of p passes takes its p-th part.

    Args:
        passes: 2 to 1000.
        number_images: Of each pass.
        image_width_deg: More than 0 to 10 deg.
        exposure_s: Per image, more than 0 to 3600 s.
        omega_start_deg: Where every pass begins.
        position: Where the crystal is (mm); None is where centring puts it.
        asked: See `Exposed`.

    Raises:
        InvalidInput: If a value is missing or out of bounds.

    >>> item = dose_sliced(
    ...     passes=10, number_images=3600, image_width_deg=0.1, exposure_s=0.01, transmission_frac=0.5, sample_name="lyso"
    ... )
    >>> len(item.sweeps), item.sweeps[9].transmission, item.asked[9].pass_number
    (10, 5.0, 10)
    """
    check_count(Kind.DOSE_SLICED, "passes", passes, 1000, least=2)
    sweeps = [
        {
            "number_images": number_images,
            "image_width_deg": image_width_deg,
            "exposure_s": exposure_s,
            "omega_start_deg": omega_start_deg,
            "transmission_frac": asked.get("transmission_frac", 1.0) / passes,
            "pass_number": number,
            "prefix": named(asked, "sweep", "d", number),
            **place(position),
        }
        for number in range(1, passes + 1)
    ]
    return build(Kind.DOSE_SLICED, asked, sweeps)
