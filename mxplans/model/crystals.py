"""What a crystal is like: unit cell, space group, and the tensors of its diffraction."""

from __future__ import annotations

from pydantic import Field

from mxplans.model._base import MxlimsModel
from mxplans.model._values import Number, Positive

Vector = tuple[Number, Number, Number]


class UnitCell(MxlimsModel):
    """Lengths in A, angles in degrees."""

    a: Positive = Field(description="Length of axis a, A")
    b: Positive = Field(description="Length of axis b, A")
    c: Positive = Field(description="Length of axis c, A")
    alpha: Positive = Field(description="Angle between b and c, deg")
    beta: Positive = Field(description="Angle between a and c, deg")
    gamma: Positive = Field(description="Angle between a and b, deg")


class Tensor(MxlimsModel):
    """A symmetric tensor by its principal axes."""

    eigenvalues: Vector = Field(description="One for each axis")
    eigenvectors: tuple[Vector, Vector, Vector] = Field(description="Unit vectors, in the order of the eigenvalues")
