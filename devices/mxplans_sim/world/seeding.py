"""Chance from a seed. The same seed, sample, puck and pin always give the same specimen."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from mxplans_sim.settings.samples import SampleMix, SampleTruth
from mxplans_sim.world.dewar import PinInDewar
from mxplans_sim.world.growing import crystals_on, drop_around, ice_over
from mxplans_sim.world.mounting import loop_on, misplaced, straight_pin
from mxplans_sim.world.specimen import Mount, Specimen
from mxplans_sim.world.thaw import thawed


def rng_for(seed: int, *names: object) -> np.random.Generator:
    """A generator that depends on a seed and on names, and on nothing else."""
    digest = hashlib.sha256("|".join(map(str, names)).encode()).digest()
    return np.random.default_rng([seed, *np.frombuffer(digest, dtype=np.uint32).tolist()])


def draw_truth(seed: int, pin: PinInDewar, mix: SampleMix) -> SampleTruth:
    """What chance makes of a sample that the world file does not name."""
    return mix.draw(float(rng_for(seed, "class", pin.name, pin.puck, pin.pin).random()))


def make_specimen(seed: int, pin: PinInDewar, truth: SampleTruth) -> Specimen:
    """What hangs on a pin."""
    rng = rng_for(seed, pin.name, pin.puck, pin.pin)
    # What only some specimens have is drawn apart, so that all others of a seed stay as they are.
    more = rng_for(seed, "more", pin.name, pin.puck, pin.pin)
    offset_x = float(rng.uniform(-0.3, 0.3))
    mount = Mount(foreign=truth.wrong_slot)
    if truth.empty:
        bare = Specimen(pin.name, None, (), straight_pin(abs(offset_x), None), mount)
        return _unsteady(misplaced(bare, more, truth), truth)
    # Places without a sample are there as well, up to the last one that has one.
    loop = loop_on(rng, offset_x, pin.samples[-1].position if pin.multi else 0)
    crystals = () if truth.no_crystal else crystals_on(rng, more, pin, truth, loop)
    specimen = Specimen(
        pin.name,
        loop,
        crystals,
        straight_pin(max(0.0, offset_x), loop),
        mount,
        drops=(drop_around(more, loop),) if truth.crystal_on == "drop" else (),
        ice=ice_over(more, loop) if truth.iced else (),
    )
    placed = _unsteady(misplaced(specimen, more, truth), truth)
    return thawed(placed, 1.0) if truth.refrozen else placed


def _unsteady(specimen: Specimen, truth: SampleTruth) -> Specimen:
    return replace(specimen, frost_um_h=truth.frost_um_h, vibration_um=truth.vibration_um)
