"""One sweep against a beamline's limits."""

from __future__ import annotations

import math
from collections.abc import Iterator

from mxplans.model import Sweep
from mxplans.model.sweeps import GRIDS, ROTATING
from mxplans.schedule.limits import BeamlineLimits, Range, Violation, distance_of_resolution_mm

_ROUNDING = 1e-9
"""Absolute in deg and mm, relative for speeds: a sum or a quotient of floats may miss a limit that it meets exactly."""


def violations_of(name: str, sweep: Sweep, limits: BeamlineLimits) -> Iterator[Violation]:
    """What is wrong with one sweep, whatever the others are."""
    if sweep.exposure_s < limits.frame_time_min_s:
        allowed = f"{limits.frame_time_min_s:g} s or more an image"
        remedy = f"expose {limits.frame_time_min_s:g} s or longer"
        yield Violation(f"{name}: exposure", f"{sweep.exposure_s:g} s", allowed, remedy)
    if sweep.transmission_frac < limits.transmission_min_frac:
        allowed = f"{limits.transmission_min_frac:g} or more"
        remedy = "transmit more and expose shorter"
        yield Violation(f"{name}: transmission", f"{sweep.transmission_frac:g}", allowed, remedy)
    if sweep.aperture is not None and sweep.aperture not in limits.apertures:
        yield Violation(f"{name}: aperture", sweep.aperture, ", ".join(limits.apertures), "name one of these, or none")
    yield from _outside(f"{name}: energy", sweep.energy_ev, "eV", limits.energy_range_ev)
    yield from _outside(f"{name}: distance", sweep.distance_mm, "mm", limits.distance_range_mm)
    energy_ev = sweep.energy_ev or limits.energy_ev
    if sweep.resolution_a is not None and sweep.distance_mm is None and energy_ev is not None:
        distance_mm = distance_of_resolution_mm(sweep.resolution_a, energy_ev, limits.detector_radius_mm)
        thing = f"{name}: distance for {sweep.resolution_a:g} A at {energy_ev:g} eV"
        yield from _outside(thing, distance_mm, "mm", limits.distance_range_mm)
    for axis, span in (("kappa", limits.kappa_range_deg), ("phi", limits.phi_range_deg), ("chi", limits.chi_range_deg)):
        angle_deg = getattr(sweep, f"{axis}_deg")
        if span is not None:
            yield from _outside(f"{name}: {axis}", angle_deg, "deg", span)
        elif angle_deg is not None:
            yield Violation(
                f"{name}: {axis}", f"{angle_deg:g} deg", f"none, since there is no {axis} here", "leave it out"
            )
    if sweep.sweep_type in ROTATING:
        yield from _of_omega(name, sweep, limits)
    yield from _of_places(name, sweep, limits)


def _of_omega(name: str, sweep: Sweep, limits: BeamlineLimits) -> Iterator[Violation]:
    speed, fastest, slowest = sweep.speed_deg_s, limits.omega_speed_max_deg_s, limits.omega_speed_min_deg_s
    if speed > fastest * (1 + _ROUNDING):
        remedy = f"expose {sweep.image_width_deg / fastest:g} s or longer, or take narrower images"
        yield Violation(f"{name}: omega's speed", f"{speed:g} deg/s", f"{fastest:g} deg/s or less", remedy)
    if speed < slowest * (1 - _ROUNDING):
        remedy = f"expose {sweep.image_width_deg / slowest:g} s or shorter, or take wider images"
        yield Violation(f"{name}: omega's speed", f"{speed:g} deg/s", f"{slowest:g} deg/s or more", remedy)
    if limits.omega_range_deg is not None:
        run_up_deg = limits.omega_run_up_s * speed
        ends = (sweep.omega_start_deg - run_up_deg, sweep.omega_start_deg + sweep.width_deg + run_up_deg)
        for end in ends:
            yield from _outside(f"{name}: omega with its run-up", end, "deg", limits.omega_range_deg)


def _of_places(name: str, sweep: Sweep, limits: BeamlineLimits) -> Iterator[Violation]:
    """Translations: how far and how fast."""
    spans = {"x": limits.x_range_mm, "y": limits.y_range_mm, "z": limits.z_range_mm}
    half = _half_grid_mm(sweep) if sweep.sweep_type in GRIDS else (0.0, 0.0, 0.0)
    for place in (sweep.start, sweep.end):
        for (axis, span), extent in zip(spans.items(), half, strict=True):
            if place is not None:
                centre: float = getattr(place, f"{axis}_mm")
                for end in sorted({centre - extent, centre + extent}):
                    yield from _outside(f"{name}: {axis}", end, "mm", span)
    speed, fastest = _speed_mm_s(sweep), limits.translation_speed_max_mm_s
    if fastest is not None and speed > fastest * (1 + _ROUNDING):
        remedy = f"expose {sweep.exposure_s * speed / fastest:g} s or longer, or take smaller steps"
        yield Violation(f"{name}: speed of the sample", f"{speed:g} mm/s", f"{fastest:g} mm/s or less", remedy)


def _half_grid_mm(sweep: Sweep) -> tuple[float, float, float]:
    """How far a grid reaches from its centre in x, y and z: its upright side turns with omega."""
    along = sweep.images_per_line * (sweep.step_um or 0) / 2000
    across = sweep.number_lines * (sweep.line_step_um or 0) / 2000
    flat, upright = (across, along) if sweep.vertical else (along, across)
    omega = math.radians(sweep.omega_start_deg)
    return (flat, upright * abs(math.cos(omega)), upright * abs(math.sin(omega)))


def _speed_mm_s(sweep: Sweep) -> float:
    """How fast the sample moves during images."""
    if sweep.sweep_type in GRIDS:
        return (sweep.step_um or 0) / 1000 / sweep.exposure_s
    if sweep.start is None or sweep.end is None:
        return 0.0
    return math.dist(sweep.start.xyz_mm, sweep.end.xyz_mm) / (sweep.number_images * sweep.exposure_s)


def _outside(thing: str, value: float | None, unit: str, span: Range) -> Iterator[Violation]:
    if value is not None and not span[0] - _ROUNDING <= value <= span[1] + _ROUNDING:
        allowed = f"{span[0]:g} to {span[1]:g} {unit}" if span[0] < span[1] else f"{span[0]:g} {unit} only"
        yield Violation(thing, f"{value:g} {unit}", allowed, "ask for a value within")
