"""What warmth does to a frozen sample: its glass turns into ice, and its crystals lose their order.

Glassy water turns into ice within a minute or so when it is warmed to about 150 K, and stays as it is below. What is
lost stays lost when the sample is cold again. The temperature is that of textbooks; the rate is a choice.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from mxplans_sim.world.cryo import Cryo
from mxplans_sim.world.shadow import film
from mxplans_sim.world.specimen import Ice, Loop, Specimen, as_vector

STEP_FRAC = 0.05
"""Damage goes in steps, so that a crystal is not another one at every look."""
LEFT_FRAC = 0.05
"""What a crystal diffracts at the end."""
_GRAINS, _GOLDEN_ANGLE = 30, 2.39996


def thawed(specimen: Specimen, frac: float) -> Specimen:
    """A specimen of whose glass a part has turned into ice.

    Args:
        specimen: As it was frozen.
        frac: The part; 0 to 1.
    """
    frac = STEP_FRAC * round(frac / STEP_FRAC)
    if frac <= 0:
        return specimen
    left = 1 - (1 - LEFT_FRAC) * frac
    crystals = tuple(replace(crystal, strength=crystal.strength * left) for crystal in specimen.crystals)
    ice = () if specimen.loop is None else _grains(specimen.loop, frac)
    return replace(specimen, crystals=crystals, ice=specimen.ice + ice, thawed_frac=max(specimen.thawed_frac, frac))


def _grains(loop: Loop, frac: float) -> tuple[Ice, ...]:
    """Balls of ice all over the film, set out like the seeds of a sunflower; together that part of its volume."""
    centre, rotation, half_axes = film(loop)
    radius = float((frac * half_axes.prod() / _GRAINS) ** (1 / 3))
    order = np.arange(_GRAINS)
    out, angle = 0.9 * np.sqrt((order + 0.5) / _GRAINS), _GOLDEN_ANGLE * order
    local = np.column_stack([out * np.cos(angle), out * np.sin(angle), np.zeros(_GRAINS)]) * half_axes
    return tuple(Ice(as_vector(place), radius) for place in centre + local @ rotation.T)


class Warmth:
    """How long the samples have been too warm, each over all of its times on the goniometer.

    Args:
        cryo: The cryostream.
    """

    def __init__(self, cryo: Cryo) -> None:
        self._cryo = cryo
        self._before_s: dict[str, float] = {}
        self._name = ""
        self._since_s = 0.0

    def mount(self, name: str) -> None:
        """Another sample stands in the stream from now on; an empty name for none."""
        if name == self._name:
            return
        if self._name and (warm_s := self._cryo.warm_s() - self._since_s) > 0:
            self._before_s[self._name] = self._before_s.get(self._name, 0.0) + warm_s
        self._name, self._since_s = name, self._cryo.warm_s()

    def frac(self) -> float:
        """Part of the glass of the sample in the stream that is ice by now.

        Where it is warm from the start, samples have never been frozen.
        """
        settings = self._cryo.settings
        if not self._name or settings.temperature_k > settings.devitrifies_k:
            return 0.0
        warm_s = self._before_s.get(self._name, 0.0) + self._cryo.warm_s() - self._since_s
        return -math.expm1(-warm_s / settings.devitrify_s)
