"""Grids of counts by hand: boxes of crystal through a Gaussian beam, with the conventions written out once more."""

import numpy as np
from scipy.spatial.transform import Rotation

from mxplans.centring import GridView
from mxplans.geometry import GridPlan
from mxplans.model import Pose

CENTRE = Pose(x_mm=0.1, y_mm=-0.2, z_mm=0.05, omega_deg=30.0)


def counts(grid, crystals, rng, fwhm_um=20.0, peak=300.0, level=1.0):
    """Counts per box: points of each crystal (centre mm, half sizes mm, rotation) through a Gaussian beam."""
    sigma_mm = fwhm_um / 2355
    expected = np.zeros((grid.rows, grid.columns))
    for centre, half, rotation in crystals:
        points = rng.uniform(-1, 1, (2000, 3)) * half @ rotation.T + centre
        w = np.radians(grid.centre.omega_deg)
        columns = np.array([grid.pose(0, column).x_mm for column in range(grid.columns)])
        rows = np.array([grid.pose(row, 0).xyz_mm[1:] for row in range(grid.rows)]) @ [np.cos(w), -np.sin(w)]
        across = points[:, 1] * np.cos(w) - points[:, 2] * np.sin(w)
        seen_x = np.exp(-((points[:, 0, None] + columns) ** 2) / (2 * sigma_mm**2))
        seen_y = np.exp(-((across[:, None] + rows) ** 2) / (2 * sigma_mm**2))
        expected += seen_y.T @ seen_x * (np.prod(half) / len(points))
    if expected.max() > 0:
        expected *= peak / expected.max()
    return GridView(grid, rng.poisson(expected + level).astype(float), np.zeros(expected.shape, dtype=np.int64))


def views(crystals, rng, second_deg=90.0, columns=20, rows=14, **more):
    turned = CENTRE.model_copy(update={"omega_deg": CENTRE.omega_deg + second_deg})
    return [counts(GridPlan(pose, columns, rows, 20.0), crystals, rng, **more) for pose in (CENTRE, turned)]


def crystal(rng, half_um=(15, 10, 7.5), spread_mm=(0.12, 0.06, 0.06)):
    # In the goniometer frame the beam's place is minus the motors.
    centre = -np.array(CENTRE.xyz_mm) + rng.uniform(-1, 1, 3) * spread_mm
    return centre, np.array(half_um) / 1000, Rotation.random(random_state=int(rng.integers(1e6))).as_matrix()


def lit(grid, *boxes, photons=100.0):
    """A grid without noise, dark but for some boxes."""
    score = np.zeros((grid.rows, grid.columns))
    for box in boxes:
        score[box] = photons
    return GridView(grid, score, (score / 10).astype(np.int64))


def turned(degrees, pose=CENTRE):
    """The pose at another omega."""
    return pose.model_copy(update={"omega_deg": pose.omega_deg + degrees})
