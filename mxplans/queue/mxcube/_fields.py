"""The fields of MXCuBE's queue format 0.0.1: type, what an answer says where nothing was posted, and our bounds."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FORMAT_VERSION = "0.0.1"
_TEXT_MOST = 4096
_INF = float("inf")


@dataclass(frozen=True)
class Field:
    """What one field may hold.

    `types` are names of JSON types; bounds hold for numbers, `above` is excluded itself.
    """

    default: Any
    types: tuple[str, ...]
    unit: str = ""
    low: float = -_INF
    high: float = _INF
    above: float = -_INF
    zero_is_none: bool = False

    def problem(self, value: Any) -> str | None:
        """What would be allowed instead of a value, None if it is allowed."""
        kind = json_type(value)
        if kind not in self.types and not (kind == "integer" and "number" in self.types):
            return " or ".join(self.types)
        if kind == "string" and len(value) > _TEXT_MOST:
            return f"text of {_TEXT_MOST} characters at most"
        if kind not in ("integer", "number") or (self.zero_is_none and value == 0):
            return None
        return None if self.low <= value <= self.high and value > self.above else self.bounds()

    def bounds(self) -> str:
        """The bounds in words.

        >>> Field(0, ("number",), "s", above=0, high=3600).bounds()
        'more than 0 to 3600 s'
        """
        least = f"more than {self.above:.10g}" if self.above > -_INF else f"{self.low:.10g}"
        none = " (0 for none)" if self.zero_is_none else ""
        return f"{least} to {self.high:.10g}{' ' if self.unit else ''}{self.unit}{none}"


def json_type(value: Any) -> str:
    """Name of a value's type in JSON.

    >>> [json_type(value) for value in (None, True, 1, 1.5, "a", [], {})]
    ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object']
    """
    for name, kinds in _TYPES.items():
        if isinstance(value, kinds):
            return name
    return type(value).__name__


_TYPES: Mapping[str, tuple[type, ...]] = {
    "null": (type(None),),
    "boolean": (bool,),
    "integer": (int,),
    "number": (float,),
    "string": (str,),
    "array": (list, tuple),
    "object": (dict,),
}


def _text(default: str | None = "") -> Field:
    return Field(default, ("string",) if default is not None else ("string", "null"))


def _flag(default: bool = False) -> Field:
    return Field(default, ("boolean",))


def _whole(default: int = 0, low: float = 0, high: float = 10_000_000, unit: str = "") -> Field:
    return Field(default, ("integer",), unit, low, high)


def _number() -> Field:
    return Field(0, ("number",))


PATHS: Mapping[str, Field] = {
    "shape": Field("", ("string", "integer"), low=-1, high=-1),
    **dict.fromkeys(("directory", "process_directory", "xds_dir", "base_prefix", "mad_prefix"), _text()),
    **dict.fromkeys(("reference_image_prefix", "wedge_prefix"), _text()),
    "run_number": _whole(),
    "suffix": _text(),
    **dict.fromkeys(("precision", "start_num", "num_files"), _whole()),
    "compression": _flag(),
    **dict.fromkeys(("path", "prefix"), _text()),
    **dict.fromkeys(("fileName", "fullPath"), Field("", ("string", "null"))),
    "subdir": _text(),
}
"""Where files go, in every task."""

COLLECTION: Mapping[str, Field] = {
    **PATHS,
    "first_image": _whole(),
    "num_images": _whole(low=1, high=1_000_000, unit="images"),
    "osc_start": Field(0, ("number",), "deg", -3600, 3600),
    "osc_range": Field(0, ("number",), "deg", above=0, high=10),
    "osc_total_range": _number(),
    "offset": Field(0, ("number",), "deg", -360, 360),
    "kappa": Field(0, ("number", "null"), "deg", -360, 360),
    "kappa_phi": Field(0, ("number", "null"), "deg", -3600, 3600),
    "exp_time": Field(0, ("number",), "s", above=0, high=3600),
    "num_lines": _whole(1, 1, 10_000, "lines"),
    "energy": Field(0, ("number",), "keV", 1, 100, zero_is_none=True),
    "resolution": Field(0, ("number", "null"), "A", 0.3, 50, zero_is_none=True),
    "detector_distance": Field(0, ("number", "null"), "mm", 10, 5000, zero_is_none=True),
    "transmission": Field(100, ("number",), "%", above=0, high=100),
    "shutterless": _flag(True),
    "take_snapshots": _whole(high=1000),
    "detector_binning_mode": _text(None),
    "detector_roi_mode": Field(0, ("integer",)),
    "mesh_range": Field({}, ("object",)),
    **dict.fromkeys(("num_triggers", "num_images_per_trigger"), _whole()),
    **dict.fromkeys(("cell_counting", "mesh_center"), _text(None)),
    "cell_spacing": Field(None, ("array", "null")),
    "sub_wedge_size": _whole(10, 1, 100_000, "images"),
    **dict.fromkeys(("disable_processing", "inverse_beam"), _flag()),
    "space_group": _text(),
    **dict.fromkeys(("cellA", "cellB", "cellC", "cellAlpha", "cellBeta", "cellGamma"), _number()),
    **dict.fromkeys(("helical", "mesh"), _flag()),
    "taskIndexList": Field(None, ("array", "null")),
    "wedges": Field([], ("array",)),
    "swNumImages": Field(0, ("integer",), "images", 1, 100_000, zero_is_none=True),
}
MESH_RANGE = Field(0, ("number",), "mm", 0, 100)

_ONE_OR_TEXT = Field("", ("string", "integer"))
_SWITCH_OR_NUMBER = Field(0, ("number", "boolean"))
CHARACTERISATION: Mapping[str, Field] = {
    **COLLECTION,
    "experiment_type": _ONE_OR_TEXT,
    **dict.fromkeys(("use_aimed_resolution", "use_aimed_multiplicity"), _SWITCH_OR_NUMBER),
    **dict.fromkeys(("aimed_multiplicity", "aimed_i_sigma", "aimed_completness"), _number()),
    **dict.fromkeys(("strategy_complexity", "strategy_program"), _text()),
    **dict.fromkeys(("induce_burn", "use_permitted_rotation"), _flag()),
    **dict.fromkeys(("permitted_phi_start", "permitted_phi_end"), _number()),
    "low_res_pass_strat": _flag(),
    **dict.fromkeys(("max_crystal_vdim", "min_crystal_vdim", "max_crystal_vphi", "min_crystal_vphi"), _number()),
    **dict.fromkeys(("use_min_dose", "use_min_time"), _SWITCH_OR_NUMBER),
    **dict.fromkeys(("min_dose", "min_time"), _number()),
    **dict.fromkeys(("account_rad_damage", "auto_res", "opt_sad"), _flag()),
    "sad_res": _number(),
    "determine_rad_params": _flag(),
    **dict.fromkeys(("burn_osc_start", "burn_osc_interval", "rad_suscept", "beta", "gamma"), _number()),
}
XRF: Mapping[str, Field] = {
    **PATHS,
    "countTime": Field(0, ("number",), "s", above=0, high=3600, zero_is_none=True),
    "exp_time": Field(0, ("number",), "s", above=0, high=3600, zero_is_none=True),
}
ENERGY_SCAN: Mapping[str, Field] = {**PATHS, "element": _text(), "edge": _text()}

NODE: Mapping[str, Field] = {
    "type": _text(),
    "queueID": Field(-1, ("integer",)),
    "checked": _flag(True),
    "state": _whole(),
    "label": _text(),
    "sampleID": _text(),
    **dict.fromkeys(("sampleQueueID", "taskIndex", "diffractionPlanID"), Field(None, ("integer", "null"))),
    "diffractionPlan": Field(None, ("array", "null")),
    "isDiffractionPlan": _flag(),
    "name": _text(None),
    "parameters": Field({}, ("object",)),
}
"""A task beside its parameters."""

SAMPLE: Mapping[str, Field] = {
    "type": Field("Sample", ("string",)),
    "queueID": Field(-1, ("integer",)),
    "checked": _flag(True),
    "state": Field(None, ("integer", "null")),
    "sampleID": _text(),
    "limsID": Field(None, ("integer", "null")),
    "code": _text(None),
    "location": _text(),
    "cell_no": Field(0, ("integer",)),
    "puck_no": Field(1, ("integer",)),
    "sampleName": _text(),
    **dict.fromkeys(("proteinAcronym", "defaultPrefix", "defaultSubDir"), Field("", ("string", "null"))),
    "tasks": Field([], ("array",)),
    "crystalUUID": _text(None),
    "image_url": _text(),
    **dict.fromkeys(("image_x", "image_y"), _text(None)),
    "loadable": _flag(True),
    **dict.fromkeys(("puck_barcode", "puck_type"), _text(None)),
    **dict.fromkeys(("sample_barcode", "sc_state"), _text()),
    **dict.fromkeys(("containerCode", "crystalSpaceGroup"), _text(None)),
    **dict.fromkeys(("cellA", "cellB", "cellC"), Field(None, ("number", "null"))),
    **dict.fromkeys(("cellAlpha", "cellBeta", "cellGamma"), Field(None, ("number", "null"))),
}

PARAMETERS: Mapping[str, Mapping[str, Field]] = {
    "DataCollection": COLLECTION,
    "Interleaved": COLLECTION,
    "Characterisation": CHARACTERISATION,
    "xrf_spectrum": XRF,
    "energy_scan": ENERGY_SCAN,
}
"""Fields of the parameters, by type of task: the types that are read."""


def defaults(fields: Mapping[str, Field]) -> dict[str, Any]:
    """What an answer says where nothing was posted."""
    return {name: copy.copy(field.default) for name, field in fields.items()}
