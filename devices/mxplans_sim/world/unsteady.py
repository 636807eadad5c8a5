"""What changes on a specimen by itself: frost that grows, and a loose mount that shakes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from mxplans_sim.world.hooks import FaultSource
from mxplans_sim.world.seeding import rng_for
from mxplans_sim.world.shadow import FIBRE_RADIUS_MM, ring, stem
from mxplans_sim.world.specimen import Ice, Loop, Specimen, as_vector

Array = npt.NDArray[np.float64]

GRAINS = 60
GRAINS_AFTER_H = 2.0
"""All grains have begun to grow by then."""
LARGEST_MM = 0.08


def with_faults(specimen: Specimen, faults: FaultSource, sample: str) -> Specimen:
    """The specimen with what goes wrong with it now.

    Args:
        specimen: As it is by itself.
        faults: Asked for `frost_grows`, `sample_vibrates` and `weak_diffraction`.
        sample: Its name.
    """
    frost, shake = faults.active("frost_grows", sample=sample), faults.active("sample_vibrates", sample=sample)
    weak = faults.active("weak_diffraction", sample=sample)
    if frost is not None:
        specimen = replace(specimen, frost_um_h=float(frost["um_h"]))
    if shake is not None:
        specimen = replace(specimen, vibration_um=float(shake["um"]))
    if weak is not None:
        factor = float(weak["factor"])
        crystals = tuple(replace(crystal, strength=crystal.strength * factor) for crystal in specimen.crystals)
        specimen = replace(specimen, crystals=crystals)
    return specimen


def frosted(specimen: Specimen, hours: float, seed: int) -> Specimen:
    """The specimen after some hours in moist gas, with the frost that has grown on it by then.

    Grains stay where they are and only grow, so that more hours always mean more ice.

    Args:
        specimen: As it was mounted.
        hours: Since then.
        seed: Of the places of the grains.
    """
    loop = specimen.loop
    if loop is None or not specimen.frost_um_h or hours <= 0:
        return specimen
    rng = rng_for(seed, "frost", specimen.name)
    places, born_h = _surface(rng, specimen, loop), np.sort(rng.uniform(0, GRAINS_AFTER_H, GRAINS))
    radii_mm = np.minimum(specimen.frost_um_h / 1000 * (hours - born_h), LARGEST_MM)
    grains = tuple(
        Ice(as_vector(place), float(radius))
        for place, radius in zip(places, radii_mm, strict=True)
        if radius > 0.1 * FIBRE_RADIUS_MM
    )
    return replace(specimen, ice=specimen.ice + grains)


def _surface(rng: np.random.Generator, specimen: Specimen, loop: Loop) -> Array:
    """Places on the fibres and on the liquid, (GRAINS, 3)."""
    strands = [ring(loop)] if specimen.pin is None else [ring(loop), *stem(loop, specimen.pin)]
    on_fibres = np.concatenate(strands)
    fibres = on_fibres[rng.integers(len(on_fibres), size=GRAINS)]
    angle, out = rng.uniform(0, 2 * np.pi, GRAINS), 0.4 * np.sqrt(rng.uniform(size=GRAINS))
    local = np.column_stack([-0.54 * loop.length_mm + loop.length_mm * out * np.cos(angle), out * np.sin(angle)])
    local[:, 1] *= loop.width_mm
    on_liquid = np.column_stack([local, rng.choice([-1, 1], GRAINS) * loop.liquid_half_thickness_mm])
    liquid = np.array(loop.neck_mm) + on_liquid @ np.array(loop.rotation).T
    return np.where(rng.uniform(size=(GRAINS, 1)) < 0.6, fibres, liquid)


def shake_mm(specimen: Specimen, seed: int, *moment: object) -> Array:
    """How far a loose specimen is from its place at a moment, lab frame (3,).

    Args:
        specimen: Tells how loose it is.
        seed: Of the world.
        moment: Names what is observed: a camera and the number of its frame, a burst and its frame.
    """
    if not specimen.vibration_um:
        return np.zeros(3)
    return rng_for(seed, "vibration", specimen.name, *moment).normal(0.0, specimen.vibration_um / 1000, 3)
