"""Messages of zocalo about X-ray centring: what starts an analysis, and what comes back.

Their centre of mass is a mean index + 0.5 and their bounding box half open; here index = centre of a box, and a box
belongs or does not. Axes: x along the rows, y down the first grid, z down the second.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mxplans.model.crystal_search import CrystalAnswer, CrystalRequest, FoundCrystal

LARGEST_BYTES = 16 * 2**20
_MOST_RESULTS = 10_000


class NoResult(ValueError):
    """A message that is no result of X-ray centring, and why."""


class _Result(BaseModel):
    """One crystal as it comes; more keys are for others."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, allow_inf_nan=False)

    centre_of_mass: list[float] = Field(min_length=3, max_length=3)
    max_voxel: list[int] = Field(min_length=3, max_length=3)
    max_count: float = Field(ge=0)
    n_voxels: int = Field(gt=0)
    total_count: float = Field(ge=0)
    bounding_box: list[list[int]] = Field(min_length=2, max_length=2)
    sample_id: int | None = None


def messages(request: CrystalRequest, recipes: Sequence[str]) -> list[str]:
    """What is sent for a request: the start of each grid, then the end of each."""
    parameters: list[dict[str, Any]] = []
    group = {} if request.group_id is None else {"ispyb_dcgid": request.group_id}
    for index, grid in enumerate(request.grids):
        parameters.append(
            {
                "event": "start",
                "ispyb_dcid": grid.data_collection_id,
                **group,
                "filename": grid.file_name,
                "start_frame_index": grid.first_frame,
                "number_of_frames": grid.number_images,
                "message_index": index,
            }
        )
    parameters += [{"event": "end", "ispyb_dcid": grid.data_collection_id} for grid in request.grids]
    return [json.dumps({"recipes": list(recipes), "parameters": each}) for each in parameters]


def read_result(body: bytes) -> tuple[int, list[Any]]:
    """Id of the data collection and results of a message, bare or wrapped into a recipe.

    Raises:
        NoResult: If it is anything else.
    """
    if len(body) > LARGEST_BYTES:
        raise NoResult(f"it has {len(body)} bytes, allowed are {LARGEST_BYTES}")
    try:
        content = json.loads(body)
        if "payload" in content:
            step = content["recipe"][str(content["recipe-pointer"])]
            parameters, results = step["parameters"], content["payload"]["results"]
        else:
            parameters, results = content["recipe_parameters"], content["results"]
        data_collection_id = parameters["dcid"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise NoResult(f"it cannot be read ({type(error).__name__}: {str(error)[:100]})") from error
    if type(data_collection_id) is not int or not isinstance(results, list) or len(results) > _MOST_RESULTS:
        raise NoResult(f"dcid is a {type(data_collection_id).__name__} and results a {type(results).__name__}")
    return data_collection_id, results


def read_crystals(results: Sequence[Any], request: CrystalRequest, total_count_min: float) -> CrystalAnswer:
    """Crystals in our convention, the strongest first.

    Args:
        results: As they came.
        request: What they are about.
        total_count_min: Weaker ones are dropped.

    Raises:
        NoResult: If one is malformed, or lies outside of the grids.
    """
    try:
        read = [_Result.model_validate(result) for result in results]
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()[:5])
        raise NoResult(f"a crystal is malformed: {faults}") from error
    sizes = (request.grids[0].columns, *(grid.rows for grid in request.grids))
    crystals = [_crystal(result, sizes) for result in read]
    kept = [crystal for crystal in crystals if crystal.total_count >= total_count_min]
    kept.sort(key=lambda crystal: -crystal.max_count)
    return CrystalAnswer(crystals=tuple(kept), dropped=len(crystals) - len(kept))


def _crystal(result: _Result, sizes: tuple[int, ...]) -> FoundCrystal:
    """One crystal, checked against the grids' boxes along x, y and, with two grids, z."""
    axes = len(sizes)
    lower, upper = result.bounding_box
    if len(lower) != 3 or len(upper) != 3:
        raise NoResult(f"a bounding box with corners of {len(lower)} and {len(upper)} numbers; three each are expected")
    last = [value - 1 for value in upper]
    centre = [value - 0.5 for value in result.centre_of_mass]
    for axis, size, first, end, strongest, middle in zip(
        "xyz", sizes, lower, last, result.max_voxel, centre, strict=False
    ):
        inside = 0 <= first <= end < size and 0 <= strongest < size
        # A centre of mass of boxes lies between the centres of the outermost ones, half a box of noise allowed.
        if not inside or not first - 0.5 <= middle <= end + 0.5:
            raise NoResult(
                f"a crystal at {axis} = {middle:g} in boxes {first} to {end}, strongest {strongest}; "
                f"the grid has boxes 0 to {size - 1}"
            )
    return FoundCrystal(
        x_box=centre[0],
        y_box=centre[1],
        z_box=centre[2] if axes == 3 else None,
        first_box=tuple(lower[:axes]),
        last_box=tuple(last[:axes]),
        strongest_box=tuple(result.max_voxel[:axes]),
        max_count=result.max_count,
        total_count=result.total_count,
        n_voxels=result.n_voxels,
        sample_id=result.sample_id,
    )
