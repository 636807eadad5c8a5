"""What is wrong with a specimen, told from its bodies alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mxplans_sim.world.shadow import film
from mxplans_sim.world.specimen import Crystal, Loop, Specimen

BENT_DEG = 11.0
WRONG_LENGTH_MM = 0.5
MANY_BALLS = 5
SALT_CELL_A3 = 5000.0


def truth_class(specimen: Specimen | None) -> str:
    """The class of a specimen, one of those that the world file can ask for; no specimen is a missing pin.

    Of several things that are wrong it is the one that is noticed first.
    """
    if specimen is None:
        return "missing"
    return next((name for name, is_so in _CLASSES.items() if is_so(specimen)), "good")


_CLASSES: dict[str, Callable[[Specimen], bool]] = {
    "wrong_slot": lambda specimen: specimen.mount.foreign,
    "empty": lambda specimen: specimen.loop is None and specimen.pin is not None,
    "bent": lambda specimen: specimen.mount.bend_deg > BENT_DEG,
    "too_long": lambda specimen: specimen.mount.length_error_mm > WRONG_LENGTH_MM,
    "too_short": lambda specimen: specimen.mount.length_error_mm < -WRONG_LENGTH_MM,
    "refrozen": lambda specimen: specimen.thawed_frac > 0,
    "iced": lambda specimen: len(specimen.ice) > MANY_BALLS,
    "frost": lambda specimen: specimen.frost_um_h > 0,
    "vibration": lambda specimen: specimen.vibration_um > 0,
    "no_crystal": lambda specimen: not specimen.crystals,
    "in_drop": lambda specimen: bool(specimen.drops) and not _any_in_loop(specimen) and specimen.pin is not None,
    "on_stem": lambda specimen: specimen.loop is not None and not _any_in_loop(specimen),
    "no_diffraction": lambda specimen: not any(crystal.strength for crystal in specimen.crystals),
    "salt": lambda specimen: all(_volume_a3(crystal) < SALT_CELL_A3 for crystal in specimen.crystals),
    "split": lambda specimen: any(crystal.second is not None for crystal in specimen.crystals),
    "multiple": lambda specimen: len(specimen.crystals) > 1,
}


def _any_in_loop(specimen: Specimen) -> bool:
    return specimen.loop is not None and any(_is_in_loop(crystal, specimen.loop) for crystal in specimen.crystals)


def _is_in_loop(crystal: Crystal, loop: Loop) -> bool:
    centre, rotation, half_axes = film(loop)
    local = (np.array(crystal.centre_mm) - centre) @ rotation / half_axes
    # What sticks out of a thin film is still in the loop.
    return bool(np.hypot(local[0], local[1]) < 1.2)


def _volume_a3(crystal: Crystal) -> float:
    a, b, c, *angles = crystal.cell
    cosines = np.cos(np.radians(angles))
    return float(a * b * c * np.sqrt(1 - (cosines**2).sum() + 2 * cosines.prod()))
