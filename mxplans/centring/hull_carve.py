"""Carving of a hull from silhouettes at any orientations.

A cell stays where all silhouettes but a few show the sample. From coarse to fine: a coarse cell goes when no point of
it can stay, as the silhouettes, grown by the cell's half diagonal, tell; the rest is cut in eight.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from mxplans.centring.hull import Cells, Hull, HullNotFound
from mxplans.errors import InvalidInput
from mxplans.geometry import REST, Camera, GoniometerGeometry, Orientation, View, view_of
from mxplans.model.acquisition import Pose
from mxplans.model.detection import Mask

Array = npt.NDArray[np.float64]
Shade = npt.NDArray[np.uint8]

SEEN = 255
CELLS_MOST = 4_000_000
"""More take seconds and hundreds of megabytes; a sample has some 10 000."""
COARSE_CELLS = 12
"""Along the longest edge of the first, coarsest lattice."""
ANGLE_LEAST_DEG = 5.0
"""Views that differ by less say nothing about the depth."""
ROOM = 1.5
"""The region is larger than what the silhouettes bound by this, for those that may miss."""


@dataclass(frozen=True, eq=False)
class HullView:
    """One silhouette: (rows, columns) true where the sample is, through which camera, where the axes stood."""

    mask: Mask
    camera: Camera
    pose: Pose
    orientation: Orientation = REST


@dataclass(frozen=True, eq=False)
class _Cut:
    """The part of a silhouette that shows something: shade 0 to 255 of how surely, and its first column and row."""

    shade: Shade
    corner_px: Array
    view: View

    @property
    def middle_px(self) -> Array:
        return np.asarray(self.corner_px + (np.array(self.shade.shape[::-1]) - 1) / 2)

    def grown(self, radius_px: int) -> _Cut:
        """With every pixel as sure as the surest within a radius."""
        if radius_px == 0:
            return self
        size = 2 * radius_px + 1
        room = np.pad(self.shade, radius_px)
        shade = cv2.dilate(room, np.ones((size, size), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
        return _Cut(np.asarray(shade, dtype=np.uint8), self.corner_px - radius_px, self.view)

    def sampled(self, points_mm: npt.NDArray[np.float32]) -> Shade:
        """Shade where points (n, 3) are seen (n,); 0 outside."""
        offset = self.view.origin_px - self.corner_px
        pixels = np.rint(points_mm @ self.view.rows_px.T.astype(np.float32) + offset.astype(np.float32))
        columns, rows = pixels.astype(np.int32).T
        height, width = self.shade.shape
        inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        found = np.zeros(len(points_mm), dtype=np.uint8)
        found[inside] = self.shade[rows[inside], columns[inside]]
        return found


def carve(
    views: Sequence[HullView],
    geometry: GoniometerGeometry,
    *,
    step_um: float | None = None,
    tolerance: int | None = None,
    edge_px: float = 1.5,
) -> Hull | HullNotFound:
    """The visual hull of what the silhouettes show. What is outside an image counts as not seen there.

    Args:
        views: Two or more, at any omega, kappa, chi and phi; 12 to 18 over half a turn are best.
        geometry: The goniometer.
        step_um: Edge of a cell; by itself 2 pixels or a hundredth of the sample, whichever is more.
        tolerance: Silhouettes that may miss a cell; by itself as `usual_tolerance` says. It makes the hull larger.
        edge_px: How uncertain the outlines are (standard deviation): a cell near one is missed in part.

    Raises:
        InvalidInput: If a mask is none, or step, tolerance or edge are out of range.
    """
    tolerance = usual_tolerance(len(views)) if tolerance is None else tolerance
    _check(views, step_um, tolerance, edge_px)
    cuts = [cut for view in views if (cut := _cut(view, geometry, edge_px)) is not None]
    evidence: dict[str, float] = {"views": len(views), "views_with_object": len(cuts), "tolerance": tolerance}
    if len(cuts) < max(2, len(views) - tolerance):
        return HullNotFound(
            f"an object in {len(cuts)} of {len(views)} silhouettes; all but {tolerance} are needed, and two", evidence
        )
    region = _region(cuts)
    if region is None:
        return HullNotFound(
            f"all {len(cuts)} silhouettes are from within {ANGLE_LEAST_DEG:g} deg of one direction, so nothing tells the "
            "depth; add views a quarter turn of omega away",
            evidence,
        )
    if step_um is None:
        largest_um = max(max(cut.shade.shape) * cut.view.um_per_px for cut in cuts)
        step_um = max(2 * max(cut.view.um_per_px for cut in cuts), largest_um / 100)
    cells, origin_mm = _carved(cuts, *region, step_um / 1000, tolerance + len(cuts) - len(views))
    if not len(cells):
        return HullNotFound(
            f"no cell of {step_um:g} um is seen in all but {tolerance} of {len(views)} silhouettes: they do not belong to "
            "one sample at these poses, or it is thinner than a cell; check the calibration of axis and kappa",
            evidence,
        )
    return Hull(cells, origin_mm, step_um / 1000, len(views), tolerance)


def usual_tolerance(number: int) -> int:
    """Silhouettes of a number that may miss a cell: errors of outlines eat a hull of many views, so some may.

    >>> [usual_tolerance(number) for number in (2, 8, 36, 144)]
    [0, 1, 2, 9]
    """
    return 0 if number < 8 else max(1, number // 16)


def _check(views: Sequence[HullView], step_um: float | None, tolerance: int, edge_px: float) -> None:
    for number, view in enumerate(views):
        if view.mask.ndim != 2 or not view.mask.size or view.mask.dtype != np.bool_:
            raise InvalidInput(
                f"mask {number} is {view.mask.dtype} of shape {view.mask.shape}; allowed is true and false in rows and "
                "columns: take one notion's mask of a detection"
            )
    if not 0 <= tolerance <= max(0, len(views) - 2):
        raise InvalidInput(
            f"the tolerance is {tolerance} of {len(views)} silhouettes; allowed is 0 to {max(0, len(views) - 2)}"
        )
    if step_um is not None and not 0 < step_um < math.inf:
        raise InvalidInput(f"the hull's step is {step_um} um; allowed is any above 0: 4 um suits a crystal")
    if not 0 <= edge_px <= 20:
        raise InvalidInput(f"the outlines are uncertain by {edge_px} px; allowed is 0 to 20 px")


def _cut(view: HullView, geometry: GoniometerGeometry, edge_px: float) -> _Cut | None:
    """The part of a silhouette that shows something; None when there is no such part."""
    left, top, width, height = cv2.boundingRect(view.mask.astype(np.uint8))
    if not width:
        return None
    room = math.ceil(3 * edge_px)
    shown = view.mask[top : top + height, left : left + width].astype(np.uint8) * np.uint8(SEEN)
    shade = np.pad(shown, room)
    if room:
        shade = np.asarray(cv2.GaussianBlur(shade, (0, 0), edge_px, borderType=cv2.BORDER_CONSTANT), dtype=np.uint8)
    corner = np.array([left - room, top - room], dtype=np.float64)
    seen = view_of(geometry, view.camera, view.pose, view.orientation)
    return _Cut(shade, corner, seen)


def _region(cuts: Sequence[_Cut]) -> tuple[Array, Array] | None:
    """Middle and half edges (3,), mm, of a box around all that the silhouettes can leave; None if they bound none.

    The distance d of a point from the middle is seen as A d in a silhouette whose half diagonal is D at most, so that
    the sum of d'A'A d over the views is at most that of D^2: an ellipsoid.
    """
    scales = np.array([cut.view.um_per_px / 1000 for cut in cuts])
    rows = np.stack([cut.view.rows_px for cut in cuts]) * scales[:, None, None]
    goals = np.stack([cut.middle_px - cut.view.origin_px for cut in cuts]) * scales[:, None]
    normal = np.einsum("kij,kil->jl", rows, rows)
    if np.linalg.eigvalsh(normal / len(cuts))[0] < math.sin(math.radians(ANGLE_LEAST_DEG / 2)) ** 2:
        return None
    middle, *_ = np.linalg.lstsq(rows.reshape(-1, 3), goals.ravel(), rcond=None)
    off_mm = np.linalg.norm(rows @ middle - goals, axis=1)
    half_mm = np.array([math.hypot(*cut.shade.shape) for cut in cuts]) / 2 * scales + off_mm
    return middle, ROOM * np.sqrt((half_mm**2).sum() * np.diag(np.linalg.inv(normal)))


def _carved(
    cuts: Sequence[_Cut], middle_mm: Array, half_mm: Array, step_mm: float, tolerance: int
) -> tuple[Cells, Array]:
    """Cells (n, 3) that stay, and where cell (0, 0, 0) is centred."""
    levels = max(0, math.ceil(math.log2(2 * half_mm.max() / (COARSE_CELLS * step_mm))))
    size = 2**levels
    number = np.maximum(1, np.ceil(2 * half_mm / (size * step_mm))).astype(int)
    corner_mm = middle_mm - number * size * step_mm / 2
    cells = np.stack(np.meshgrid(*map(np.arange, number), indexing="ij"), axis=-1).reshape(-1, 3).astype(np.int32)
    eighths = np.stack(np.meshgrid(*[np.arange(2)] * 3, indexing="ij"), axis=-1).reshape(-1, 3).astype(np.int32)
    for level in range(levels, -1, -1):
        if level < levels:
            cells = (2 * cells[:, None] + eighths).reshape(-1, 3)
        if len(cells) > CELLS_MOST:
            raise InvalidInput(
                f"the hull has more than {CELLS_MOST} cells of {step_mm * 1000:g} um; take larger ones, or cut the pin off "
                "the silhouettes"
            )
        edge_mm = step_mm * 2**level
        # From a cell's middle to that of the farthest of the finest cells in it.
        reach_mm = math.sqrt(3) / 2 * (edge_mm - step_mm)
        grown = [cut.grown(math.ceil(reach_mm * 1000 / cut.view.um_per_px)) for cut in cuts]
        cells = cells[_kept((corner_mm + (cells + 0.5) * edge_mm).astype(np.float32), grown, tolerance)]
    return cells, corner_mm + 0.5 * step_mm


def _kept(points_mm: npt.NDArray[np.float32], cuts: Sequence[_Cut], tolerance: int) -> npt.NDArray[np.intp]:
    """Which points (n, 3) stay: what they miss adds up to the tolerance at most, or to half a view where that is 0."""
    allowed = max(tolerance * SEEN, SEEN // 2)
    kept = np.arange(len(points_mm))
    missed = np.zeros(len(points_mm), dtype=np.int32)
    for cut in cuts:
        missed += SEEN - cut.sampled(points_mm)
        stays = missed <= allowed
        kept, points_mm, missed = kept[stays], points_mm[stays], missed[stays]
    return kept
