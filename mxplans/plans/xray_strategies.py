"""In which order X-ray centring scans its grids: what each strategy looks at, and what it goes on with."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bluesky.utils import MsgGenerator

from mxplans.centring import CrystalsFound
from mxplans.plans.grids import QUARTER_DEG, narrowed
from mxplans.plans.xray_survey import Survey


def two_grids(survey: Survey) -> MsgGenerator[CrystalsFound]:
    """The flat face and the edge of the loop."""
    yield from survey.look(survey.grid_over(0.0))
    yield from survey.look(survey.grid_over(QUARTER_DEG))
    return (yield from survey.grow())


def grid_and_line(survey: Survey) -> MsgGenerator[CrystalsFound]:
    """The flat face, and of the edge those columns that showed something. Nothing there needs no second grid."""
    yield from survey.look(survey.grid_over(0.0))
    found = yield from survey.grow()
    if not found.unpaired:
        return found
    yield from survey.look(narrowed(survey.grid_over(QUARTER_DEG), found.unpaired))
    return (yield from survey.grow())


STRATEGIES: Mapping[str, Callable[[Survey], MsgGenerator[CrystalsFound]]] = {
    "two grids": two_grids,
    "grid and line": grid_and_line,
}


def find_crystals(survey: Survey) -> MsgGenerator[CrystalsFound]:
    """Scan by the strategy of the profile; a third view and finer grids where they are wanted and tell more."""
    settings = survey.settings
    found = yield from STRATEGIES[settings.strategy](survey)
    if settings.third_view and len(survey.views) == 2:
        yield from survey.third_view()
        if len(survey.views) > 2:
            found = yield from survey.locate()
    if settings.coarse_step_um is not None and found.candidates:
        found = yield from survey.refine(found)
    return found
