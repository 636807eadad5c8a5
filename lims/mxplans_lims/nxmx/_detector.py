"""The detector in an NXmx file: where it stands, and what it said of itself."""

from __future__ import annotations

import math

from mxplans.errors import TargetRefused
from mxplans.model.acquisition import Vector
from mxplans_lims.executed import ExecutedSweep
from mxplans_lims.nxmx import units
from mxplans_lims.nxmx.frame import NOWHERE, first_pixel
from mxplans_lims.nxmx.settings import NxmxSettings
from mxplans_lims.nxmx.tree import Tree, field, group, link
from mxplans_lims.records import DetectorFacts

DETECTOR = "/entry/instrument/detector"
_POSITION = f"{DETECTOR}/transformations/det_z"
_OFFSET = f"{DETECTOR}/module/module_offset"
_NEEDED = ("pixel_x_um", "pixel_y_um", "beam_centre_x_px", "beam_centre_y_px")


def detector(sweep: ExecutedSweep, settings: NxmxSettings) -> Tree:
    """The group, but for what only the frames tell.

    Raises:
        TargetRefused: If no document says where it stood.
    """
    facts = sweep.detector
    distance_mm = facts.distance_mm or sweep.measured.distance_mm
    missing = [name for name in _NEEDED if getattr(facts, name) is None]
    if distance_mm is None:
        missing.append("distance_mm")
    if distance_mm is None or missing:
        raise TargetRefused(
            f"no document says {', '.join(missing)} of the detector in sweep {sweep.uuid}; without it nobody can process "
            "the sweep: read the detector's configuration in the scan's stream"
        )
    distance_m = units.mm_to_m(distance_mm)
    exposure_s = facts.exposure_s or sweep.asked.get("exposureTime")
    centre = _centre_px(facts, settings)
    return group(
        "NXdetector",
        depends_on=field(_POSITION),
        description=field(facts.model or "unknown"),
        serial_number=field(facts.serial_number),
        type=field("Pixel"),
        sensor_material=field(settings.sensor_material),
        sensor_thickness=field(units.um_to_m(settings.sensor_thickness_um), "m"),
        underload_value=field(0),
        saturation_value=field(settings.saturation_value),
        bit_depth_readout=field(settings.bit_depth_readout),
        count_time=field(exposure_s and exposure_s - settings.readout_s, "s"),
        frame_time=field(exposure_s, "s"),
        detector_readout_time=field(settings.readout_s, "s"),
        distance=field(distance_m, "m"),
        distance_derived=field(False),
        beam_center_x=field(centre[0], "pixel"),
        beam_center_y=field(centre[1], "pixel"),
        beam_center_derived=field(False),
        x_pixel_size=field(units.um_to_m(facts.pixel_x_um or 0.0), "m"),
        y_pixel_size=field(units.um_to_m(facts.pixel_y_um or 0.0), "m"),
        data=link("/entry/data/data"),
        transformations=group(
            "NXtransformations",
            det_z=field(
                [distance_m],
                "m",
                transformation_type="translation",
                vector=[0.0, 0.0, 1.0],
                depends_on=".",
                **_no_offset(),
            ),
        ),
        module=_module(facts, centre, settings),
    )


def _centre_px(facts: DetectorFacts, settings: NxmxSettings) -> tuple[float, float]:
    """Where the beam meets the detector, from the outer corner of its first pixel."""
    half = 0.5 if settings.beam_centre_from == "centre" else 0.0
    return (facts.beam_centre_x_px or 0.0) + half, (facts.beam_centre_y_px or 0.0) + half


def _module(facts: DetectorFacts, centre_px: tuple[float, float], settings: NxmxSettings) -> Tree:
    """All of it as one module, which begins at the outer corner of the first pixel."""
    pixel_um = (facts.pixel_x_um or 0.0, facts.pixel_y_um or 0.0)
    corner_mm = first_pixel(
        settings.fast, settings.slow, centre_px, (units.um_to_mm(pixel_um[0]), units.um_to_mm(pixel_um[1]))
    )
    length_mm = math.hypot(*corner_mm)
    direction = [value / length_mm for value in corner_mm] if length_mm else [1.0, 0.0, 0.0]
    return group(
        "NXdetector_module",
        data_origin=field([0, 0]),
        data_stride=field([1, 1]),
        module_offset=field(
            [units.mm_to_m(length_mm)],
            "m",
            transformation_type="translation",
            vector=direction,
            depends_on=_POSITION,
            **_no_offset(),
        ),
        fast_pixel_direction=_pixel(pixel_um[0], settings.fast),
        slow_pixel_direction=_pixel(pixel_um[1], settings.slow),
    )


def _pixel(size_um: float, direction: Vector) -> Tree | None:
    return field(
        [units.um_to_m(size_um)],
        "m",
        transformation_type="translation",
        vector=list(direction),
        depends_on=_OFFSET,
        **_no_offset(),
    )


def _no_offset() -> Tree:
    return {"offset": list(NOWHERE), "offset_units": "m"}
