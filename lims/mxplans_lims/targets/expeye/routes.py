"""Routes and names of fields of ISPyB over REST, as data: a site whose server differs says so in its profile.

Seen in a public client of ExpEye (mx-bluesky of 2026, `exp_eye_store.py` and its tests; facts only): the bearer token; the
paths to make data groups, data collections, positions, grids and robot actions, and the names of their fields and of the
identifiers in the answers; PATCH of data groups, data collections, robot actions and samples; GET of a robot action.

Assumed: listings at the paths that make rows, in pages (`items`, `total`, as other services of Diamond answer) or as a
bare list; sessions of a proposal in one of those, for experiments that name none; a GET of other single rows at the path
that changes them, with `positionId` in a data collection. Positions and grids have no path that changes them: they stay as they were first told. Other tables (X-ray centring, screening, attachments,
spectra, energy scans) have no path here: what belongs there is not sent, unless the profile names one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mxplans.errors import InvalidProfile

_PATH = r"^/[^\s?#]*$"


class Route(BaseModel):
    """How rows of one table travel.

    Paths have places for `{proposal}`, `{session}`, `{parent}` (identifier of the row it hangs on) and `{id}`.

    Attributes:
        create: Path to make a row (POST), and to list those beside it (GET). None: rows of this table are not sent.
        row: Path of one row, to change it (PATCH) and to read it (GET). None: a row stays as it was first told.
        pointer: Field of the row that it hangs on which holds its identifier, where there is no listing.
        parent: Table of the row that it hangs on; None when that is the session.
        id_field: Of the answers.
        fields: Name of the field by column. Columns that are not named are not sent.
        mark: Field that our uid is written into, where nothing else tells rows apart.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    create: str | None = Field(default=None, pattern=_PATH)
    row: str | None = Field(default=None, pattern=_PATH)
    pointer: str | None = None
    parent: str | None = None
    id_field: str
    fields: Mapping[str, str]
    mark: str | None = None


def _same(*columns: str) -> dict[str, str]:
    return {column: column for column in columns}


_SESSION = "/proposals/{proposal}/sessions/{session}"
_COLLECTION_FIELDS = (
    *("dataCollectionNumber", "startTime", "endTime", "runStatus", "numberOfImages", "startImageNumber"),
    *("numberOfPasses", "exposureTime", "comments", "imageDirectory", "imagePrefix", "imageSuffix", "fileTemplate"),
    *("axisStart", "axisEnd", "axisRange", "overlap", "omegaStart", "kappaStart", "chiStart", "wavelength"),
    *("resolution", "transmission", "flux", "detectorDistance", "xBeam", "yBeam", "detectorId", "synchrotronMode"),
    *("beamSizeAtSampleX", "beamSizeAtSampleY", "slitGapHorizontal", "slitGapVertical", "undulatorGap1"),
    *(f"xtalSnapshotFullPath{number}" for number in range(1, 5)),
)

ROUTES: Mapping[str, Route] = {
    "BLSession": Route(
        create="/proposals/{proposal}/sessions",
        id_field="visitNumber",
        fields=_same("beamLineName", "startDate", "endDate"),
    ),
    "RobotAction": Route(
        create=f"{_SESSION}/robot-actions",
        row="/robot-actions/{id}",
        id_field="robotActionId",
        fields=_same("actionType", "startTimestamp", "endTimestamp", "status", "message")
        | _same("containerLocation", "dewarLocation", "sampleBarcode")
        | {"blsampleId": "sampleId"},
    ),
    "DataCollectionGroup": Route(
        create=f"{_SESSION}/data-groups",
        row="/data-groups/{id}",
        id_field="dataCollectionGroupId",
        fields=_same("experimentType", "actualSampleBarcode", "comments") | {"blSampleId": "sampleId"},
        mark="comments",
    ),
    "DataCollection": Route(
        create="/data-groups/{parent}/data-collections",
        row="/data-collections/{id}",
        parent="DataCollectionGroup",
        id_field="dataCollectionId",
        fields=_same(*_COLLECTION_FIELDS) | {"BLSAMPLEID": "sampleId", "DETECTORMODE": "detectorMode"},
    ),
    "Position": Route(
        create="/data-collections/{parent}/position",
        pointer="positionId",
        parent="DataCollection",
        id_field="positionId",
        fields=_same("posX", "posY", "posZ"),
    ),
    "GridInfo": Route(
        create="/data-collections/{parent}/grids",
        parent="DataCollection",
        id_field="gridInfoId",
        fields=_same("orientation", "snaked", "micronsPerPixelX", "micronsPerPixelY")
        | {"dx_mm": "dx", "dy_mm": "dy", "steps_x": "stepsX", "steps_y": "stepsY"}
        | {"snapshot_offsetXPixel": "snapshotOffsetXPixel", "snapshot_offsetYPixel": "snapshotOffsetYPixel"},
    ),
    "BLSample": Route(row="/samples/{id}", id_field="blSampleId", fields=_same("blSampleStatus")),
}
"""By table."""

WIDTHS = {"comments": 1024, "message": 255}
"""Characters that columns with words of ours take: these are shortened. What identifies something is never cut."""


def routes_with(changes: Mapping[str, Mapping[str, Any]]) -> dict[str, Route]:
    """The routes of a site: what is given replaces what stands here, fields one by one; a field that is None is not sent.

    Raises:
        InvalidProfile: If a route is incomplete or has what no route has.
    """
    routes = dict(ROUTES)
    for table, given in changes.items():
        standing = ROUTES[table].model_dump() if table in ROUTES else {"fields": {}}
        fields = {**standing["fields"], **given.get("fields", {})}
        whole = {**standing, **given, "fields": {column: name for column, name in fields.items() if name is not None}}
        try:
            routes[table] = Route.model_validate(whole)
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
            raise InvalidProfile(f"the route of {table} is no whole one: {wrong}; correct it in the profile") from error
    return routes


def usable_routes(changes: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Changes as they are, with which each route is a whole one.

    Raises:
        InvalidProfile: If it is not.
    """
    routes_with(changes)
    return changes
