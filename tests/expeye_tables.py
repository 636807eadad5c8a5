"""The tables behind the stand-in for ExpEye, and what it refuses.

Names of fields are those that public clients of ExpEye use; which of them it demands is ours. Widths, words and kinds are
read off the columns of `ispyb.sqlalchemy`. An unknown field is refused, so that a wrong name is seen.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ispyb.sqlalchemy as tables
from sqlalchemy import DateTime, Enum, Integer, String

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?")


@dataclass(frozen=True)
class Table:
    """A table behind a route, its fields with their columns, and those it demands."""

    model: Any
    id_field: str
    fields: Mapping[str, str]
    needs: tuple[str, ...] = ()


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


TABLES = {
    "data-groups": Table(
        tables.DataCollectionGroup,
        "dataCollectionGroupId",
        _same("experimentType", "comments", "startTime", "endTime", "actualSampleBarcode", "scanParameters")
        | {"sampleId": "blSampleId"},
        ("experimentType",),
    ),
    "data-collections": Table(
        tables.DataCollection,
        "dataCollectionId",
        _same(
            *("omegaStart", "phiStart", "chiStart", "kappaStart", "axisStart", "axisEnd", "axisRange", "overlap"),
            *("dataCollectionNumber", "numberOfImages", "startImageNumber", "numberOfPasses", "exposureTime"),
            *("imageDirectory", "imagePrefix", "imageSuffix", "fileTemplate", "imageContainerSubPath", "rotationAxis"),
            *("wavelength", "resolution", "transmission", "flux", "detectorDistance", "detectorId"),
            *("xBeam", "yBeam", "beamSizeAtSampleX", "beamSizeAtSampleY", "slitGapVertical", "slitGapHorizontal"),
            *("synchrotronMode", "undulatorGap1", "startTime", "endTime", "runStatus", "comments"),
            *(f"xtalSnapshotFullPath{number}" for number in range(1, 5)),
        )
        | {"sampleId": "BLSAMPLEID", "detectorMode": "DETECTORMODE"},
        ("startTime", "numberOfImages"),
    ),
    "position": Table(tables.Position, "positionId", _same("posX", "posY", "posZ"), ("posX", "posY", "posZ")),
    "grids": Table(
        tables.GridInfo,
        "gridInfoId",
        _same("orientation", "snaked", "micronsPerPixelX", "micronsPerPixelY")
        | {"dx": "dx_mm", "dy": "dy_mm", "stepsX": "steps_x", "stepsY": "steps_y"}
        | {"snapshotOffsetXPixel": "snapshot_offsetXPixel", "snapshotOffsetYPixel": "snapshot_offsetYPixel"},
        ("dx", "dy", "stepsX", "stepsY"),
    ),
    "robot-actions": Table(
        tables.RobotAction,
        "robotActionId",
        _same("actionType", "status", "message", "containerLocation", "dewarLocation", "sampleBarcode")
        | _same("startTimestamp", "endTimestamp")
        | _same("xtalSnapshotBefore", "xtalSnapshotAfter")
        | {"sampleId": "blsampleId"},
        ("actionType", "startTimestamp"),
    ),
    "samples": Table(tables.BLSample, "blSampleId", _same("blSampleStatus")),
    "energy-scans": Table(
        tables.EnergyScan,
        "energyScanId",
        _same(
            "element", "startEnergy", "endEnergy", "peakEnergy", "inflectionEnergy", "startTime", "endTime", "comments"
        )
        | {"sampleId": "blSampleId"},
    ),
    "xray-centrings": Table(tables.XrayCentring, "xrayCentringId", _same("status", "xrayCentringType")),
    "results": Table(tables.XrayCentringResult, "xrayCentringResultId", _same("status", "totalCount", "centreOfMassX")),
}
"""By the last part of the path that makes a row."""


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, detail: Any) -> None:
        self.status, self.detail = status, detail


def check(name: str, body: Any, whole: bool) -> None:
    """Answer 422 with the fields that are wrong, as pydantic tells them."""
    table = TABLES[name]
    if not isinstance(body, dict):
        raise Refused(422, [{"loc": ["body"], "msg": "Input should be a valid dictionary", "input": body}])
    wrong = [
        {"type": "missing", "loc": ["body", need], "msg": "Field required", "input": None}
        for need in table.needs
        if whole and need not in body
    ]
    for key, value in body.items():
        if key not in table.fields:
            wrong.append({"type": "extra_forbidden", "loc": ["body", key], "msg": "Extra inputs", "input": value})
        elif value is not None and (told := _misfit(table.model.__table__.c[table.fields[key]].type, value)):
            wrong.append({"type": "value_error", "loc": ["body", key], "msg": told, "input": value})
    if wrong:
        raise Refused(422, wrong)


def _misfit(kind: Any, value: Any) -> str | None:
    """What is wrong with a value for a type of column; None when it fits."""
    if isinstance(kind, Enum):
        return None if value in kind.enums else f"Input should be one of {', '.join(kind.enums)}"
    if isinstance(kind, String):
        if not isinstance(value, str):
            return "Input should be a valid string"
        too_long = kind.length is not None and len(value) > kind.length
        return f"String should have at most {kind.length} characters" if too_long else None
    if isinstance(kind, DateTime):
        return None if isinstance(value, str) and _TIME.fullmatch(value) else "Input should be a valid datetime"
    if isinstance(kind, Integer):
        return None if isinstance(value, int) else "Input should be a valid integer"
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return None if number else "Input should be a valid number"
