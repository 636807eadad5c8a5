"""What of a specimen stands in the beam, and so shines: its elements, weighted by the way of the beam through them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from mxplans_sim.world.burst import Burst
from mxplans_sim.world.irradiation import FWHM_SIGMAS, irradiance, is_in_beam, nodes
from mxplans_sim.world.shadow import film
from mxplans_sim.world.specimen import Specimen

Array = npt.NDArray[np.float64]

_STEPS = np.linspace(-1.5, 1.5, 7)
_WEIGHTS = np.exp(-0.5 * _STEPS**2)
"""Rays over a beam, in its standard deviations."""


def in_the_beam(burst: Burst, everywhere: Mapping[str, float], thickness_mm: float) -> dict[str, float] | None:
    """Elements that a beam meets, as mmol/l of a layer that is so thick; None when it meets nothing.

    Args:
        burst: One frame: where specimen and beam stand. Its flux does not matter.
        everywhere: Elements of liquid and crystals alike, mmol/l.
        thickness_mm: Of the layer.
    """
    specimen = burst.specimen
    if specimen is None:
        return None
    lit = replace(burst.part(0, 1), flux_hz=np.ones(1))
    ways_mm = [_crystal_mm(lit, index) for index in range(len(specimen.crystals))]
    # A crystal takes the place of liquid, or stands alone.
    way_mm = max(_liquid_mm(lit, specimen), sum(ways_mm))
    if not way_mm:
        return None
    found = {element: amount * way_mm / thickness_mm for element, amount in everywhere.items()}
    for crystal, crystal_mm in zip(specimen.crystals, ways_mm, strict=True):
        for element, amount in crystal.absorbers if crystal_mm else ():
            found[element] = found.get(element, 0.0) + amount * crystal_mm / thickness_mm
    return found


def _crystal_mm(lit: Burst, index: int) -> float:
    """Mean way of the beam's photons through a crystal."""
    crystal = lit.specimen.crystals[index] if lit.specimen else None
    if crystal is None or not is_in_beam(lit, crystal):
        return 0.0
    points, volumes_mm3 = nodes(crystal)
    return float(irradiance(lit, points)[0] @ volumes_mm3)


def _liquid_mm(lit: Burst, specimen: Specimen) -> float:
    """Mean way of the beam's photons through the liquid of loop and drops, which are ellipsoids."""
    bodies = [(np.array(d.centre_mm), np.array(d.rotation), np.array(d.half_axes_mm)) for d in specimen.drops]
    if specimen.loop is not None:
        bodies.append(film(specimen.loop))
    sigma_mm = np.array(lit.beam_fwhm_um) / FWHM_SIGMAS / 1000
    x, y = np.meshgrid(lit.beam_mm[0, 0] + _STEPS * sigma_mm[0], lit.beam_mm[0, 1] + _STEPS * sigma_mm[1])
    weights = np.outer(_WEIGHTS, _WEIGHTS) / _WEIGHTS.sum() ** 2
    return sum(float((_chord_mm(lit, *body, x, y) * weights).sum()) for body in bodies)


def _chord_mm(lit: Burst, centre_mm: Array, axes: Array, half_axes_mm: Array, x: Array, y: Array) -> Array:
    """Length of rays along the beam within an ellipsoid."""
    middle, *ends = lit.seen_mm(np.vstack([centre_mm, centre_mm + axes.T]))[0]
    # Columns are the ellipsoid's axes in the image frame, in units of its half axes.
    scale = (np.array(ends) - middle) / half_axes_mm[:, None]
    begin = np.stack([x - middle[0], y - middle[1], np.zeros_like(x)], axis=-1) @ scale.T
    along = scale[:, 2]
    a, b, c = along @ along, begin @ along, (begin**2).sum(axis=-1) - 1.0
    return np.asarray(2 * np.sqrt(np.maximum(b**2 - a * c, 0.0)) / a)
