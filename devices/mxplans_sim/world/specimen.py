"""What hangs on the goniometer: the pin, the loop, its liquid, its crystals and ice. Values only; lengths in mm.

Frame of a specimen (the *goniometer frame*): origin where a perfectly made pin would put the loop's neck, x along the
pin towards its base (the pin enters the image from the right), y down and z along the beam when omega is 0. All
positions below are already in that frame, errors of the mount included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mxplans_sim.world.polyhedron import Polyhedron, box

Array = npt.NDArray[np.float64]
Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]

EYE: Matrix = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
PIN_BEGINS_MM = 0.85
PIN_LENGTH_MM = 15.0


class Faces(NamedTuple):
    """Half spaces n.x <= h about a crystal's centre, in its own frame.

    Attributes:
        normals: Outward unit normals.
        heights_mm: Distance of each face from the centre.
    """

    normals: tuple[Vector, ...]
    heights_mm: tuple[float, ...]


class Lattice(NamedTuple):
    """One lattice of a crystal.

    Attributes:
        orientation: Rotation matrix U (columns as in Q = U B h).
        volume_frac: Its part of the crystal.
    """

    orientation: Matrix
    volume_frac: float


@dataclass(frozen=True)
class Crystal:
    """One crystal: a convex body that diffracts.

    Attributes:
        centre_mm: Its centre of mass, goniometer frame.
        half_size_mm: Half edges of the box that just holds it, along the columns of `box_rotation`.
        box_rotation: Rotation matrix from the crystal's own frame.
        cell: a, b, c (A), alpha, beta, gamma (deg).
        space_group: Hermann-Mauguin name as gemmi reads it.
        orientation: Rotation matrix U of the lattice (columns as in Q = U B h).
        mosaicity_deg: Full width at half maximum.
        b_factor_a2: Overall B.
        d_min_a: No reflections beyond this resolution.
        strength: Scattering power relative to a perfect crystal; 0 does not diffract.
        faces: Its faces; None for a box of this size.
        second: A second lattice in the same body, for a split crystal.
        absorbers: Elements to be seen by their fluorescence, and their concentrations in mmol/l.
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
    faces: Faces | None = None
    second: Lattice | None = None
    absorbers: tuple[tuple[str, float], ...] = ()

    @property
    def body(self) -> Polyhedron:
        """The crystal's body in the goniometer frame."""
        if self.faces is None:
            own = box(np.array(self.half_size_mm))
        else:
            own = Polyhedron(np.array(self.faces.normals), np.array(self.faces.heights_mm))
        return own.moved(np.array(self.box_rotation), np.array(self.centre_mm))

    @property
    def lattices(self) -> tuple[Lattice, ...]:
        """Its lattices; their parts of the volume add up to 1."""
        if self.second is None:
            return (Lattice(self.orientation, 1.0),)
        return Lattice(self.orientation, 1.0 - self.second.volume_frac), self.second


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
class Pin:
    """The metal.

    Attributes:
        path_mm: Its axis from the end that holds the stem to the base; three points for a bent one.
        radius_mm: Of the metal.
    """

    path_mm: tuple[Vector, ...] = ((PIN_BEGINS_MM, 0.0, 0.0), (PIN_BEGINS_MM + PIN_LENGTH_MM, 0.0, 0.0))
    radius_mm: float = 0.325


@dataclass(frozen=True)
class Mount:
    """How a pin was made and put on: the errors that its bodies already have in them.

    Attributes:
        length_error_mm: Too long if positive.
        bend_deg: Between the end of the pin and its base.
        foreign: Whether the pin belongs to a sample of another place in the dewar.
    """

    length_error_mm: float = 0.0
    bend_deg: float = 0.0
    foreign: bool = False


@dataclass(frozen=True)
class Drop:
    """Liquid in the shape of an ellipsoid.

    Attributes:
        centre_mm: Goniometer frame.
        half_axes_mm: Along the columns of `rotation`.
        rotation: Rotation matrix.
    """

    centre_mm: Vector
    half_axes_mm: Vector
    rotation: Matrix = EYE


@dataclass(frozen=True)
class Ice:
    """A ball of ice.

    Attributes:
        centre_mm: Goniometer frame.
        radius_mm: Its radius.
    """

    centre_mm: Vector
    radius_mm: float


@dataclass(frozen=True)
class Rim:
    """The edge of a well in a plate: a ring in the plane of x and y.

    Attributes:
        centre_mm: Goniometer frame.
        radius_mm: Of the ring.
    """

    centre_mm: Vector
    radius_mm: float


@dataclass(frozen=True)
class Specimen:
    """What is on the goniometer: a pin with all that is on it, or a piece of a plate.

    Attributes:
        name: Of the sample.
        loop: None for a bare pin or a plate.
        crystals: From none to five on a pin.
        pin: None for a plate.
        mount: How the pin was put on.
        drops: Liquid beside the loop's own.
        ice: Balls of ice.
        rims: Edges of a plate's wells.
        frost_um_h: How fast frost grows on it, radius.
        vibration_um: Standard deviation of its place from moment to moment, per axis.
        thawed_frac: Part of its glass that warmth has turned into ice.
    """

    name: str
    loop: Loop | None
    crystals: tuple[Crystal, ...] = ()
    pin: Pin | None = Pin()
    mount: Mount = Mount()
    drops: tuple[Drop, ...] = ()
    ice: tuple[Ice, ...] = ()
    rims: tuple[Rim, ...] = ()
    frost_um_h: float = 0.0
    vibration_um: float = 0.0
    thawed_frac: float = 0.0


def as_vector(values: Array) -> Vector:
    """Three numbers as a value that can be compared and kept."""
    x, y, z = (float(value) for value in values)
    return x, y, z


def as_matrix(values: Array) -> Matrix:
    """A matrix (3, 3) as a value that can be compared and kept."""
    first, second, third = (as_vector(row) for row in values)
    return first, second, third
