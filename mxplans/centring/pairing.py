"""Which blobs of grids at different angles are the same crystal."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.special import ndtr

from mxplans.centring.blobs import Blob
from mxplans.centring.scores import GridView
from mxplans.centring.sights import freed, sight, solve_yz, strength

Array = npt.NDArray[np.float64]

COLUMN_SIGMA_BOX = 0.35  # of a centre of mass, beside its own error: what merges in one view moves it
FITTED_SIGMA_BOX = 0.15  # of a fitted one: drifts of beam and goniometer between the grids
LOG_RATIO_SIGMA = 0.35
COST_MAX = 9.0
LONELY_COST_MAX = 25.0  # of a pair without any other blob near it along omega: nothing to mistake it for
LONELY_BOX = 3.0
MARGIN = 3.0
"""By so much any other way to pair must be worse, or a pair is not told: two lines of sight are no lie, a ghost is."""
THIRD_SIGMA_BOX = 0.6
THIRD_COST_MAX = 30.0
TRIPLE_SIGMA_MAX_BOX = 0.6  # of a place on which the views do not agree any better
SHARED_SIGMA_MAX_BOX = 1.0  # across: crystals that stand further apart there have no common place
SHARED_COLUMN_BOX = 0.3  # from the common centre of mass of both
SHARED_GAIN_MIN = 0.5
SHARED_COST_MAX = 1.0


@dataclass(frozen=True)
class Tie:
    """Blobs of one crystal.

    Attributes:
        blobs: By index of the view.
        merged: Whether one of them holds another crystal as well.
    """

    blobs: dict[int, Blob]
    merged: bool = False


def pair_blobs(views: Sequence[GridView], blobs: Sequence[Sequence[Blob]], primary: tuple[int, int]) -> list[Tie]:
    """Assign the blobs of two views to each other, by where they stand along omega and by how strong they are.

    Blobs of further views are evidence: a pair says where they must show it. Blobs that stay alone may belong to one
    that is paired already, when that is as strong as both: two crystals behind each other.

    Args:
        views: The grids.
        blobs: Of each grid.
        primary: Indices of the two views.
    """
    a, b = primary
    if not blobs[a] or not blobs[b]:
        return []
    cost = np.empty((len(blobs[a]), len(blobs[b])))
    for (i, left), (j, right) in itertools.product(enumerate(blobs[a]), enumerate(blobs[b])):
        cost[i, j] = _cost(views[a], left, views[b], right) + _third_cost(views, blobs, {a: left, b: right})
        if _lonely(views, blobs, {a: left, b: right}):
            cost[i, j] *= COST_MAX / LONELY_COST_MAX
    limit = COST_MAX + (THIRD_COST_MAX / 2 if len(views) > 2 else 0.0)
    ties = [Tie({a: blobs[a][i], b: blobs[b][j]}) for i, j in _assigned(cost, limit)]
    ties = _shared(views, blobs, primary, ties)
    seen = [Tie(tie.blobs | _seen_elsewhere(views, blobs, tie.blobs), tie.merged) for tie in ties]
    return [tie for tie in seen if not _contradicted(views, tie.blobs)]


def _contradicted(views: Sequence[GridView], blobs: dict[int, Blob]) -> bool:
    """Whether a further view says that there is no such crystal: nothing where it must be, or too far from there."""
    if len(blobs) == 2:
        return any(_reaches(views, blobs, k) for k in range(len(views)) if k not in blobs)
    _, covariance = solve_yz(views, freed(views, blobs), 0.0)
    widest_mm = max(views[k].grid.row_step_um for k in blobs) / 1000
    omegas = [math.radians(views[k].grid.centre.omega_deg) for k in blobs]
    sine = max(abs(math.sin(one - other)) for one, other in itertools.combinations(omegas, 2))
    return math.sqrt(float(covariance.diagonal().max())) > TRIPLE_SIGMA_MAX_BOX * widest_mm / sine


def _assigned(cost: Array, limit: float) -> list[tuple[int, int]]:
    """Pairs of the best assignment that every other assignment would have to pay for.

    A blob alone costs half as much as the worst pair: no good pair is given up to make partners for all.
    """
    size = sum(cost.shape)
    padded = np.full((size, size), limit / 2)
    padded[cost.shape[0] :, cost.shape[1] :] = 0.0
    padded[: cost.shape[0], : cost.shape[1]] = np.minimum(cost, 4 * limit)
    rows, columns = linear_sum_assignment(padded)
    best = padded[rows, columns].sum()
    found = []
    for i, j in zip(rows.tolist(), columns.tolist(), strict=True):
        if i < cost.shape[0] and j < cost.shape[1] and cost[i, j] < limit:
            without = padded.copy()
            without[i, j] = 8 * limit
            if without[linear_sum_assignment(without)].sum() - best >= MARGIN:
                found.append((i, j))
    return found


def _cost(view_a: GridView, a: Blob, view_b: GridView, b: Blob) -> float:
    apart_mm = sight(view_a, a).x_mm - sight(view_b, b).x_mm
    sigma_mm = math.hypot(_x_sigma_mm(view_a, a), _x_sigma_mm(view_b, b))
    return (apart_mm / sigma_mm) ** 2 + _ratio_cost(
        strength(view_a, a) * _share(view_a, a, view_b), strength(view_b, b) * _share(view_b, b, view_a), a, b
    )


def _lonely(views: Sequence[GridView], blobs: Sequence[Sequence[Blob]], pair: dict[int, Blob]) -> bool:
    """Whether no other blob of their views stands near two blobs along omega."""
    step_mm = max(views[k].grid.step_um for k in pair) / 1000
    ends = [sight(views[k], blob).x_mm for k, blob in pair.items()]
    low, high = min(ends) - LONELY_BOX * step_mm, max(ends) + LONELY_BOX * step_mm
    return not any(
        low < sight(views[k], blob).x_mm < high for k, mine in pair.items() for blob in blobs[k] if blob is not mine
    )


def _ratio_cost(first: float, second: float, *blobs: Blob) -> float:
    variance = LOG_RATIO_SIGMA**2 + sum(1 / max(blob.total, 1.0) for blob in blobs)
    return math.log(max(first, 1e-9) / max(second, 1e-9)) ** 2 / variance


def _x_sigma_mm(view: GridView, blob: Blob) -> float:
    sigma = FITTED_SIGMA_BOX if blob.fitted else COLUMN_SIGMA_BOX
    return math.hypot(sigma, blob.column_error) * view.grid.step_um / 1000


def _share(view: GridView, blob: Blob, other: GridView) -> float:
    """Part of a blob that the columns of another view reach: a line sees a slice only."""
    step_mm, half_mm = view.grid.step_um / 1000, other.grid.columns * other.grid.step_um / 2000
    offset_mm = view.grid.pose(0, blob.column).x_mm - other.grid.centre.x_mm
    sigma_mm = max(blob.column_sigma, 0.3) * step_mm
    share = float(ndtr((half_mm - offset_mm) / sigma_mm) - ndtr((-half_mm - offset_mm) / sigma_mm))
    return max(share, 1e-3)


def _third_cost(views: Sequence[GridView], blobs: Sequence[Sequence[Blob]], pair: dict[int, Blob]) -> float:
    """How badly the other views support that two blobs are one crystal."""
    return sum(
        min([THIRD_COST_MAX] + [_distance(views, pair, k, blob) for blob in blobs[k]])
        for k in range(len(views))
        if k not in pair and _reaches(views, pair, k)
    )


def _seen_elsewhere(
    views: Sequence[GridView], blobs: Sequence[Sequence[Blob]], pair: dict[int, Blob]
) -> dict[int, Blob]:
    """The blobs of other views that are where a pair wants them."""
    found = {}
    for k in range(len(views)):
        if k not in pair and blobs[k]:
            nearest = min(blobs[k], key=lambda blob, k=k: _distance(views, pair, k, blob))  # type: ignore[misc]
            if _distance(views, pair, k, nearest) < 9.0:
                found[k] = nearest
    return found


def _expected(views: Sequence[GridView], pair: dict[int, Blob], view: int) -> tuple[float, float]:
    """Row and column at which a view should show a pair."""
    grid = views[view].grid
    place, _ = solve_yz(views, pair, 0.0)
    x_mm = float(np.mean([sight(views[k], blob).x_mm for k, blob in pair.items()]))
    pose = grid.centre.model_copy(update={"x_mm": x_mm, "y_mm": float(place[0]), "z_mm": float(place[1])})
    return grid.box(pose)


def _distance(views: Sequence[GridView], pair: dict[int, Blob], view: int, blob: Blob) -> float:
    row, column = _expected(views, pair, view)
    # Coarser rows of the pair's own grids make the expected place as coarse.
    coarse = max(1.0, *(views[k].grid.row_step_um / views[view].grid.row_step_um for k in pair))
    return ((row - blob.row) / (THIRD_SIGMA_BOX * coarse)) ** 2 + ((column - blob.column) / THIRD_SIGMA_BOX) ** 2


def _reaches(views: Sequence[GridView], pair: dict[int, Blob], view: int) -> bool:
    """Whether a view covers the place at which it should show a pair."""
    row, column = _expected(views, pair, view)
    grid = views[view].grid
    return -0.5 <= row <= grid.rows - 0.5 and -0.5 <= column <= grid.columns - 0.5


def _shared(
    views: Sequence[GridView], blobs: Sequence[Sequence[Blob]], primary: tuple[int, int], ties: list[Tie]
) -> list[Tie]:
    """Give blobs that stayed alone to one that is paired, where both together are just as strong as that one."""
    found = list(ties)
    for mine, other in (primary, primary[::-1]):
        taken = {id(tie.blobs[mine]) for tie in ties}
        for alone in (blob for blob in blobs[mine] if id(blob) not in taken):
            best = min(
                (
                    (cost, k)
                    for k, tie in enumerate(found)
                    if (cost := _sharing(views, tie, alone, mine, other)) is not None
                ),
                default=None,
            )
            if best is None:
                continue
            tie = found[best[1]]
            found[best[1]] = Tie(tie.blobs, merged=True)
            found.append(Tie({mine: alone, other: tie.blobs[other]}, merged=True))
    return found


def _sharing(views: Sequence[GridView], tie: Tie, alone: Blob, mine: int, other: int) -> float | None:
    """Cost of one more crystal behind the blob that a pair has in the other view; None if it makes no sense."""
    both, partner = tie.blobs[other], tie.blobs[mine]
    if tie.merged or both.row_sigma > SHARED_SIGMA_MAX_BOX:
        return None
    parts = [strength(views[mine], blob) for blob in (partner, alone)]
    whole = strength(views[other], both)
    gain = _ratio_cost(whole, parts[0], both, partner) - _ratio_cost(whole, sum(parts), both, partner)
    x_mm = np.average([sight(views[mine], blob).x_mm for blob in (partner, alone)], weights=parts)
    reach_mm = SHARED_COLUMN_BOX * max(views[k].grid.step_um for k in (mine, other)) / 1000
    apart = abs(float(x_mm) - sight(views[other], both).x_mm) / reach_mm
    after = _ratio_cost(whole, sum(parts), both, partner)
    if apart > 1 or gain < SHARED_GAIN_MIN or after > SHARED_COST_MAX:
        return None
    return after + apart**2
