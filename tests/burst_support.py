"""Bursts of frames by hand: a specimen at rest or turning in a beam that does not change."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mxplans_sim.world.burst import Burst
from mxplans_sim.world.specimen import Crystal, Specimen


def make_burst(
    crystals: Sequence[Crystal] | None, number: int, x_mm: Any = 0.0, flux_hz: Any = 1e12, **changes: Any
) -> Burst:
    """Frames of 0.02 s and 0.2 deg from omega 10; None for an empty goniometer."""
    shift = np.zeros((number, 3))
    shift[:, 0] = x_mm
    width_deg = changes.get("omega_width_deg", 0.2)
    values: dict[str, Any] = {
        "specimen": None if crystals is None else Specimen("one", None, tuple(crystals)),
        "mount": np.eye(3),
        "spindle_mm": shift,
        "lab_mm": np.zeros((number, 3)),
        "omega_start_deg": 10.0 + np.arange(number) * width_deg,
        "omega_width_deg": width_deg,
        "exposure_s": 0.02,
        "beam_mm": np.zeros((number, 2)),
        "beam_fwhm_um": (50.0, 50.0),
        "beam_profile": "gaussian",
        "flux_hz": np.full(number, flux_hz),
        "energy_ev": 12658.0,
        "distance_mm": 100.0,
        "ends_at_s": 0.0,
    }
    return Burst(**(values | changes))
