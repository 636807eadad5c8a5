"""Frames: background and spots with counting noise, and the spots that a spot finder would report."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mxplans_sim.diffraction.background import Background, Frame, backgrounds
from mxplans_sim.diffraction.direct import add_direct_beam
from mxplans_sim.diffraction.panel import Panel, masked_px
from mxplans_sim.diffraction.spots import PHYSICS, ExpectedSpots, expected_spots
from mxplans_sim.settings.diffraction import DiffractionSettings
from mxplans_sim.world.burst import Burst

Array = npt.NDArray[np.float64]

Index = npt.NDArray[np.int64]

STAMP = np.arange(-2, 3)
DETECTION_SIGMAS = 4.5
DETECTION_PHOTONS = 8.0
SPOTS_MAX = 100
THIN_PHOTONS = 4.0
"""Thin frames leave out fainter spots, which are not found anyway."""


@dataclass(frozen=True)
class Scene:
    """All that the frames of a burst show.

    Attributes:
        burst: The exposures.
        panel: What takes them.
        dark: The background of each frame.
        spots: Expected spots.
        seed: Of the noise.
    """

    burst: Burst
    panel: Panel
    dark: list[Background]
    spots: ExpectedSpots
    seed: int

    @classmethod
    def of(cls, burst: Burst, panel: Panel, seed: int, physics: DiffractionSettings = PHYSICS) -> Scene:
        """Work out a burst."""
        return cls(burst, panel, backgrounds(burst, panel), expected_spots(burst, panel, physics), seed)

    def render(self, index: int, image: int, frame: Frame) -> Array:
        """Fill one frame and say what is found on it.

        Args:
            index: Of the frame within the burst.
            image: Its number in the series; frames of one pose differ by it.
            frame: Counts (ny, nx), overwritten; pixels of the mask have the largest value of the stored type.

        Returns:
            Found spots (n, 5): x, y (px), intensity, sigma (photons), d (A), strongest first. An intensity is what the
            frame holds in 5 x 5 pixels less the expected background.
        """
        rng = frame_generator(self.seed, self.burst, index, image)
        dark, thin = self.dark[index], self.panel.settings.frames == "thin"
        if thin:
            frame[...] = 0
        else:
            dark.draw(rng, frame)
        part = np.arange(self.spots.bounds[index], self.spots.bounds[index + 1])
        if thin:
            part = part[self.spots.photons[part] > THIN_PHOTONS]
        boxes = _stamp(self.spots, part, self.panel.settings.psf_px, rng, frame)
        add_direct_beam(self.burst, index, self.panel, rng, frame)
        self._read_out(boxes, frame)
        if not len(boxes):
            return np.zeros((0, 5))
        noise = dark.at(boxes).sum(axis=(1, 2))
        counted = frame.reshape(-1).take(boxes).sum(axis=(1, 2)) - (0.0 if thin else noise)
        x, y, d_a = self.spots.x_px[part], self.spots.y_px[part], self.spots.d_a[part]
        whole = self.panel.mask.reshape(-1).take(boxes).max(axis=(1, 2)) == 0
        return _found(x, y, counted, noise, d_a, whole)

    def _read_out(self, boxes: npt.NDArray[np.intp], frame: Frame) -> None:
        """What the electronics make of the photons: dead time, saturation, and pixels that are not to be trusted."""
        flat, panel = frame.reshape(-1), self.panel
        if panel.settings.dead_time_s:
            counted = frame / (1 + frame * (panel.settings.dead_time_s / self.burst.exposure_s))
            frame[...] = np.rint(counted)
        if panel.top < np.iinfo(frame.dtype).max and flat.take(boxes).max(initial=0) >= panel.top:
            np.minimum(frame, panel.top - 1, out=frame)
        masked = masked_px(panel)
        if len(masked):
            flat[masked] = panel.top


def frame_generator(seed: int, burst: Burst, index: int, image: int) -> np.random.Generator:
    """Noise of one frame, the same for the same sample, pose and image number of a series."""
    name = burst.specimen.name if burst.specimen else ""
    pose = (burst.omega_start_deg[index], *burst.spindle_mm[index], *burst.lab_mm[index])
    quantised = [round(float(value) * 1e4) % 2**32 for value in pose]
    return np.random.Generator(np.random.SFC64([seed, zlib.crc32(name.encode()), image, *quantised]))


def _stamp(
    spots: ExpectedSpots, part: Index, psf_px: float, rng: np.random.Generator, frame: Frame
) -> npt.NDArray[np.intp]:
    """Add spots to a frame; returns the flat indices of the pixels of each (n, 5, 5)."""
    x, y, photons = spots.x_px[part], spots.y_px[part], spots.photons[part]
    column, row = np.rint(x).astype(np.int64), np.rint(y).astype(np.int64)
    along_x, along_y = _profile(column, x, psf_px), _profile(row, y, psf_px)
    stamps = rng.poisson(photons[:, None, None] * along_y[:, :, None] * along_x[:, None, :])
    centres = row * frame.shape[1] + column
    boxes = centres[:, None, None] + STAMP[:, None] * frame.shape[1] + STAMP
    np.add.at(frame.reshape(-1), boxes.ravel(), stamps.ravel().astype(np.uint32))  # flat indices: five times as fast
    return np.asarray(boxes)


def _found(x: Array, y: Array, counted: Array, noise: Array, d_a: Array, whole: npt.NDArray[np.bool_]) -> Array:
    """The spots that rise above the noise, strongest first; those that touch the mask are left out."""
    sigma = np.sqrt(np.maximum(counted, 1.0) + noise)
    found = np.flatnonzero(whole & (counted > np.maximum(DETECTION_SIGMAS * np.sqrt(noise), DETECTION_PHOTONS)))
    found = found[np.argsort(-counted[found], kind="stable")]
    apart = _apart(np.rint(x[found]), np.rint(y[found]))
    found = found[apart][:SPOTS_MAX]
    return np.stack([x, y, counted, sigma, d_a], axis=1)[found].round(3)


def _apart(column: Array, row: Array) -> npt.NDArray[np.bool_]:
    """Which spots share no pixel with a stronger one; strongest first. Blended spots are found once."""
    if not len(column):
        return np.zeros(0, dtype=np.bool_)
    width = len(STAMP)
    near = (abs(column[:, None] - column) < width) & (abs(row[:, None] - row) < width)
    # The first neighbour of a spot is itself, unless there is a stronger one.
    return np.asarray(near.argmax(axis=1) == np.arange(len(column)))


def _profile(centre: npt.NDArray[np.int64], position: Array, psf_px: float) -> Array:
    """Part of a spot in each of five pixels around its centre (n, 5)."""
    weight = np.exp(-0.5 * ((STAMP[None] + centre[:, None] - position[:, None]) / psf_px) ** 2)
    return np.asarray(weight / weight.sum(axis=1, keepdims=True), dtype=np.float64)
