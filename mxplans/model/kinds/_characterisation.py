"""A few wedges with gaps between them, from which a strategy is made."""

from __future__ import annotations

from typing import Unpack

from mxplans.errors import InvalidInput
from mxplans.model.extensions import Kind
from mxplans.model.item import QueueItem
from mxplans.model.kinds._item import IMAGES_OF_A_SWEEP, Exposed, build, check_count, place
from mxplans.model.sweeps import Position


def characterisation(
    *,
    image_width_deg: float,
    exposure_s: float,
    wedges: int = 4,
    images: int = 10,
    every_images: int,
    omega_start_deg: float = 0.0,
    kappa_deg: float | None = None,
    phi_deg: float | None = None,
    chi_deg: float | None = None,
    position: Position | None = None,
    **asked: Unpack[Exposed],
) -> QueueItem:
    """Wedges of a few images, evenly spread with gaps.

    MXLIMS writes what was measured as one sweep with several scans, whose image numbers have gaps so that a number implies
    an angle. What is asked for is written here as a sweep per wedge, with one prefix and role Characterisation: a sweep
    that is asked for is taken completely, each image once, and a sweep with gaps would be the one exception. The way to
    the other form is exact, because wedges begin whole image widths apart: wedge k, counted from 0, holds the images from
    number k `every_images` + 1.

    Args:
        image_width_deg: More than 0 to 10 deg.
        exposure_s: Per image, more than 0 to 3600 s.
        wedges: 1 to 100.
        images: Of each wedge.
        every_images: From the start of a wedge to that of the next, in image widths: 450 of 0.1 deg are 45 deg.
        omega_start_deg: Where the first wedge begins.
        kappa_deg: None stays as it is, as with phi and chi.
        phi_deg: See kappa.
        chi_deg: See kappa.
        position: Where the crystal is (mm); None is where centring puts it.
        asked: See `Exposed`.

    Raises:
        InvalidInput: If wedges overlap, or a value is out of bounds.

    >>> item = characterisation(image_width_deg=0.5, exposure_s=0.1, wedges=3, images=2, every_images=90, sample_name="lyso")
    >>> [(sweep.role, sweep.omega_start_deg, sweep.number_images) for sweep in item.asked]
    [('Characterisation', 0.0, 2), ('Characterisation', 45.0, 2), ('Characterisation', 90.0, 2)]
    """
    check_count(Kind.CHARACTERISATION, "wedges", wedges, 100)
    check_count(Kind.CHARACTERISATION, "images", images, IMAGES_OF_A_SWEEP)
    check_count(Kind.CHARACTERISATION, "every_images", every_images, IMAGES_OF_A_SWEEP)
    if every_images < images:
        raise InvalidInput(
            f"characterisation: wedges of {images} images begin every {every_images} images and overlap; "
            f"allowed is every_images of {images} or more: enlarge it, or take fewer images"
        )
    sweeps = [
        {
            "role": "Characterisation",
            "number_images": images,
            "image_width_deg": image_width_deg,
            "exposure_s": exposure_s,
            "omega_start_deg": omega_start_deg + number * every_images * image_width_deg,
            "kappa_deg": kappa_deg,
            "phi_deg": phi_deg,
            "chi_deg": chi_deg,
            "prefix": asked.get("prefix", "ref"),
            **place(position),
        }
        for number in range(wedges)
    ]
    return build(Kind.CHARACTERISATION, asked, sweeps)
