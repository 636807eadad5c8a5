"""A crystallisation plate on the goniometer: wells in rows and columns, each with drops, some of them with crystals.

Frame of a plate: x along the columns' numbers, y (down) along the rows' letters, z along the beam when omega is 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from mxplans_sim.settings.samples import ADDRESS, PlateSettings
from mxplans_sim.world.growing import crystal_at, true_edges_mm, true_form
from mxplans_sim.world.seeding import rng_for
from mxplans_sim.world.specimen import Crystal, Drop, Rim, Specimen, as_vector

Array = npt.NDArray[np.float64]

PITCH_MM = 9.0
DROP_PITCH_MM = 2.4
RIM_MM = 1.05
"""Radius of the place for a drop."""
_DROP_MM, _DROP_HALF_HEIGHT_MM = (0.5, 0.8), (0.12, 0.2)


class Well(NamedTuple):
    """A drop's address, all numbers from 1."""

    row: int
    column: int
    drop: int = 1

    def __str__(self) -> str:
        return f"{chr(ord('A') + self.row - 1)}{self.column}.{self.drop}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an address.

        >>> Well.parse("B12.3"), str(Well(8, 1, 2))
        (Well(row=2, column=12, drop=3), 'H1.2')

        Raises:
            ValueError: If it is none.
        """
        found = ADDRESS.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no address in a plate; write row, column and drop like B12.3")
        row, column, drop = found.groups()
        return cls(ord(row) - ord("A") + 1, int(column), int(drop))


@dataclass(frozen=True)
class Plate:
    """A plate, its contents by chance.

    Attributes:
        name: Of the plate.
        settings: How large it is, and what is in it.
        seed: Of its contents.
    """

    name: str
    settings: PlateSettings
    seed: int

    def wells(self) -> tuple[Well, ...]:
        """All drops, row by row."""
        rows, columns, drops = self.settings.rows, self.settings.columns, self.settings.drops
        numbers = np.ndindex(rows, columns, drops)
        return tuple(Well(row + 1, column + 1, drop + 1) for row, column, drop in numbers)

    def centre_mm(self, well: Well) -> Array:
        """Middle of a drop, from the plate's middle (3,).

        Raises:
            ValueError: If the plate has no such drop.
        """
        settings = self.settings
        sizes = (settings.rows, settings.columns, settings.drops)
        if not all(1 <= number <= size for number, size in zip(well, sizes, strict=True)):
            raise ValueError(
                f"plate {self.name} has no drop {well}; it has {sizes[0]} rows, {sizes[1]} columns and {sizes[2]} drops"
            )
        row, column, drop = (number - (size + 1) / 2 for number, size in zip(well, sizes, strict=True))
        return np.array([column * PITCH_MM + drop * DROP_PITCH_MM, row * PITCH_MM, 0.0])

    def specimen(self, well: Well) -> Specimen:
        """The part of the plate around a drop, its middle at the origin; the other drops of the well are there as well."""
        origin = self.centre_mm(well)
        drops: list[Drop] = []
        rims: list[Rim] = []
        crystals: list[Crystal] = []
        for number in range(1, self.settings.drops + 1):
            neighbour = Well(well.row, well.column, number)
            middle = self.centre_mm(neighbour) - origin
            rims.append(Rim(as_vector(middle), RIM_MM))
            drop, inside = self._contents(neighbour, middle)
            drops.append(drop)
            crystals += inside
        return Specimen(f"{self.name} {well}", None, tuple(crystals), None, drops=tuple(drops), rims=tuple(rims))

    def _contents(self, well: Well, middle: Array) -> tuple[Drop, list[Crystal]]:
        settings = self.settings
        rng = rng_for(self.seed, "plate", self.name, well)
        radius, half_height = float(rng.uniform(*_DROP_MM)), float(rng.uniform(*_DROP_HALF_HEIGHT_MM))
        drop = Drop(as_vector(middle), (radius, radius, half_height))
        truth = settings.wells.get(str(well), settings.truth)
        if truth.no_crystal or not (str(well) in settings.wells or rng.random() < settings.filled_frac):
            return drop, []
        more = rng_for(self.seed, "plate more", self.name, well)
        form, crystals = true_form(rng, more, settings.acronym, truth), []
        for _ in range(truth.crystals):
            edges_mm, place = true_edges_mm(rng, truth), middle + _in_drop(rng, radius, half_height)
            crystals.append(crystal_at(rng, more, place, edges_mm, form, truth))
        return drop, crystals


def _in_drop(rng: np.random.Generator, radius: float, half_height: float) -> Array:
    """A place in a drop, not at its edge."""
    angle, out = rng.uniform(0, 2 * np.pi), 0.7 * radius * np.sqrt(rng.uniform())
    return np.array([out * np.cos(angle), out * np.sin(angle), rng.uniform(-0.2, 0.2) * half_height])
