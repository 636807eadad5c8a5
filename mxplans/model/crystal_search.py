"""Asking an outside service for the crystals in scanned grids, and what it answers. Index of a box = its centre."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

_STRICT = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class GridFrames(BaseModel):
    """Where the frames of a scanned grid are."""

    model_config = _STRICT

    data_collection_id: int = Field(gt=0, description="By which the service knows this grid")
    file_name: str = Field(min_length=1, max_length=4096, description="Which the detector's writer was given")
    first_frame: int = Field(default=0, ge=0, description="Index of its first frame in that file")
    columns: int = Field(gt=0, description="Boxes along omega")
    rows: int = Field(gt=0, description="Boxes across")

    @property
    def number_images(self) -> int:
        """One per box."""
        return self.columns * self.rows


class CrystalRequest(BaseModel):
    """Ask for the crystals in one grid, or in two at a right angle, in the order in which they were scanned."""

    model_config = _STRICT

    grids: tuple[GridFrames, ...] = Field(min_length=1, max_length=2)
    group_id: int | None = Field(default=None, gt=0, description="Of the data collections, where there is one")

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        ids = [grid.data_collection_id for grid in self.grids]
        if len(set(ids)) != len(ids):
            raise ValueError(f"both grids have the id {ids[0]}; give each its own, or results cannot be told apart")
        widths = sorted({grid.columns for grid in self.grids})
        if len(widths) > 1:
            raise ValueError(
                f"grids of {widths[0]} and {widths[1]} columns; two grids must share the boxes along omega"
            )
        return self


class FoundCrystal(BaseModel):
    """A crystal in boxes: x along omega (columns), y down the first grid (rows), z down the second one.

    With one grid there is no z.
    """

    model_config = _STRICT

    x_box: float = Field(description="Centre of mass; 0 is the centre of the first column")
    y_box: float = Field(description="Row of the first grid")
    z_box: float | None = Field(default=None, description="Row of the second grid")
    first_box: tuple[int, ...] = Field(description="Lowest boxes that belong to it, along x, y and, with two grids, z")
    last_box: tuple[int, ...] = Field(description="Highest ones, themselves included")
    strongest_box: tuple[int, ...]
    max_count: float = Field(ge=0, description="Score of the strongest voxel")
    total_count: float = Field(ge=0, description="Sum of the scores")
    n_voxels: int = Field(gt=0)
    sample_id: int | None = Field(
        default=None, description="None: it lies in no sample's part of the pin, or there is one"
    )


class CrystalAnswer(BaseModel):
    """Crystals, the strongest first; none where nothing diffracts."""

    model_config = _STRICT

    crystals: tuple[FoundCrystal, ...] = ()
    dropped: int = Field(default=0, ge=0, description="Results too weak to be told from noise")
