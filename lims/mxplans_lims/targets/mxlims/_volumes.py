"""Volumes that X-ray centring has looked through, and what it found there, in the words of MXLIMS."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from mxplans_lims.names import without_none
from mxplans_lims.records import GridRecord, XrayCentre
from mxplans_lims.targets.mxlims.units import um_to_mm


def result_volume(crystals: Sequence[XrayCentre], omega_deg: float) -> dict[str, Any] | None:
    """The crystals as points around the best one, which they are counted from; None without any.

    `coordinates` are travel of the centring motors (mm) from `position`, which has the best one in the beam. A list that
    does not have a value for each crystal is left out.

    Args:
        crystals: Best first.
        omega_deg: Of the first grid.
    """
    if not crystals:
        return None
    best = crystals[0]
    intensities = [crystal.values.get("xrc_total") for crystal in crystals]
    counts = [crystal.values.get("xrc_n_spots") for crystal in crystals]
    reached = [crystal.values.get("xrc_d_est_angstrom") for crystal in crystals]
    return without_none(
        {
            "position": {"sampleX": best.x_mm, "sampleY": best.y_mm, "sampleZ": best.z_mm, "omega": omega_deg},
            "coordinates": [
                [crystal.x_mm - best.x_mm, crystal.y_mm - best.y_mm, crystal.z_mm - best.z_mm] for crystal in crystals
            ],
            "grouping": list(range(1, len(crystals) + 1)),
            "intensities": intensities if None not in intensities else None,
            "resolutions": reached if all(reached) else None,
            "reflectionCounts": counts if None not in counts else None,
        }
    )


def box_mm(grids: Sequence[GridRecord]) -> list[float]:
    """Horizontal, vertical and along the beam at the first grid's omega, of all that was looked at.

    The depth is what the grids show that look most nearly from the side; without any it is nothing.
    """
    first_deg = grids[0].centre["omega_deg"]

    def sine(grid: GridRecord) -> float:
        return round(abs(math.sin(math.radians(grid.centre["omega_deg"] - first_deg))), 6)

    side = max(map(sine, grids))
    along = [_span_mm(grid.centre["x_mm"], grid.columns * grid.step_um) for grid in grids]
    face = [_span_mm(_height_mm(grid), grid.rows * grid.row_step_um) for grid in grids if sine(grid) == 0]
    edge = [_span_mm(_height_mm(grid), grid.rows * grid.row_step_um) for grid in grids if sine(grid) == side > 0]
    return [_reach_mm(spans) for spans in (along, face, edge)]


def _height_mm(grid: GridRecord) -> float:
    """Of what its middle puts into the beam, across in its image."""
    omega = math.radians(grid.centre["omega_deg"])
    return grid.centre["y_mm"] * math.cos(omega) - grid.centre["z_mm"] * math.sin(omega)


def _span_mm(middle_mm: float, size_um: float) -> tuple[float, float]:
    return middle_mm - um_to_mm(size_um) / 2, middle_mm + um_to_mm(size_um) / 2


def _reach_mm(spans: Sequence[tuple[float, float]]) -> float:
    return max(high for _, high in spans) - min(low for low, _ in spans) if spans else 0.0
