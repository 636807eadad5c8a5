"""Specimens before the virtual cameras, on a goniometer written out by hand."""

import math

import numpy as np

from mxplans_sim.settings.samples import SampleTruth
from mxplans_sim.world.dewar import PinInDewar, Sample
from mxplans_sim.world.placement import Placement
from mxplans_sim.world.seeding import make_specimen


def at_motors(x_mm, y_mm, z_mm, omega_deg):
    """On translations above a right-handed omega: y' = y cos w - z sin w, z' = y sin w + z cos w."""
    c, s = math.cos(math.radians(omega_deg)), math.sin(math.radians(omega_deg))
    turn = np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])
    return Placement(turn, turn @ np.array([x_mm, y_mm, z_mm]))


def pin(name="one", acronym="Lyso", puck=1, position=1):
    return PinInDewar(puck, position, "", (Sample(name, acronym),))


def specimen(seed=1, **truth):
    return make_specimen(seed, pin(), SampleTruth(**truth))


def tip_mm(loop):
    """End of a loop: its length before its neck."""
    return np.array(loop.neck_mm) - loop.length_mm * np.array(loop.rotation)[:, 0]
