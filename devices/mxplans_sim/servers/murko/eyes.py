"""What the network would put out for an image: the truth, seen through noise."""

from __future__ import annotations

import math
from collections.abc import Mapping

import cv2
import numpy as np
import numpy.typing as npt

from mxplans_sim.servers.murko.request import HEADS
from mxplans_sim.settings.analysis import MurkoSettings
from mxplans_sim.world.recent import Image, Mask, RecentFrames, Seen
from mxplans_sim.world.seeding import rng_for

Map = npt.NDArray[np.float32]
Heads = Mapping[str, Map]
"""Probabilities (256, 320) by head."""

ROWS, COLUMNS = 256, 320
_SOFTNESS_PX = 0.4
_FARTHEST_PX = 60.0
"""Distances from an outline beyond which nothing changes."""


class Eyes:
    """Finds what is true of an image among the camera's latest ones, and blurs it.

    Args:
        recent: The latest pictures.
        settings: How well it sees.
        seed: Of the noise, which depends on the picture and on nothing else.
    """

    def __init__(self, recent: RecentFrames, settings: MurkoSettings, seed: int) -> None:
        self._recent = recent
        self._settings = settings
        self._seed = seed

    def look(self, image: Image) -> Heads:
        """Probabilities of all heads; of an image that is not known all are 0."""
        seen = self._recent.find(image, self._settings.match_frac)
        heads: dict[str, Map] = {head: np.zeros((ROWS, COLUMNS), np.float32) for head in HEADS}
        if seen is None:
            return heads
        rng = self._rng(seen, "image")
        missed, no_crystal = rng.random(2) < (self._settings.miss_frac, self._settings.crystal_miss_frac)
        shift_um = rng.normal(0.0, self._settings.jitter_um, 2)
        if missed:
            return heads
        for head, mask in seen.notions().items():
            if mask.any() and not (head == "crystal" and no_crystal):
                heads[head] = self._blurred(mask, seen, head, shift_um)
        return heads

    def _rng(self, seen: Seen, name: str) -> np.random.Generator:
        return rng_for(self._seed, "murko", seen.digest.hex(), name)

    def _blurred(self, mask: Mask, seen: Seen, head: str, shift_um: npt.NDArray[np.float64]) -> Map:
        per_um = np.array([COLUMNS / mask.shape[1], ROWS / mask.shape[0]]) / seen.um_per_px
        inside_px = _shifted(_inside_px(mask), shift_um * per_um)
        mean_per_um = float(np.sqrt(per_um.prod()))
        if self._settings.edge_um:
            wander = _field(self._rng(seen, head), self._settings.edge_length_um * mean_per_um)
            inside_px += np.float32(self._settings.edge_um * mean_per_um) * wander
        inside_px -= np.float32(self._settings.erosion_um * mean_per_um)
        return np.asarray(1 / (1 + cv2.exp(inside_px * np.float32(-1 / _SOFTNESS_PX))), dtype=np.float32)


def _inside_px(mask: Mask) -> Map:
    """How far inside of its outline each pixel of the prediction is; negative outside."""
    covered = cv2.resize(mask.astype(np.float32), (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    own = (covered >= 0.5).astype(np.uint8)
    inside = cv2.distanceTransform(own, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    outside = cv2.distanceTransform(1 - own, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # Both are counted to the centre of the nearest pixel on the other side, half a pixel beyond the outline.
    signed = np.where(own == 1, inside - 0.5, 0.5 - outside)
    return np.clip(signed, -_FARTHEST_PX, _FARTHEST_PX).astype(np.float32)


def _shifted(image: Map, shift_px: npt.NDArray[np.float64]) -> Map:
    move = np.array([[1.0, 0.0, shift_px[0]], [0.0, 1.0, shift_px[1]]])
    return np.asarray(cv2.warpAffine(image, move, (COLUMNS, ROWS), borderMode=cv2.BORDER_REPLICATE), dtype=np.float32)


def _field(rng: np.random.Generator, length_px: float) -> Map:
    """A smooth random field of variance 1."""
    sigma = min(max(length_px, 0.8), 50.0)
    noise = cv2.GaussianBlur(rng.standard_normal((ROWS, COLUMNS), dtype=np.float32), (0, 0), sigma)
    # White noise through a Gaussian filter keeps 1 / (4 pi sigma^2) of its variance.
    return np.asarray(noise * np.float32(2 * sigma * math.sqrt(math.pi)), dtype=np.float32)
