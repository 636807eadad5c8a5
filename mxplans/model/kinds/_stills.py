"""Images while nothing moves."""

from __future__ import annotations

from typing import Unpack

from mxplans.model.extensions import Kind
from mxplans.model.item import QueueItem
from mxplans.model.kinds._item import Exposed, build, place
from mxplans.model.sweeps import Position


def stills(
    *,
    number_images: int,
    exposure_s: float,
    omega_deg: float = 0.0,
    kappa_deg: float | None = None,
    phi_deg: float | None = None,
    chi_deg: float | None = None,
    position: Position | None = None,
    **asked: Unpack[Exposed],
) -> QueueItem:
    """Images at one place and one angle, one after the other: one sweep.

    Args:
        number_images: 1 to 1 000 000.
        exposure_s: Per image, more than 0 to 3600 s.
        omega_deg: Where omega stands.
        kappa_deg: None stays as it is, as with phi and chi.
        phi_deg: See kappa.
        chi_deg: See kappa.
        position: Where the crystal is (mm); None is where centring puts it.
        asked: See `Exposed`.

    Raises:
        InvalidInput: If a value is missing or out of bounds.

    >>> item = stills(number_images=100, exposure_s=0.01, omega_deg=30, sample_name="jet")
    >>> item.asked[0].sweep_type, item.sweeps[0].image_width
    ('still', None)
    """
    sweep = {
        "sweep_type": "still",
        "number_images": number_images,
        "exposure_s": exposure_s,
        "omega_start_deg": omega_deg,
        "kappa_deg": kappa_deg,
        "phi_deg": phi_deg,
        "chi_deg": chi_deg,
        "prefix": asked.get("prefix", "still"),
        **place(position),
    }
    return build(Kind.STILLS, asked, [sweep])
