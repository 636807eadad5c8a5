"""Frames of the virtual detector with what is true of them."""

from dataclasses import dataclass

import numpy as np
from burst_support import make_burst
from scipy.spatial.transform import Rotation

from mxplans_sim.diffraction.panel import Panel
from mxplans_sim.diffraction.render import Scene
from mxplans_sim.settings import DetectorSettings
from mxplans_sim.world.specimen import Crystal

EYE = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def lysozyme(centre_mm=(0.0, 0.0, 0.0), half_mm=(0.025, 0.025, 0.025), seed=4, box=EYE):
    """A crystal of tetragonal lysozyme, its lattice by the seed."""
    lattice = tuple(map(tuple, Rotation.random(random_state=seed).as_matrix().tolist()))
    return Crystal(tuple(centre_mm), tuple(half_mm), box, (79.1, 79.1, 37.9, 90, 90, 90), "P 43 21 2", lattice)


def panel(**changes):
    """A detector of 512 x 512 pixels with two modules, dead and hot pixels."""
    settings = {"nx": 512, "ny": 517, "modules_y": 2, "background": 60.0, "dead_px": 30, "hot_px": 20}
    return Panel(DetectorSettings.model_validate(settings | changes), seed=5)


@dataclass
class Taken:
    """Frames (n, ny, nx), the scene that they show, and the mask."""

    frames: np.ndarray
    scene: Scene
    good: np.ndarray

    def truth(self, index):
        """Columns, rows and expected photons of the spots of a frame, and the background under each."""
        spots = self.scene.spots
        part = slice(spots.bounds[index], spots.bounds[index + 1])
        x, y = spots.x_px[part], spots.y_px[part]
        under = self.scene.dark[index].expected[np.rint(y).astype(int), np.rint(x).astype(int)]
        return x, y, spots.photons[part], under


def take(crystals, number=3, detector=None, seed=1, **burst):
    """Expose a crystal."""
    detector = detector or panel()
    scene = Scene.of(
        make_burst(crystals, number, **({"omega_width_deg": 0.5, "exposure_s": 0.1} | burst)), detector, seed
    )
    frames = np.empty((number, detector.ny, detector.nx), np.uint32)
    for index, frame in enumerate(frames):
        scene.render(index, index + 1, frame)
    return Taken(frames.astype(detector.dtype), scene, detector.mask == 0)
