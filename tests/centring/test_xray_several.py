"""Four crystals at random on one pin: none is invented, and what is not told is reported as a line of sight."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from xray_support import CENTRE, counts, turned

from mxplans.centring import locate_crystals
from mxplans.geometry import GridPlan

SAMPLES, CRYSTALS, STEP_UM, BEAM_UM = 60, 4, 20.0, 15.0


def sample(seed):
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(CRYSTALS):
        centre = -np.array(CENTRE.xyz_mm) + rng.uniform(-1, 1, 3) * (0.15, 0.09, 0.09)
        rotation = Rotation.random(random_state=int(rng.integers(1e6))).as_matrix()
        found.append((centre, rng.uniform(8, 25, 3) / 1000, rotation))
    return found, rng


@pytest.mark.parametrize(("angles", "found_least"), [((0.0, 90.0), 0.65), ((0.0, 90.0, 45.0), 0.7)])
def test_no_ghosts_and_most_crystals(angles, found_least):
    ghosts = seen = told = 0
    for seed in range(SAMPLES):
        crystals, rng = sample(seed)
        grids = [GridPlan(turned(degrees), 25, 16, STEP_UM) for degrees in angles]
        found = locate_crystals(
            [counts(grid, crystals, rng, fwhm_um=BEAM_UM, peak=250.0, level=0.5) for grid in grids], BEAM_UM
        )
        truth = -np.array([centre for centre, _, _ in crystals])
        places = np.array([candidate.pose.xyz_mm for candidate in found.candidates]).reshape(-1, 3)
        apart = np.linalg.norm(places[:, None] - truth, axis=2) * 1000 / STEP_UM
        ghosts += np.count_nonzero(apart.min(axis=1, initial=np.inf) > 1.5)
        seen += np.count_nonzero(apart.min(axis=0, initial=np.inf) < 1.0)
        told += bool(found.candidates or found.unpaired)
    # At the measured 0.01 per sample three or more in 60 are seen once in 40 seeds; the benchmark takes more samples.
    assert ghosts <= 2
    assert seen >= found_least * SAMPLES * CRYSTALS
    assert told == SAMPLES
