"""A diffraction plan of ISPyB as an experiment and its template sweep, MXLIMS names and units."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from mxplans.errors import InvalidMessage
from mxplans.model.extensions import DOMAIN, Centring
from mxplans.model.space_groups import SPACE_GROUP_NAMES
from mxplans_lims.names import made_uuid, without_none
from mxplans_lims.sources._queries import Columns, SampleRows
from mxplans_lims.sources.units import frac_to_percent, um_to_mm

ISPYB = f"ispyb.{DOMAIN}"
"""Key of what ISPyB says and MXLIMS has no field for, and of identifiers that ISPyB gave."""
_CENTRING = {
    "xray": Centring.XRAY,
    "diffraction": Centring.XRAY,
    "loop": Centring.OPTICAL,
    "optical": Centring.OPTICAL,
}
_CELL = ("a", "b", "c", "alpha", "beta", "gamma")
_OURS = "mxplans"
"""Key within `strategyOption` of what goes into our own extension."""


def experiment(rows: SampleRows, queued: int, label: str) -> dict[str, Any]:
    """The experiment of a sample; the same container queued again asks for another one.

    Raises:
        InvalidMessage: If `strategyOption` is no JSON object.
    """
    plan, crystal = rows.plan, rows.crystal
    options = _options(plan, label)
    ours = {**_ours(plan), **options.pop(_OURS, {})}
    theirs = without_none(
        {
            "diffractionPlanId": plan.get("diffractionPlanId"),
            "collectionMode": plan.get("collectionMode"),
            "boxSize": _size(plan, "boxSizeX", "boxSizeY"),
            "preferredBeamSize": _size(plan, "preferredBeamSizeX", "preferredBeamSizeY"),
            "anomalousScatterer": plan.get("anomalousScatterer") or None,
            "strategyOption": options or None,
        }
    )
    extensions = {name: said for name, said in ((DOMAIN, ours), (ISPYB, theirs)) if said}
    return without_none(
        {
            "mxlimsType": "MxExperiment",
            "uuid": made_uuid("ispyb", queued, rows.sample["blSampleId"]),
            "jobStatus": "Ready",
            "experimentStrategy": plan.get("experimentKind"),
            "priority": plan.get("priority") or None,
            "requiredResolution": plan.get("requiredResolution") or None,
            "expectedResolution": plan.get("aimedResolution") or None,
            "targetCompleteness": plan.get("aimedCompleteness") or plan.get("requiredCompleteness") or None,
            "targetMultiplicity": plan.get("aimedMultiplicity") or plan.get("requiredMultiplicity") or None,
            "radiationSensitivity": plan.get("radiationSensitivity"),
            "expectedSpaceGroupName": _space_group(plan.get("forcedSpaceGroup") or crystal.get("spaceGroup")),
            "expectedUnitCell": _cell(crystal),
            "annotation": plan.get("comments") or None,
            "extensions": extensions or None,
        }
    )


def template(rows: SampleRows, queued: int) -> dict[str, Any] | None:
    """The sweep that a plan asks for; what it leaves open is the beamline's to say. None without any plan.

    `axisRange` is the width of an image, as in `DataCollection`; where `oscillationRange` is given too, that is.
    """
    plan = rows.plan
    if not plan:
        return None
    frac, distance = plan.get("transmission"), plan.get("distance") or None
    axes = {"omega": plan.get("axisStart"), "kappa": plan.get("kappaStart"), "detectorDistance": distance}
    known = without_none(axes)
    return without_none(
        {
            "mxlimsType": "CollectionSweep",
            "uuid": made_uuid("ispyb", queued, rows.sample["blSampleId"], "sweep"),
            "scanAxis": "omega",
            "sweepType": "simple",
            "exposureTime": plan.get("exposureTime") or None,
            "imageWidth": plan.get("oscillationRange") or plan.get("axisRange") or None,
            "numberImages": plan.get("numberOfImages") or None,
            "energy": plan.get("energy") or None,
            "transmission": frac_to_percent(frac) if frac else None,
            "resolution": None if distance else plan.get("aimedResolution") or None,
            "axisPositionsStart": known or None,
            "prefix": prefix_of(str(rows.sample["name"] or "")) or None,
        }
    )


def prefix_of(name: str) -> str:
    """A sample's name as files may begin.

    >>> prefix_of("Lyso #4 (B)")
    'Lyso_4_B'
    """
    return re.sub(r"[^A-Za-z0-9-]+", "_", name).strip("_")[:45]


def _ours(plan: Columns) -> dict[str, Any]:
    centring = _CENTRING.get(plan.get("centringMethod") or "")
    return {"centring": centring.value} if centring else {}


def _options(plan: Columns, label: str) -> dict[str, Any]:
    text = plan.get("strategyOption")
    if not text:
        return {}
    try:
        options = json.loads(text)
    except ValueError as error:
        raise InvalidMessage(
            f"{label}: strategyOption is {text!r}; allowed is a JSON object: correct the diffraction plan"
        ) from error
    if not isinstance(options, dict) or not isinstance(options.get(_OURS, {}), dict):
        raise InvalidMessage(
            f"{label}: strategyOption is {text!r}; allowed is a JSON object: correct the diffraction plan"
        )
    return options


def _size(plan: Columns, *names: str) -> list[float] | None:
    """Horizontal and vertical, mm."""
    sizes = [plan.get(name) for name in names]
    return [um_to_mm(size) for size in sizes if size] if all(sizes) else None


def _space_group(name: str | None) -> str | None:
    """One that MXLIMS knows; what users write there instead is left out."""
    spelled = (name or "").replace(" ", "")
    return spelled if spelled in SPACE_GROUP_NAMES else None


def _cell(crystal: Mapping[str, Any]) -> dict[str, float] | None:
    cell = {name: crystal.get(f"cell_{name}") for name in _CELL}
    return {name: float(value) for name, value in cell.items() if value} if all(cell.values()) else None
