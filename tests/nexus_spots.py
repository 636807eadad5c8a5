"""Spots of the images in an NXmx file, and where its geometry foretells them: written from the definitions of NeXus."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin  # noqa: F401  # the filter of the frames
import numpy as np
import nxmx
from nexus_support import matrices
from scipy.ndimage import center_of_mass, label, maximum
from scipy.spatial.transform import Rotation

AROUND_DEG = 0.3
"""A spot is seen this far from where its reflection diffracts exactly, as the crystal's mosaic blocks spread."""
NEAR_PX = 0.35
"""Counts of a spot scatter: its centre of mass is known to a few tenths of a pixel."""


@dataclass
class Seen:
    """One image: its spots (n, 2) column and row, centres of pixels at whole numbers, and where they are foretold."""

    spots: np.ndarray[Any, Any]
    foretold: np.ndarray[Any, Any]

    @property
    def explained_frac(self) -> float:
        """Part of the spots that stand where one is foretold."""
        away = np.linalg.norm(self.spots[:, None] - self.foretold[None], axis=2).min(axis=1)
        return float((away < NEAR_PX).mean())

    @property
    def off_px(self) -> np.ndarray[Any, Any]:
        """Median of found less foretold, over spots that are explained (2,)."""
        between = self.spots[:, None] - self.foretold[None]
        nearest = np.linalg.norm(between, axis=2).argmin(axis=1)
        off = between[np.arange(len(between)), nearest]
        return np.median(off[np.linalg.norm(off, axis=1) < NEAR_PX], axis=0)


def spots_in(frame: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Centres of mass of the strong spots of a frame."""
    counts = frame.astype(float)
    counts[frame == np.iinfo(frame.dtype).max] = 0
    ground = np.median(counts)
    patches, number = label(counts > ground + 8 * np.sqrt(ground + 1))
    tops = np.atleast_1d(maximum(counts, patches, range(1, number + 1)))
    strong = [n for n in range(1, number + 1) if tops[n - 1] > ground + 60 and (patches == n).sum() >= 4]
    return np.array(center_of_mass(np.maximum(counts - ground, 0), patches, strong)).reshape(-1, 2)[:, ::-1]


def turn(vector: Any, angle_deg: float) -> np.ndarray[Any, Any]:
    """Right-handed rotation about a vector."""
    return Rotation.from_rotvec(np.radians(angle_deg) * np.asarray(vector)).as_matrix()


def foretold(entry: Any, lattice: np.ndarray[Any, Any], image: int) -> np.ndarray[Any, Any]:
    """Where an image shows spots, by what the file says of goniometer, beam and detector (n, 2)."""
    omega = entry.samples[0].transformations[0].axes["omega"]
    begin = matrices(entry.samples[0].depends_on)[image, :3, :3]
    width = float((omega.end[image] - omega[image]).to("degree").magnitude.item())
    vector = np.array(omega.vector)
    reach = [turn(vector, -AROUND_DEG) @ begin, turn(vector, width + AROUND_DEG) @ begin]
    wavelength = entry.instruments[0].beams[0].incident_wavelength.to("angstrom").magnitude
    beam = np.array([0.0, 0.0, 1.0]) / wavelength
    half_turn = np.diag([-1.0, -1.0, 1.0])  # the world's image frame in the McStas frame
    h = np.stack(np.meshgrid(*[np.arange(-40, 41)] * 2, np.arange(-19, 20), indexing="ij"), -1).reshape(-1, 3)
    q = h @ (half_turn @ lattice).T
    q = q[(np.linalg.norm(q, axis=1) < 0.5) & h.any(axis=1)]
    first, last = (q @ rotation.T for rotation in reach)
    off = [np.einsum("ij,ij->i", side, side) + 2 * side @ beam for side in (first, last)]
    crosses = off[0] * off[1] < 0
    part = (off[0] / (off[0] - off[1]))[crosses, None]
    # Over a degree the chord is as good as the arc: to 1e-5 of the length.
    on_sphere = first[crosses] + part * (last[crosses] - first[crosses])
    return on_detector(entry.instruments[0].detectors[0], on_sphere + beam)


def on_detector(detector: Any, rays: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Column and row where rays from the sample meet the detector, centres of pixels at whole numbers."""
    (module,) = detector.modules
    axes = (module.fast_pixel_direction, module.slow_pixel_direction)
    fast, slow = (np.array(axis.vector) for axis in axes)
    size_mm = [axis[()].to("mm").magnitude.item() for axis in axes]
    origin = matrices(module.module_offset)[0, :3, 3]
    normal = np.cross(fast, slow)
    rays = rays[rays[:, 2] > 0]
    met = rays * (origin @ normal / (rays @ normal))[:, None] - origin
    return np.stack([met @ fast / size_mm[0], met @ slow / size_mm[1]], axis=1) - 0.5


def seen(path: Path, lattice: np.ndarray[Any, Any]) -> list[Seen]:
    """All images of a file."""
    with h5py.File(path, "r") as file:
        (entry,) = nxmx.NXmx(file).entries
        frames = file["entry/data/data"]
        return [Seen(spots_in(frames[n]), foretold(entry, lattice, n)) for n in range(len(frames))]
