"""Crystals that an outside service finds in two whole grids, in place of the analysis here."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import numpy as np
from bluesky import plan_stubs as bps
from bluesky.utils import MsgGenerator

from mxplans.centring import Blob, CrystalsFound, GridView, XrayCandidate
from mxplans.centring.blobs import Side
from mxplans.centring.crystals import Truncation, size_um
from mxplans.centring.sights import sight, solve_yz
from mxplans.errors import DeviceFault
from mxplans.model.acquisition import Pose
from mxplans.model.crystal_search import CrystalAnswer, CrystalRequest, FoundCrystal, GridFrames
from mxplans.plans.grids import QUARTER_DEG
from mxplans.plans.pausing import again_after_pauses
from mxplans.plans.waiting import set_and_wait
from mxplans.plans.xray_survey import Survey
from mxplans.roles import CrystalFinder

SIGMA_BOX = 0.25
"""Of a centre of mass of voxels of 20 um: median 5 um off in three dimensions, as measured on counts of known crystals."""
EVEN_BOX = 12**-0.5
"""Standard deviation of what fills one box evenly, of its length."""


def find_outside(survey: Survey, finder: CrystalFinder) -> MsgGenerator[CrystalsFound]:
    """Scan the flat face and the edge of the loop, and have a service look at the frames. A pause asks it again.

    Raises:
        DeviceFault: If the service fails, or the detector does not say where its files are.
    """
    first, second = (survey.grid_over(turn_deg) for turn_deg in (0.0, QUARTER_DEG))
    for grid in (first, second):
        yield from survey.look(grid)
    answer = yield from again_after_pauses(lambda: _asked(survey, finder))
    beam_um = yield from bps.rd(survey.bl.aperture.beam_size)
    return crystals_of(answer, survey.views, beam_um, survey.optical.axis_offset_mm)


def _asked(survey: Survey, finder: CrystalFinder) -> MsgGenerator[CrystalAnswer]:
    """What it says of the grids; asked anew, they have other numbers, so that no answer is taken for another."""
    request = CrystalRequest(
        grids=tuple(_frames(view, file, finder.name) for view, file in zip(survey.views, survey.files, strict=True))
    )
    yield from set_and_wait(survey.settings.crystals_timeout_s, finder, request)
    if finder.answer is None:
        raise DeviceFault(f"{finder.name}: it has ended without an answer; look at its log and start again")
    return finder.answer


def _frames(view: GridView, file: str | None, finder: str) -> GridFrames:
    if not file:
        raise DeviceFault(
            f"{finder}: the detector has no file_base, so nobody can say where the frames are; use another"
        )
    return GridFrames(
        # Nothing here has numbers in a LIMS: any that has not been used lately tells two grids apart.
        data_collection_id=uuid.uuid4().int % (2**31 - 1) + 1,
        file_name=f"{file}_master.h5",
        columns=view.grid.columns,
        rows=view.grid.rows,
    )


def crystals_of(
    answer: CrystalAnswer, views: Sequence[GridView], beam_size_um: float, axis_offset_mm: float
) -> CrystalsFound:
    """What a service says in boxes of two grids, as crystals in motors' coordinates.

    Args:
        answer: Of the service.
        views: The two grids, in the order in which it was told of them.
        beam_size_um: Full width at half maximum.
        axis_offset_mm: Height of the beam below the omega axis.
    """
    candidates = tuple(_candidate(each, views, beam_size_um, axis_offset_mm) for each in answer.crystals)
    evidence = {"crystals_told": float(len(candidates)), "dropped": float(answer.dropped)}
    reason = f"{len(candidates)} found by the crystal finder"
    return CrystalsFound(
        candidates, reason if candidates else "the crystal finder found nothing that diffracts", evidence
    )


def _candidate(
    found: FoundCrystal, views: Sequence[GridView], beam_size_um: float, axis_offset_mm: float
) -> XrayCandidate:
    if found.z_box is None:
        raise DeviceFault("the crystal finder: a crystal in two grids has no row in the second one; look at its log")
    blobs = {k: _blob(found, row, k, views[k]) for k, row in enumerate((found.y_box, found.z_box))}
    sights = [sight(views[k], blob) for k, blob in blobs.items()]
    (y_mm, z_mm), yz = solve_yz(views, blobs, axis_offset_mm)
    covariance = np.zeros((3, 3))
    # The column is one for both grids, so that it is no better for being seen twice.
    covariance[0, 0], covariance[1:, 1:] = (sights[0].x_sigma_mm * 1000) ** 2, yz * 1e6
    sigma = np.sqrt(np.diag(covariance))
    along = size_um(blobs[0].column_sigma * views[0].grid.step_um, beam_size_um)
    across = [size_um(blob.row_sigma * views[k].grid.row_step_um, beam_size_um) for k, blob in blobs.items()]
    rows = [(float(row[0]), float(row[1]), float(row[2])) for row in covariance]
    return XrayCandidate(
        pose=Pose(x_mm=sights[0].x_mm, y_mm=float(y_mm), z_mm=float(z_mm), omega_deg=views[0].grid.centre.omega_deg),
        sigma_um=(float(sigma[0]), float(sigma[1]), float(sigma[2])),
        size_um=(along, across[0], across[1]),
        total=found.total_count,
        significance=float(np.sqrt(found.max_count)),
        covariance_um2=(rows[0], rows[1], rows[2]),
        peak=found.max_count,
        truncated=tuple(Truncation(k, side) for k, blob in blobs.items() for side in blob.sides),
    )


def _blob(found: FoundCrystal, row: float, view: int, seen: GridView) -> Blob:
    """How a crystal shows in one of the grids."""
    spans = [(first, last) for first, last in zip(found.first_box, found.last_box, strict=True)]
    columns, rows = spans[0], spans[1 + view]
    edges: tuple[tuple[Side, bool], ...] = (
        ("left", columns[0] == 0),
        ("right", columns[1] == seen.grid.columns - 1),
        ("top", rows[0] == 0),
        ("bottom", rows[1] == seen.grid.rows - 1),
    )
    return Blob(
        row=row,
        column=found.x_box,
        total=found.total_count,
        peak=found.max_count,
        row_sigma=(rows[1] - rows[0] + 1) * EVEN_BOX,
        column_sigma=(columns[1] - columns[0] + 1) * EVEN_BOX,
        row_error=SIGMA_BOX,
        column_error=SIGMA_BOX,
        sides=tuple(side for side, reached in edges if reached),
    )
