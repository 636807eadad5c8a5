"""Points of a sample where something was, or is to be, measured."""

from __future__ import annotations

from pydantic import Field

from mxplans.model._base import MxlimsModel
from mxplans.model._values import Count, FractionFromZero, Number, Positive, Whole


class PointCloud(MxlimsModel):
    """Points around a pose. All lists are parallel: the n-th value of each is about the n-th point."""

    position: dict[str, Number] = Field(
        description="Pose by axis, mm or deg, complete enough to collect there without more"
    )
    score: FractionFromZero | None = Field(default=None, description="How good cloud and pose are, 0 to 1, by the site")
    coordinates: tuple[tuple[Number, Number, Number], ...] | None = Field(
        default=None, description="Points relative to `position`, mm along the axes of the centring motors"
    )
    grouping: tuple[Whole, ...] | None = Field(default=None, description="0 background, 1 to n the crystals")
    intensities: tuple[Number, ...] | None = Field(default=None, description="Total intensity")
    resolutions: tuple[Positive, ...] | None = Field(default=None, description="Best resolution, A")
    reflection_counts: tuple[Count, ...] | None = Field(default=None, description="Number of reflections")
    dozor_scores: tuple[Number, ...] | None = Field(default=None, description="Dozor score")
