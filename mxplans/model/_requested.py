"""What a requested sweep of MXLIMS says, as fields of a `Sweep`: one half of the place where these units meet.

Nothing that is asked for is passed over in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mxplans.errors import InvalidMessage
from mxplans.model.experiments import CollectionSweep
from mxplans.model.extensions import sweep_extension

ROTATING = ("simple", "helical")
GRIDS = ("line", "mesh")
FREE: dict[str, str] = {"omega": "omega_start_deg", "kappa": "kappa_deg", "phi": "phi_deg", "chi": "chi_deg"}
POSITION = {"sampleX": "x_mm", "sampleY": "y_mm", "sampleZ": "z_mm"}
DISTANCE = "detectorDistance"
_NOT_FOLLOWED = {
    "overlap": "ask for a sweep for each wedge",
    "number_triggers": "ask for wedges (wedgeImages of the experiment's extension)",
    "number_images_per_trigger": "ask for wedges (wedgeImages of the experiment's extension)",
    "detector_roi_mode": "leave it to the beamline",
    "detector_binning_mode": "leave it to the beamline",
    "beam_shape": "name an aperture in the sweep's extension",
    "beam_size": "name an aperture in the sweep's extension",
    "scans": "ask for a sweep for each, or for wedges (wedgeImages of the experiment's extension)",
    "filename_template": "give a prefix",
}
"""What MXLIMS can say of a sweep and no plan follows yet, and what to ask for instead."""
_ROUNDED_UM = 0.1
"""Lengths in mm are written by some with four decimals. What that leaves between imageWidth and meshRange is less than
this, and less than a goniometer can place a sample; a range from centre to centre is more off in all but the longest rows."""


def fields_of(sweep: CollectionSweep, number_images: int, number_lines: int) -> dict[str, Any]:
    """The fields that a requested sweep gives, its type among them; those that it leaves open are left out.

    Args:
        sweep: As it was asked for.
        number_images: Of a grid that gives none, for its steps.
        number_lines: Of a mesh that gives none.

    Raises:
        InvalidMessage: If it asks for what no plan follows, for half a position, or for boxes of two sizes.
        pydantic.ValidationError: If our extension does not follow its schema.
    """
    kind = sweep.sweep_type or "simple"
    axes = ("omega",) if kind not in GRIDS else ("horizontal", "vertical")
    if kind not in (*ROTATING, *GRIDS, "still") or sweep.scan_axis not in axes:
        raise InvalidMessage(
            f"sweep {_name(sweep)} is a {kind} sweep along {sweep.scan_axis}; allowed are simple, helical "
            "and still along omega, line and mesh along horizontal or vertical: change scanAxis and sweepType"
        )
    _check_followed(sweep, kind)
    fields: dict[str, Any] = {
        "uuid": sweep.uuid,
        "role": sweep.role,
        "sweep_type": kind,
        "exposure_s": sweep.exposure_time,
        "number_images": sweep.number_images,
        "energy_ev": sweep.energy,
        "transmission_frac": None if sweep.transmission is None else sweep.transmission / 100,
        "resolution_a": sweep.resolution,
        "prefix": sweep.prefix,
        **sweep_extension(sweep).model_dump(exclude_unset=True),
        **_positions(sweep),
        **(
            _grid(sweep, sweep.number_images or number_images, number_lines if kind == "mesh" else 1)
            if kind in GRIDS
            else {"image_width_deg": sweep.image_width, "number_lines": sweep.number_lines}
        ),
    }
    return {field: value for field, value in fields.items() if value is not None}


def _name(sweep: CollectionSweep) -> str | None:
    return sweep.uuid or sweep.prefix


def _check_followed(sweep: CollectionSweep, kind: str) -> None:
    """All that it asks for is followed by some plan."""
    if sweep.mesh_range is not None and kind not in GRIDS:
        raise InvalidMessage(
            f"sweep {_name(sweep)} gives meshRange {sweep.mesh_range} mm, but a {kind} sweep is no grid; "
            "leave it out, or ask for a line or a mesh"
        )
    for field, instead in _NOT_FOLLOWED.items():
        if getattr(sweep, field):
            alias = type(sweep).model_fields[field].alias
            raise InvalidMessage(f"sweep {_name(sweep)} gives {alias}, which no plan follows; leave it out: {instead}")


def _positions(sweep: CollectionSweep) -> dict[str, Any]:
    start, end = sweep.axis_positions_start or {}, sweep.axis_positions_end or {}
    unknown = (set(start) - {*FREE, *POSITION, DISTANCE}) | (set(end) - set(POSITION))
    if unknown:
        raise InvalidMessage(
            f"sweep {_name(sweep)} gives a position of {', '.join(sorted(unknown))}; allowed are "
            f"{', '.join((*FREE, *POSITION, DISTANCE))} at its start and {', '.join(POSITION)} at its end"
        )
    found: dict[str, Any] = {field: start[axis] for axis, field in FREE.items() if axis in start}
    found["distance_mm"] = start.get(DISTANCE)
    return found | {"start": _place(sweep, start), "end": _place(sweep, end)}


def _place(sweep: CollectionSweep, positions: Mapping[str, float]) -> dict[str, float] | None:
    given = {field: positions[axis] for axis, field in POSITION.items() if axis in positions}
    if given and len(given) < len(POSITION):
        raise InvalidMessage(
            f"sweep {_name(sweep)} gives {', '.join(axis for axis in POSITION if axis in positions)} only; "
            f"a place needs {', '.join(POSITION)}"
        )
    return given or None


def _grid(sweep: CollectionSweep, number_images: int, lines_unsaid: int) -> dict[str, Any]:
    """Steps from ranges and counts; a range covers whole boxes."""
    number_lines = lines_unsaid if sweep.number_lines is None else sweep.number_lines
    vertical = sweep.scan_axis == "vertical"
    found: dict[str, Any] = {"number_lines": number_lines, "vertical": vertical}
    if sweep.mesh_range is not None:
        along_mm, across_mm = reversed(sweep.mesh_range) if vertical else sweep.mesh_range
        lines = max(1, number_lines)  # that there are none is told by the bound
        per_line = max(1, number_images // lines)
        found |= {"step_um": along_mm * 1000 / per_line, "line_step_um": across_mm * 1000 / lines}
        if number_images == lines * per_line:
            _check_boxes(sweep, found["step_um"], per_line)
    elif sweep.image_width is not None:
        found |= {"step_um": sweep.image_width * 1000}
    return found


def _check_boxes(sweep: CollectionSweep, step_um: float, per_line: int) -> None:
    """Range and width make boxes of one size."""
    if sweep.image_width is not None and abs(sweep.image_width * 1000 - step_um) > _ROUNDED_UM:
        raise InvalidMessage(
            f"sweep {_name(sweep)} gives imageWidth {sweep.image_width:g} mm, but {per_line} images in its "
            f"meshRange {sweep.mesh_range} mm are {step_um / 1000:g} mm each; allowed is {_ROUNDED_UM / 1000:g} mm between "
            "the two: correct one (meshRange covers whole boxes), or leave imageWidth out"
        )
