"""Dose of an experiment at a beamline: what its sweeps give to the places of a sample."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from mxplans.errors import LimitExceeded
from mxplans.model import Position, Sweep
from mxplans.schedule.dose import sweep_dose_mgy
from mxplans.schedule.limits import BeamlineLimits


def sweep_doses_mgy(sweeps: Sequence[Sweep], limits: BeamlineLimits) -> tuple[float | None, ...]:
    """Largest dose of each sweep at a point of the sample; None where flux, aperture or energy are not known."""
    return tuple(_dose_mgy(sweep, limits) for sweep in sweeps)


def experiment_dose_mgy(sweeps: Sequence[Sweep], limits: BeamlineLimits) -> float | None:
    """Largest dose at a place of the sample of all sweeps; None where that of one is not known."""
    doses = sweep_doses_mgy(sweeps, limits)
    known = [(sweep, dose) for sweep, dose in zip(sweeps, doses, strict=True) if dose is not None]
    if len(known) < len(sweeps):
        return None
    beams = [limits.apertures[sweep.aperture or limits.aperture].size_um for sweep in sweeps]
    widest = (max((beam[0] for beam in beams), default=0.0), max((beam[1] for beam in beams), default=0.0))
    return largest_dose_mgy(known, widest)


def _dose_mgy(sweep: Sweep, limits: BeamlineLimits) -> float | None:
    beam, energy_ev = limits.apertures.get(sweep.aperture or limits.aperture), sweep.energy_ev or limits.energy_ev
    if limits.flux_ph_s is None or beam is None or energy_ev is None:
        return None
    try:
        return sweep_dose_mgy(sweep, energy_ev, limits.flux_ph_s * beam.flux_frac, beam.size_um, limits.profile)
    except LimitExceeded:
        return None  # the energy is outside the table


def largest_dose_mgy(doses: Sequence[tuple[Sweep, float]], beam_um: tuple[float, float]) -> float:
    """Dose of the place that got most, from what each sweep gives.

    Sweeps add up where the places they name are nearer than the beam is wide, or where they name the same crystal by
    number; one that names no place adds to all.
    """
    near_mm = max(beam_um) / 1000
    everywhere = math.fsum(dose for sweep, dose in doses if not _named(sweep))
    placed: dict[tuple[Position | None, int | None], float] = {}
    for sweep, dose in doses:
        if _named(sweep):
            place = (sweep.start, None if sweep.start is not None else sweep.position)
            placed[place] = placed.get(place, 0.0) + dose
    return everywhere + max(_sums(placed, near_mm), default=0.0)


def _named(sweep: Sweep) -> bool:
    return sweep.start is not None or sweep.position is not None


def _sums(placed: dict[tuple[Position | None, int | None], float], near_mm: float) -> Iterator[float]:
    """For each place the dose of all that are near."""
    points = [((start.x_mm, start.y_mm, start.z_mm), dose) for (start, _), dose in placed.items() if start is not None]
    yield from (dose for (start, _), dose in placed.items() if start is None)
    for here, _ in points:
        yield math.fsum(dose for there, dose in points if math.dist(here, there) <= near_mm)
