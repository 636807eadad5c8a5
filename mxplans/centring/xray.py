"""Crystals in three dimensions from grids at two or more angles."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mxplans.centring.background import background, significance
from mxplans.centring.blobs import Blob, find_blobs
from mxplans.centring.crystals import CrystalsFound, LineOfSight, Matrix, Truncation, XrayCandidate, size_um
from mxplans.centring.pairing import Tie, pair_blobs
from mxplans.centring.scores import GridView
from mxplans.centring.sights import freed, sight, solve_yz
from mxplans.model.acquisition import Pose

ANGLE_MIN_DEG = 5.0
RANK_STEP = 1.2  # peaks and volumes that differ by less are alike


def locate_crystals(
    views: Sequence[GridView], beam_size_um: float, threshold: float = 5.0, axis_offset_mm: float = 0.0
) -> CrystalsFound:
    """Find the crystals that grids at different angles show: two grids, a grid and a line, three grids, in any order.

    Blobs of the two views that are nearest to a right angle are paired, further views say which pairs are true and
    sharpen the positions. All grids must have been exposed alike. A single grid gives lines of sight.

    Args:
        views: The grids.
        beam_size_um: Full width of the beam at half maximum, for the sizes.
        threshold: Significance that the brightest box of each of the two views must reach.
        axis_offset_mm: Height of the beam below the omega axis (negative: above), so that the crystal comes to stand
            on the axis and keeps one distance from the beam at all angles.

    Raises:
        ValueError: If there is no view, or no two of them are at least 5 degrees away from a half turn.
    """
    if not views:
        raise ValueError("no grids; give one or more")
    names = [chr(ord("a") + k) for k in range(len(views))]
    evidence = {f"significance_{name}": significance(view.score) for name, view in zip(names, views, strict=True)}
    evidence["threshold"] = threshold
    evidence |= {f"background_{name}": background(view.score)[0] for name, view in zip(names, views, strict=True)}
    lit = [evidence[f"significance_{name}"] >= threshold for name in names]
    blobs = [find_blobs(view.score) if is_lit else [] for view, is_lit in zip(views, lit, strict=True)]
    evidence |= {f"blobs_{name}": float(len(found)) for name, found in zip(names, blobs, strict=True)}
    ties: list[Tie] = []
    if len(views) > 1:
        primary = _primary(views)
        if all(lit[k] for k in primary):
            ties = pair_blobs(views, blobs, primary)
    candidates = _ranked([_candidate(views, tie, beam_size_um, axis_offset_mm) for tie in ties])
    taken = {id(blob) for tie in ties for blob in tie.blobs.values()}
    alone = [
        _line(views, k, blob, beam_size_um, axis_offset_mm)
        for k, found in enumerate(blobs)
        for blob in found
        if id(blob) not in taken
    ]
    alone.sort(key=lambda line: -line.total)
    reason = _reason(len(candidates), len(alone), lit, evidence, names)
    return CrystalsFound(tuple(candidates), reason, evidence, tuple(alone))


def _primary(views: Sequence[GridView]) -> tuple[int, int]:
    """The two views that are nearest to a right angle; the first of equals."""

    def sine(pair: tuple[int, int]) -> float:
        first, second = (views[k].grid.centre.omega_deg for k in pair)
        return round(abs(math.sin(math.radians(second - first))), 6)

    best = max(itertools.combinations(range(len(views)), 2), key=sine)
    if sine(best) < math.sin(math.radians(ANGLE_MIN_DEG)):
        apart_deg = views[best[1]].grid.centre.omega_deg - views[best[0]].grid.centre.omega_deg
        raise ValueError(f"grids {apart_deg:g} deg apart see the same plane; allowed are 5 to 175 deg")
    return best


def _reason(found: int, alone: int, lit: Sequence[bool], evidence: dict[str, float], names: Sequence[str]) -> str:
    if found:
        return f"{found} found" + (f", {alone} more seen in one grid only" if alone else "")
    if len(lit) == 1 and alone:
        return f"{alone} seen in one grid; scan a second one to know their depth"
    if all(lit) and alone:
        return "what the grids show does not belong together"
    told = " and ".join(f"{evidence[f'significance_{name}']:.1f}" for name in names)
    text = f"brightest boxes {told} sigma above background; {evidence['threshold']:g} are needed in each grid"
    if any(lit) and alone:
        return f"{text}: what one of them shows lies outside of the other"
    # A level that would itself be significant above nothing is no background.
    if any(evidence[f"background_{name}"] > evidence["threshold"] ** 2 for name in names):
        return f"{text}: a whole grid diffracts, as ice or a crystal beyond its edges does; scan a larger one"
    return text


def _candidate(views: Sequence[GridView], tie: Tie, beam_size_um: float, axis_offset_mm: float) -> XrayCandidate:
    # Along omega all views measure the same; across, each gives one equation in motor y and z.
    chosen = freed(views, dict(sorted(tie.blobs.items())))
    sights = [sight(views[k], blob) for k, blob in chosen.items()]
    weights = 1 / np.array([one.x_sigma_mm for one in sights]) ** 2
    places = np.array([one.x_mm for one in sights])
    x_mm = float(weights @ places / weights.sum())
    x_variance = max(1.0, float(weights @ (places - x_mm) ** 2) / (len(sights) - 1)) / float(weights.sum())
    (y_mm, z_mm), yz = solve_yz(views, chosen, axis_offset_mm)
    covariance = np.zeros((3, 3))
    covariance[0, 0], covariance[1:, 1:] = x_variance * 1e6, yz * 1e6
    sigmas = np.sqrt(np.diag(covariance))
    sizes = [_along_um(views[k], blob, beam_size_um) for k, blob in chosen.items()]
    across = [size_um(blob.row_sigma * views[k].grid.row_step_um, beam_size_um) for k, blob in chosen.items()]
    wide = [size for size, k in zip(sizes, chosen, strict=True) if views[k].grid.columns >= 3] or sizes
    return XrayCandidate(
        pose=Pose(x_mm=x_mm, y_mm=float(y_mm), z_mm=float(z_mm), omega_deg=views[0].grid.centre.omega_deg),
        sigma_um=(float(sigmas[0]), float(sigmas[1]), float(sigmas[2])),
        size_um=(float(np.mean(wide)), across[0], across[1]),
        total=sum(blob.total for blob in chosen.values()),
        significance=min(_significance(views[k], blob) for k, blob in chosen.items()),
        covariance_um2=_matrix(covariance),
        peak=min(blob.peak for blob in chosen.values()),
        truncated=tuple(Truncation(k, side) for k, blob in chosen.items() for side in blob.sides),
        n_views=len(chosen),
        merged=tie.merged,
    )


def _line(views: Sequence[GridView], view: int, blob: Blob, beam_size_um: float, axis_offset_mm: float) -> LineOfSight:
    grid, seen = views[view].grid, sight(views[view], blob)
    down = grid.pose(blob.row, blob.column)
    omega = math.radians(grid.centre.omega_deg)
    pose = down.model_copy(
        update={
            "y_mm": down.y_mm - axis_offset_mm * math.cos(omega),
            "z_mm": down.z_mm + axis_offset_mm * math.sin(omega),
        }
    )
    depths = [other.grid.rows * other.grid.row_step_um for k, other in enumerate(views) if k != view]
    depth_um = max(depths or [grid.rows * grid.row_step_um])
    return LineOfSight(
        view=view,
        pose=pose,
        sigma_um=(seen.x_sigma_mm * 1000, seen.height_sigma_mm * 1000),
        depth_sigma_um=depth_um / math.sqrt(12),
        size_um=(_along_um(views[view], blob, beam_size_um), size_um(blob.row_sigma * grid.row_step_um, beam_size_um)),
        total=blob.total,
        peak=blob.peak,
        significance=_significance(views[view], blob),
        truncated=tuple(Truncation(view, side) for side in blob.sides),
    )


def _along_um(view: GridView, blob: Blob, beam_size_um: float) -> float:
    return size_um(blob.column_sigma * view.grid.step_um, beam_size_um)


def _significance(view: GridView, blob: Blob) -> float:
    level, spread = background(view.score)
    return blob.peak / math.sqrt(max(blob.peak + level, 1.0) + spread**2)


def _matrix(values: np.ndarray) -> Matrix:
    rows = [(float(row[0]), float(row[1]), float(row[2])) for row in values]
    return rows[0], rows[1], rows[2]


def _ranked(candidates: Sequence[XrayCandidate]) -> list[XrayCandidate]:
    """Best first: by the brightest box, then by volume, then by how far the next one is, each in steps that matter."""
    places = np.array([candidate.pose.xyz_mm for candidate in candidates]).reshape(-1, 3) * 1000
    apart = np.linalg.norm(places[:, None] - places, axis=2)
    np.fill_diagonal(apart, np.inf)
    placed = [
        replace(candidate, isolation_um=float(nearest))
        for candidate, nearest in zip(candidates, apart.min(axis=1, initial=np.inf), strict=True)
    ]

    def rank(candidate: XrayCandidate) -> tuple[float, ...]:
        peak, volume = (
            round(math.log(max(value, 1e-9), RANK_STEP)) for value in (candidate.peak, candidate.volume_um3)
        )
        return (-peak, -volume, -candidate.isolation_um)

    return sorted(placed, key=rank)
