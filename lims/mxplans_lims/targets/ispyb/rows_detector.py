"""Columns of a data collection that tell of the detector: distance, beam centre, and the resolution that follows."""

from __future__ import annotations

import math
from typing import Any

from mxplans_lims.executed import ExecutedSweep
from mxplans_lims.targets.ispyb.units import ev_to_angstrom, px_to_mm, resolution_angstrom


def detector_columns(sweep: ExecutedSweep) -> dict[str, Any]:
    """Distance and beam centre (mm); `resolution` at the nearest edge (A), `resolutionAtCorner` at the farthest corner."""
    facts = sweep.detector
    distance = sweep.measured.distance_mm or facts.distance_mm
    centre = _centre_mm(sweep)
    columns: dict[str, Any] = {"detectorDistance": distance}
    if centre is None:
        return columns
    columns |= {"xBeam": centre[0], "yBeam": centre[1]}
    energy = sweep.measured.energy_ev or facts.energy_ev
    if not (distance and energy and facts.width_px and facts.height_px and facts.pixel_x_um and facts.pixel_y_um):
        return columns
    width = px_to_mm(facts.width_px, facts.pixel_x_um)
    height = px_to_mm(facts.height_px, facts.pixel_y_um)
    nearest = min(centre[0], width - centre[0], centre[1], height - centre[1])
    farthest = math.hypot(max(centre[0], width - centre[0]), max(centre[1], height - centre[1]))
    wavelength = ev_to_angstrom(energy)
    if nearest > 0:
        columns["resolution"] = resolution_angstrom(nearest, distance, wavelength)
    return columns | {"resolutionAtCorner": resolution_angstrom(farthest, distance, wavelength)}


def _centre_mm(sweep: ExecutedSweep) -> tuple[float, float] | None:
    facts = sweep.detector
    if facts.beam_centre_x_px is None or facts.beam_centre_y_px is None:
        return None
    if facts.pixel_x_um is None or facts.pixel_y_um is None:
        return None
    return px_to_mm(facts.beam_centre_x_px, facts.pixel_x_um), px_to_mm(facts.beam_centre_y_px, facts.pixel_y_um)
