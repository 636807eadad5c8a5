"""Several crystals, or several places of one, on the same pin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from mxplans.model.extensions import Kind
from mxplans.model.item import QueueItem
from mxplans.model.kinds._item import Exposed, build, check_some, named
from mxplans.model.sweeps import Position


def multi_position(
    *,
    positions: Sequence[Position],
    number_images: int,
    image_width_deg: float,
    exposure_s: float,
    omega_start_deg: float = 0.0,
    omega_step_deg: float = 0.0,
    wedge_images: int | None = None,
    **asked: Unpack[Exposed],
) -> QueueItem:
    """A small rotation at each of several positions, to be merged: a sweep each, one after the other.

    Args:
        positions: Where the crystals are (mm), in the order in which they are taken.
        number_images: Of each sweep.
        image_width_deg: More than 0 to 10 deg.
        exposure_s: Per image, more than 0 to 3600 s.
        omega_start_deg: Where the first sweep begins.
        omega_step_deg: How much later each next one begins; 0 takes all over the same range.
        wedge_images: Images of a scan; None takes each sweep in one.
        asked: See `Exposed`.

    Raises:
        InvalidInput: If there is no position, or a value is out of bounds.

    >>> places = [Position(x_mm=0.05 * number, y_mm=0, z_mm=0) for number in range(3)]
    >>> item = multi_position(
    ...     positions=places, number_images=100, image_width_deg=0.1, exposure_s=0.01, omega_step_deg=10, sample_name="mesh"
    ... )
    >>> [(sweep.position, sweep.omega_start_deg) for sweep in item.asked]
    [(1, 0.0), (2, 10.0), (3, 20.0)]
    """
    check_some(Kind.MULTI_POSITION, "positions", positions)
    sweeps = [
        {
            "number_images": number_images,
            "image_width_deg": image_width_deg,
            "exposure_s": exposure_s,
            "omega_start_deg": omega_start_deg + (number - 1) * omega_step_deg,
            "start": position,
            "position": number,
            "prefix": named(asked, "sweep", "p", number),
        }
        for number, position in enumerate(positions, start=1)
    ]
    return build(Kind.MULTI_POSITION, asked, sweeps, wedge_images=wedge_images)
