"""The sample in an NXmx file: its name, and the goniometer's axes with their angle or place for each image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from mxplans.errors import TargetRefused
from mxplans.geometry.goniometer import GoniometerGeometry, Orientation
from mxplans.geometry.grid import GridPlan
from mxplans.model.acquisition import Pose
from mxplans_lims.executed import ExecutedSweep
from mxplans_lims.nxmx.frame import TRANSLATIONS, Axis
from mxplans_lims.nxmx.images import Images
from mxplans_lims.nxmx.settings import NxmxSettings
from mxplans_lims.nxmx.tree import Tree, angles, field, group, link
from mxplans_lims.records import GridRecord, SampleRecord

Array: TypeAlias = npt.NDArray[np.float64]
TRANSFORMATIONS = "/entry/sample/transformations"
_ASKED = ("sampleX", "sampleY", "sampleZ")
_ABOVE_OMEGA = ("kappa", "chi", "phi")


def sample(record: SampleRecord, sweep: ExecutedSweep, images: Images, settings: NxmxSettings) -> Tree:
    """The group.

    Args:
        record: Of the sample.
        sweep: The sweep.
        images: Its images.
        settings: With the goniometer.

    Raises:
        TargetRefused: If the sweep turned another axis than omega, or one that the chain lacks was not at 0.
    """
    scanned = sweep.asked.get("scanAxis", "omega")
    if sweep.first.role == "rotation" and scanned != "omega":
        raise TargetRefused(f"sweep {sweep.uuid} is about {scanned}; NXmx files are written for sweeps about omega")
    chain = settings.chain
    _require_axes(sweep, chain)
    places_mm = _places_mm(sweep, images, settings.goniometer)
    fields = {axis.name: _axis(axis, sweep, images, places_mm) for axis in chain}
    return group(
        "NXsample",
        name=field(record.sample_name),
        depends_on=field(f"{TRANSFORMATIONS}/{chain[-1].name}"),
        beam=link("/entry/instrument/beam"),
        transformations=group(
            "NXtransformations", **fields, omega_end=angles(images.ramps, at_end=True), **_increment(images)
        ),
    )


def _require_axes(sweep: ExecutedSweep, chain: Sequence[Axis]) -> None:
    known = {axis.name for axis in chain}
    for name in _ABOVE_OMEGA:
        angle_deg = _angle_deg(name, sweep)
        if angle_deg and name not in known:
            raise TargetRefused(
                f"{name} was at {angle_deg:g} deg in sweep {sweep.uuid}, but the goniometer of this target has no {name}; "
                "give it as calibrated in the settings (goniometer, or axes)"
            )


def _axis(axis: Axis, sweep: ExecutedSweep, images: Images, places_mm: Array) -> Tree | None:
    attributes: dict[str, Any] = {
        "transformation_type": axis.kind,
        "vector": list(axis.vector),
        "offset": list(axis.offset_mm),
        "offset_units": "mm",
        "depends_on": axis.depends_on if axis.depends_on == "." else f"{TRANSFORMATIONS}/{axis.depends_on}",
    }
    if axis.name == "omega":
        return angles(images.ramps, **attributes)
    if axis.kind == "rotation":
        return field([_angle_deg(axis.name, sweep) or 0.0], "degree", **attributes)
    if axis.value_mm is not None:
        return field([axis.value_mm], "mm", **attributes)
    return field(places_mm[:, TRANSLATIONS.index(axis.name)].tolist(), "mm", **attributes)


def _angle_deg(name: str, sweep: ExecutedSweep) -> float | None:
    """As measured; as asked for where nobody has measured it."""
    measured: float | None = getattr(sweep.measured, f"{name}_deg")
    return measured if measured is not None else sweep.asked.get("axisPositionsStart", {}).get(name)


def _places_mm(sweep: ExecutedSweep, images: Images, goniometer: GoniometerGeometry) -> Array:
    """Motors x, y, z: once for a turn (1, 3), for each image of a grid or of a helical sweep (n, 3)."""
    grid = sweep.grid
    if grid is None:
        return _turn_mm(sweep, images.number)
    places = _boxes_mm(grid, images.number)
    if goniometer.kind == "smargon":
        # Grids are laid in the frame that turns with omega; a smargon's motors are the sample's own.
        places = places @ goniometer.mount(
            Orientation(**{f"{name}_deg": _angle_deg(name, sweep) or 0.0 for name in _ABOVE_OMEGA})
        )
    # Rounded to a nanometre: what is below is noise of rotations.
    return np.asarray(places.round(6) + 0.0)


def _turn_mm(sweep: ExecutedSweep, number: int) -> Array:
    """Motors of a sweep about omega, at the beginning of each image where they move."""
    asked, measured = sweep.asked, sweep.measured
    read = (measured.x_mm, measured.y_mm, measured.z_mm)
    # As asked for where a place was: it is read back before the motion goes to its start.
    begin = np.array(
        [asked.get("axisPositionsStart", {}).get(name, at or 0.0) for name, at in zip(_ASKED, read, strict=True)]
    )
    goes_to = asked.get("axisPositionsEnd") or {}
    if not goes_to.keys() & set(_ASKED):
        return np.array([begin])
    end = np.array([goes_to.get(name, at) for name, at in zip(_ASKED, begin, strict=True)])
    first = min(int(scan.scan["firstImageNumber"]) for scan in sweep.scans) - 1
    part = (first + np.arange(number)) / int(asked["numberImages"])
    return np.asarray(begin + part[:, None] * (end - begin))


def _boxes_mm(grid: GridRecord, number: int) -> Array:
    """x, y, z (n, 3) that have the box of each image in the beam, in the frame that turns with omega."""
    plan = GridPlan(
        Pose(**grid.centre),
        grid.columns,
        grid.rows,
        grid.step_um,
        grid.row_step_um,
        vertical=grid.sweep.get("scanAxis") == "vertical",
        snake=grid.snake,
    )
    first = int(grid.scan["firstImageNumber"])
    return np.array([plan.pose(*plan.box_of_image(image)).xyz_mm for image in range(first, first + number)])


def _increment(images: Images) -> Tree:
    """The width of an image, where all have the same."""
    steps = {ramp.step_deg for ramp in images.ramps}
    return {"omega_increment_set": field(steps.pop(), "degree")} if len(steps) == 1 else {}
