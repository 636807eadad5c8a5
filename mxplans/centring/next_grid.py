"""Which grid to scan next: a third view, or a finer one. What was found decides."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from mxplans.centring.background import significance
from mxplans.centring.blobs import Blob, find_blobs
from mxplans.centring.crystals import LineOfSight, XrayCandidate
from mxplans.centring.scores import GridView
from mxplans.errors import InvalidInput
from mxplans.geometry import GridPlan

SHARED_SIGMAS = 1.5
FINEST_OF_BEAM = 0.5
"""Steps below half of the beam show nothing new."""
MARGIN_SIGMAS = 3.0
Place = XrayCandidate | LineOfSight


def ambiguous(views: Sequence[GridView], threshold: float = 5.0) -> float | None:
    """Omega (deg) of a view that tells crystals apart which two views cannot; None if it is not needed.

    It is needed when two blobs of one view share a stretch of x, so that each may belong to either blob of the other.
    The angle is half way in the wider gap between the views, half a turn being no turn at all: for 0 and 90 deg it is
    45 deg. Three views are enough.

    Raises:
        InvalidInput: If there are less than two views.
    """
    if len(views) < 2:
        raise InvalidInput(f"{len(views)} grids; allowed are two or more: scan the second one first")
    if len(views) > 2:
        return None
    for view in views:
        blobs = find_blobs(view.score) if significance(view.score) >= threshold else []
        if any(_overlap(one, other) for one, other in itertools.combinations(blobs, 2)):
            first, second = (each.grid.centre.omega_deg for each in views)
            apart_deg = (second - first) % 180.0
            # Of the gaps 0..apart and apart..180 the wider one; beyond 90 deg the same plane is nearer the other way.
            middle_deg = apart_deg / 2 if apart_deg >= 90.0 else (apart_deg + 180.0) / 2
            return first + (middle_deg if middle_deg <= 90.0 else middle_deg - 180.0)
    return None


def refinement(view: GridView, place: Place, beam_size_um: float, step_um: float | None = None) -> GridPlan | None:
    """A finer grid over one crystal of a coarse one, at the same omega; None if it would show nothing new.

    Args:
        view: The coarse grid.
        place: What was found, in this grid alone or in several.
        beam_size_um: Of the beam in which the finer grid is scanned, full width at half maximum.
        step_um: Of the finer grid; otherwise the beam's size, or half a coarse step if that is less.
    """
    coarse_um = max(view.grid.step_um, view.grid.row_step_um)
    fine_um = step_um or max(min(beam_size_um, coarse_um / 2), FINEST_OF_BEAM * beam_size_um)
    if fine_um >= coarse_um or coarse_um <= FINEST_OF_BEAM * beam_size_um:
        return None
    sigma_um = _sigma_um(place)
    # Two empty boxes on each side show the background.
    margin_um = 2 * (MARGIN_SIGMAS * sigma_um + beam_size_um + 2 * fine_um)
    along_um, across_um = place.size_um[0], max(place.size_um[1:])
    return GridPlan.covering(_centre(view, place).centre, along_um + margin_um, across_um + margin_um, fine_um)


def _centre(view: GridView, place: Place) -> GridPlan:
    """One box of a view's grid over a crystal; the depth is the crystal's."""
    pose = place.pose.model_copy(update={"omega_deg": view.grid.centre.omega_deg})
    return GridPlan(pose, 1, 1, view.grid.step_um)


def _sigma_um(place: Place) -> float:
    return math.sqrt(max(sigma**2 for sigma in place.sigma_um))


def _overlap(one: Blob, other: Blob) -> bool:
    """Whether two blobs of a view share a stretch of x."""
    reach = SHARED_SIGMAS * (max(one.column_sigma, 0.5) + max(other.column_sigma, 0.5))
    return abs(one.column - other.column) < reach
