"""What is true of the samples: of single ones by name, and of all others by chance."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, Self

import gemmi
from pydantic import BaseModel, Field, model_validator

from mxplans_sim.settings.base import STRICT

ADDRESS = re.compile(r"([A-Z])([1-9][0-9]?)[.]([1-9])")
"""Row, column and drop of a plate."""
Edges = tuple[float, float, float]
Cell = tuple[float, float, float, float, float, float]

CLASSES: Mapping[str, Mapping[str, Any]] = {
    "good": {},
    "missing": {"missing": True},
    "wrong_slot": {"wrong_slot": True},
    "empty": {"empty": True},
    "bent": {"bent": True},
    "too_long": {"too_long": True},
    "too_short": {"too_short": True},
    "refrozen": {"refrozen": True},
    "iced": {"iced": True},
    "frost": {"frost_um_h": 20.0},
    "vibration": {"vibration_um": 8.0},
    "no_crystal": {"no_crystal": True},
    "on_stem": {"crystal_on": "stem"},
    "in_drop": {"crystal_on": "drop"},
    "no_diffraction": {"no_diffraction": True},
    "salt": {"salt": True},
    "split": {"split": True},
    "multiple": {"crystals": 3},
}
"""What can be wrong with a sample, in the order in which it is noticed, and what the world file says for it."""

_OF_CRYSTALS = {
    "no_crystal", "no_diffraction", "crystals", "size_um", "shape", "d_min_a", "mosaicity_deg", "b_factor_a2",
    "crystal_on", "split", "split_deg", "split_frac", "salt", "cell", "space_group", "absorbers",
}  # fmt: skip
_OF_LATTICES = _OF_CRYSTALS - {"no_crystal", "crystals"}
_EXCLUDED = {
    "empty": _OF_CRYSTALS | {"iced", "refrozen"},
    "no_crystal": _OF_CRYSTALS,
    "no_diffraction": {"salt", "split", "d_min_a"},
    "salt": {"split", "cell", "space_group"},
    "too_long": {"too_short"},
}
"""What cannot be said of a sample together with something else."""


class SampleTruth(BaseModel):
    """What the world knows about one sample, whatever the seed says."""

    model_config = STRICT

    missing: bool = Field(False, description="No pin in that position of the puck")
    wrong_slot: bool = Field(False, description="The pin of another sample in that position")
    empty: bool = Field(False, description="A bare pin without loop")
    bent: bool = Field(False, description="The pin is bent by 12 to 30 deg")
    bend_deg: float | None = Field(None, ge=0, le=30, description="By how much, exactly")
    too_long: bool = Field(False, description="The pin is 0.7 to 1 mm too long")
    too_short: bool = Field(False, description="The pin is 0.7 to 1 mm too short")
    iced: bool = Field(False, description="Ice over most of the loop")
    refrozen: bool = Field(False, description="It has been warm once: ice all through the loop, little diffraction")
    frost_um_h: float = Field(0.0, ge=0, le=1000, description="Growth of frost, radius of its grains")
    vibration_um: float = Field(0.0, ge=0, le=200, description="Standard deviation of its place, per axis")
    no_crystal: bool = Field(False, description="A loop with liquid, no crystal in it")
    no_diffraction: bool = Field(False, description="A crystal that does not diffract")
    salt: bool = Field(False, description="A crystal of salt: few spots, at high resolution")
    crystals: int = Field(1, ge=0, le=5, description="Crystals in the loop")
    crystal_on: Literal["loop", "stem", "drop"] = Field("loop", description="Where the crystals are")
    size_um: Edges | None = Field(None, description="Edges of the crystals")
    shape: Literal["box", "prism", "bipyramid"] | None = Field(None, description="Habit of the crystals")
    cell: Cell | None = Field(None, description="a, b, c (A), alpha, beta, gamma (deg), with the space group")
    space_group: str | None = Field(None, description="Hermann-Mauguin name, like P 43 21 2, with the cell")
    d_min_a: float | None = Field(None, ge=0.5, le=50, description="Resolution limit")
    mosaicity_deg: float | None = Field(None, gt=0, le=5)
    b_factor_a2: float | None = Field(None, ge=0, le=500)
    split: bool = Field(False, description="A second lattice in the crystal")
    split_deg: float | None = Field(None, gt=0, le=180, description="Between the lattices of a split crystal")
    split_frac: float | None = Field(None, gt=0, lt=1, description="Part of the second lattice in the volume")
    absorbers: dict[str, float] = Field(default_factory=dict, description="mmol/l of elements in the crystals")

    @classmethod
    def of(cls, name: str) -> Self:
        """A sample of a class.

        Raises:
            ValueError: If there is no class of this name.
        """
        if name not in CLASSES:
            raise ValueError(f"no class of samples is called {name!r}; choose one of {list(CLASSES)}")
        return cls.model_validate(dict(CLASSES[name]))

    @model_validator(mode="after")
    def _possible(self) -> Self:
        said = self.model_dump(exclude_defaults=True)
        others = {"missing": set(type(self).model_fields) - {"missing"}} | _EXCLUDED
        for name, excluded in others.items():
            if name in said and excluded & set(said) - {name}:
                clash = sorted(excluded & set(said) - {name})
                raise ValueError(f"{name} goes with none of {clash}; leave one of them out")
        if self.crystals == 0 and _OF_LATTICES & set(said):
            raise ValueError(f"there are no crystals, so nothing of {sorted(_OF_LATTICES & set(said))} is true of them")
        if (self.split_deg is not None or self.split_frac is not None) and not self.split:
            raise ValueError("split_deg and split_frac tell of a split crystal; add split: true")
        return self

    @model_validator(mode="after")
    def _real(self) -> Self:
        if self.size_um is not None and not all(1 <= edge <= 2000 for edge in self.size_um):
            raise ValueError(f"size_um is {list(self.size_um)}, edges of 1 to 2000 um are allowed")
        for element, mmol in self.absorbers.items():
            if gemmi.Element(element).atomic_number == 0 or not 0 < mmol <= 50_000:
                raise ValueError(f"absorbers has {element}: {mmol}; name elements like Se and give 0 to 50000 mmol/l")
        if (self.cell is None) != (self.space_group is None):
            raise ValueError("cell and space_group belong together; give both or none")
        if self.cell is not None and self.space_group is not None:
            _check_lattice(self.cell, self.space_group)
        return self


def _check_lattice(cell: Cell, space_group: str) -> None:
    group = gemmi.find_spacegroup_by_name(space_group)
    if group is None:
        raise ValueError(f"space group {space_group!r} is not known; write it like 'P 43 21 2'")
    lengths_fit = all(2 <= length <= 1000 for length in cell[:3])
    unit_cell = gemmi.UnitCell(*cell) if lengths_fit and all(20 <= angle <= 160 for angle in cell[3:]) else None
    if unit_cell is None or not unit_cell.volume > 1 or not unit_cell.is_compatible_with_spacegroup(group):
        raise ValueError(
            f"cell {list(cell)} is no cell of {space_group}; give lengths of 2 to 1000 A and angles of 20 to 160 deg "
            "that its symmetry allows"
        )


class SampleMix(BaseModel):
    """How often samples that the world file does not name are of a class; all others are good."""

    model_config = STRICT

    fractions: dict[str, float] = Field(default_factory=dict, description="By class, like bent: 0.05")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        unknown = sorted(set(self.fractions) - set(CLASSES))
        if unknown:
            raise ValueError(f"no class of samples is called {unknown}; choose from {list(CLASSES)}")
        if any(part < 0 for part in self.fractions.values()) or sum(self.fractions.values()) > 1 + 1e-9:
            raise ValueError(f"fractions are {self.fractions}; none may be below 0 and their sum not above 1")
        return self

    def draw(self, chance: float) -> SampleTruth:
        """The truth of a sample for a random number between 0 and 1."""
        for name, part in self.fractions.items():
            if chance < part:
                return SampleTruth.of(name)
            chance -= part
        return SampleTruth.of("good")


class PlateSettings(BaseModel):
    """A crystallisation plate."""

    model_config = STRICT

    rows: int = Field(8, ge=1, le=16)
    columns: int = Field(12, ge=1, le=24)
    drops: int = Field(3, ge=1, le=3, description="In each well")
    acronym: str = Field("Lyso", description="Of what grows in it")
    filled_frac: float = Field(0.5, ge=0, le=1, description="Drops with crystals, of those that are not in wells")
    truth: SampleTruth = Field(default_factory=lambda: SampleTruth.of("good"), description="Of all drops with crystals")
    wells: dict[str, SampleTruth] = Field(default_factory=dict, description="Of single drops by address, like B12.3")

    @model_validator(mode="after")
    def _in_the_plate(self) -> Self:
        for address in self.wells:
            found = ADDRESS.fullmatch(address)
            row, column, drop = found.groups() if found else ("", "0", "0")
            inside = found and ord(row) - ord("A") < self.rows and int(column) <= self.columns
            if not inside or int(drop) > self.drops:
                raise ValueError(
                    f"wells has {address!r}; write row, column and drop like B12.3, "
                    f"of {self.rows} rows, {self.columns} columns and {self.drops} drops"
                )
        return self
