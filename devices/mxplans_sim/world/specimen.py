"""What hangs on the goniometer: the pin, the loop, its liquid and its crystals. Values only; lengths in mm.

Frame of a specimen (the *goniometer frame*): origin where a perfectly made pin would put the loop's neck, x along the
pin towards its base (the pin enters the image from the right), y down and z along the beam when omega is 0. All
positions below are already in that frame, mount offset and bend included.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]


@dataclass(frozen=True)
class Crystal:
    """One crystal: a box that diffracts.

    Attributes:
        centre_mm: Centre in the goniometer frame.
        half_size_mm: Half edges along the columns of `box_rotation`.
        box_rotation: Rotation matrix whose columns are the box's edges.
        cell: a, b, c (A), alpha, beta, gamma (deg).
        space_group: Hermann-Mauguin name as gemmi reads it.
        orientation: Rotation matrix U of the lattice (columns as in Q = U B h).
        mosaicity_deg: Full width at half maximum.
        b_factor_a2: Overall B.
        d_min_a: No reflections beyond this resolution.
        strength: Scattering power relative to a perfect crystal; 0 does not diffract.
    """

    centre_mm: Vector
    half_size_mm: Vector
    box_rotation: Matrix
    cell: tuple[float, float, float, float, float, float]
    space_group: str
    orientation: Matrix
    mosaicity_deg: float = 0.2
    b_factor_a2: float = 20.0
    d_min_a: float = 2.0
    strength: float = 1.0


@dataclass(frozen=True)
class Loop:
    """The loop, its stem and the liquid in it.

    Attributes:
        neck_mm: Where the loop closes, goniometer frame.
        length_mm: From the neck to the tip.
        width_mm: Largest width.
        rotation: Rotation matrix of the bent and twisted mount (columns: along the loop, its width, its normal).
        liquid_half_thickness_mm: Half thickness of the liquid film.
    """

    neck_mm: Vector
    length_mm: float
    width_mm: float
    rotation: Matrix
    liquid_half_thickness_mm: float = 0.035


@dataclass(frozen=True)
class Specimen:
    """A mounted pin with all that is on it; `loop` None is a bare pin."""

    name: str
    loop: Loop | None
    crystals: tuple[Crystal, ...] = field(default=())
    pin_radius_mm: float = 0.325
    pin_begins_mm: float = 0.85
