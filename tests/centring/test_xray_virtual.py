"""X-ray centring against the virtual beamline's own physics and geometry: spots of crystals at known places."""

import numpy as np
import pytest
from burst_support import make_burst
from frames_support import lysozyme, panel
from scipy.spatial.transform import Rotation

from mxplans.centring import locate_crystals, score_frames
from mxplans.geometry import GridPlan
from mxplans.model import FrameSpots, Pose, Spot
from mxplans_sim.diffraction.render import Scene

HOME = Pose(x_mm=0.3, y_mm=-0.15, z_mm=0.1, omega_deg=20.0)
THIN = panel(frames="thin", dead_px=0, hot_px=0)
BEAM_UM = 20.0


def crystal(rng, size_um=(30, 20, 15), spread_mm=(0.12, 0.06, 0.06)):
    centre = -np.array(HOME.xyz_mm) + rng.uniform(-1, 1, 3) * spread_mm
    seed = int(rng.integers(1e6))
    box = tuple(map(tuple, Rotation.random(random_state=seed).as_matrix().tolist()))
    return lysozyme(centre.tolist(), tuple(size / 2000 for size in size_um), seed, box)


def scan(crystals, omega_deg, columns=20, rows=13):
    """The frames of a grid as the virtual detector lists their spots, put in their boxes."""
    grid = GridPlan(HOME.model_copy(update={"omega_deg": omega_deg}), columns, rows, 20.0)
    images = range(1, grid.rows * grid.columns + 1)
    motors = np.array([grid.pose(*grid.box_of_image(image)).xyz_mm for image in images])
    burst = make_burst(
        tuple(crystals),
        len(motors),
        spindle_mm=motors,
        omega_start_deg=np.full(len(motors), omega_deg),
        omega_width_deg=0.0,
        beam_fwhm_um=(BEAM_UM, BEAM_UM),
        flux_hz=4e12,
        exposure_s=0.05,
    )
    scene, room = Scene.of(burst, THIN, 1), np.empty((THIN.ny, THIN.nx), np.uint32)
    found = []
    for index, image in enumerate(images):
        table = scene.render(index, image, room)
        spots = tuple(Spot(x_px=x, y_px=y, intensity=i, sigma=s, d_a=d) for x, y, i, s, d in table.tolist())
        found.append(FrameSpots(image=image, spots=spots))
    return score_frames(grid, found)


def error_um(candidate, truth):
    return np.linalg.norm(np.array(candidate.pose.xyz_mm) + truth.body.volume_and_centre()[1]) * 1000


@pytest.mark.parametrize("apart_deg", [90.0, -60.0, 120.0])
def test_single_crystals_are_found_where_they_are(apart_deg):
    rng = np.random.default_rng(2)
    errors = []
    for _ in range(4):
        truth = crystal(rng)
        found = locate_crystals([scan([truth], 20.0), scan([truth], 20.0 + apart_deg)], BEAM_UM)
        assert len(found.candidates) == 1
        errors.append(error_um(found.candidates[0], truth))
    # The threshold of the spot finder cuts the rims of faint spots: twice what pure counts would allow.
    assert max(errors) < 2 * 2.5 / abs(np.sin(np.radians(apart_deg)))


def test_three_crystals_are_found_and_none_is_invented():
    crystals = [
        lysozyme((-np.array(HOME.xyz_mm) + offset).tolist(), (half / 1000,) * 3, seed)
        for offset, half, seed in (
            ((-0.12, 0.05, -0.04), 12, 1),
            ((0.0, -0.06, 0.05), 15, 2),
            ((0.13, 0.02, 0.06), 10, 3),
        )
    ]
    found = locate_crystals([scan(crystals, 20.0), scan(crystals, 110.0)], BEAM_UM)
    assert len(found.candidates) == 3 and found.unpaired == ()
    for candidate in found.candidates:
        assert min(error_um(candidate, truth) for truth in crystals) < 6


def test_no_crystal_is_no_diffraction_with_its_evidence():
    found = locate_crystals([scan([], 20.0), scan([], 110.0)], BEAM_UM)
    assert found.candidates == found.unpaired == ()
    dark = {f"{name}_{view}": 0 for name in ("significance", "background", "blobs") for view in "ab"}
    assert found.evidence == dark | {"threshold": 5}
