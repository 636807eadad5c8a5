"""From the project's image frame to that of NeXus (McStas): the only place where directions change their frame.

McStas: z along the beam, y up, x to the left for one who looks downstream. The image frame (x right along omega, y down,
z along the beam) is that, turned by half a turn about z, so both are right-handed and a rotation keeps its sense. The
origin of the file is where the beam meets the sample.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mxplans.geometry.goniometer import GoniometerGeometry
from mxplans.model.acquisition import Vector

NOWHERE: Vector = (0.0, 0.0, 0.0)
TRANSLATIONS = ("sam_x", "sam_y", "sam_z")
"""Names of the goniometer's x, y and z."""
ORIGIN = "sam_origin"
"""Name of the fixed shift from a point of the phi axis to the point of the sample that all motors at 0 have there."""


def to_mcstas(vector: Sequence[float]) -> Vector:
    """A vector of the image frame (3,) in the McStas frame.

    >>> to_mcstas((1.0, 0.0, 0.0)), to_mcstas((0.0, 2.0, 3.0))
    ((-1.0, 0.0, 0.0), (0.0, -2.0, 3.0))
    """
    x, y, z = vector
    # Adding 0 leaves no negative zeros.
    return 0.0 - x, 0.0 - y, 0.0 + z


@dataclass(frozen=True)
class Axis:
    """One transformation of a chain, McStas frame.

    Attributes:
        name: Of its field.
        kind: What its values (deg or mm) do along `vector`.
        vector: Of length 1; a positive angle turns right-handed about it.
        depends_on: The axis that it stands on, "." for none.
        offset_mm: From that axis to this one.
        value_mm: Of a translation that has no motor.
    """

    name: str
    kind: Literal["rotation", "translation"]
    vector: Vector
    depends_on: str
    offset_mm: Vector = NOWHERE
    value_mm: float | None = None


def goniometer_axes(geometry: GoniometerGeometry) -> tuple[Axis, ...]:
    """The goniometer from its base to the sample, as a chain that gives what `geometry.lab_mm` gives.

    >>> [(axis.name, axis.depends_on) for axis in goniometer_axes(GoniometerGeometry(kind="smargon"))][:3]
    [('omega', '.'), ('chi', 'omega'), ('phi', 'chi')]
    """
    beam_mm = to_mcstas([float(value) for value in geometry.beam_mm])
    omega = Axis("omega", "rotation", to_mcstas((1.0, 0.0, 0.0)), ".", _minus(NOWHERE, beam_mm))
    if geometry.kind == "single-axis":
        return (omega, *_stage("omega"))
    if geometry.kind == "smargon":
        chi = Axis("chi", "rotation", to_mcstas(geometry.chi_axis), "omega")
        phi = Axis("phi", "rotation", to_mcstas(geometry.phi_axis), "chi")
        return (omega, chi, phi, *_stage("phi"))
    on_kappa, on_phi = to_mcstas(geometry.kappa_point_mm), to_mcstas(geometry.phi_point_mm)
    kappa = Axis("kappa", "rotation", to_mcstas(geometry.kappa_axis), TRANSLATIONS[-1], on_kappa)
    phi = Axis("phi", "rotation", to_mcstas(geometry.phi_axis), "kappa", _minus(on_phi, on_kappa))
    return (omega, *_stage("omega"), kappa, phi, *_back_from(on_phi))


def _stage(below: str) -> tuple[Axis, ...]:
    """The translations x, y and z, each standing on the one before."""
    directions = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    stands_on = (below, *TRANSLATIONS)
    return tuple(
        Axis(name, "translation", to_mcstas(direction), on)
        for name, direction, on in zip(TRANSLATIONS, directions, stands_on, strict=False)
    )


def _back_from(point_mm: Vector) -> tuple[Axis, ...]:
    """From a point on the phi axis back to where the sample's own coordinates begin; nothing when that is the same."""
    length_mm = math.hypot(*point_mm)
    if length_mm == 0:
        return ()
    x, y, z = (0.0 - value / length_mm for value in point_mm)
    return (Axis(ORIGIN, "translation", (x, y, z), "phi", value_mm=length_mm),)


def _minus(one: Vector, other: Vector) -> Vector:
    x, y, z = (a - b + 0.0 for a, b in zip(one, other, strict=True))
    return x, y, z


def first_pixel(fast: Vector, slow: Vector, centre_px: tuple[float, float], pixel_mm: tuple[float, float]) -> Vector:
    """From where the beam meets the detector to the outer corner of the first pixel (mm), McStas frame.

    Args:
        fast: Direction in which columns count.
        slow: Direction in which rows count.
        centre_px: Column and row of the beam, from that corner.
        pixel_mm: Size of a pixel along fast and slow.

    >>> first_pixel((-1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (100.0, 50.0), (0.1, 0.1))
    (10.0, 5.0, 0.0)
    """
    along, across = centre_px[0] * pixel_mm[0], centre_px[1] * pixel_mm[1]
    x, y, z = (0.0 - along * f - across * s for f, s in zip(fast, slow, strict=True))
    return x, y, z
