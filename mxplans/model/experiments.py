"""What is asked for and what was measured, with the fields and units of MXLIMS 0.6.13.

These are the shapes of the message: mm, %, eV. Inside the project a sweep is a `Sweep`, whose fields carry
their units; `mxplans.model.sweeps` converts between the two.
"""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from mxplans.model._base import MxlimsModel, MxlimsObject, Reference

JobStatus = Literal["Template", "Ready", "Running", "Completed", "Failed", "Aborted"]


class UnitCell(MxlimsModel):
    """Lengths in A, angles in degrees."""

    a: float = Field(gt=0)
    b: float = Field(gt=0)
    c: float = Field(gt=0)
    alpha: float = Field(gt=0, lt=180)
    beta: float = Field(gt=0, lt=180)
    gamma: float = Field(gt=0, lt=180)


class Scan(MxlimsModel):
    """Images taken without a pause; `ordinal` is its place among all scans of the experiment."""

    scan_position_start: float
    first_image_number: int
    number_images: int = Field(gt=0)
    ordinal: int


class CollectionSweep(MxlimsObject):
    """A series of images along one axis."""

    mxlims_type: Literal["CollectionSweep"] = "CollectionSweep"
    role: str | None = None
    sweep_type: str | None = None
    exposure_time: float | None = Field(default=None, gt=0, description="s")
    image_width: float | None = Field(default=None, gt=0, description="deg or mm, along scanAxis")
    number_images: int | None = Field(default=None, gt=0)
    overlap: float | None = Field(default=None, description="In units of imageWidth")
    number_triggers: int | None = Field(default=None, ge=0)
    number_images_per_trigger: int | None = Field(default=None, ge=0)
    number_lines: int | None = Field(default=None, ge=0)
    mesh_range: tuple[float, float] | None = Field(default=None, description="mm")
    energy: float | None = Field(default=None, gt=0, description="eV")
    transmission: float | None = Field(default=None, gt=0, le=100, description="%")
    resolution: float | None = Field(default=None, gt=0, description="A")
    detector_type: str | None = None
    detector_roi_mode: str | None = None
    detector_binning_mode: str | None = None
    beam_shape: str | None = None
    beam_position: tuple[float, float] | None = Field(default=None, description="px")
    beam_size: tuple[float, float] | None = Field(default=None, description="mm")
    axis_positions_start: dict[str, float] | None = Field(default=None, description="deg or mm, by axis")
    axis_positions_end: dict[str, float] | None = None
    scan_axis: str = "omega"
    scans: tuple[Scan, ...] | None = None
    file_type: str | None = None
    prefix: str | None = None
    filename_template: str | None = None
    path: str | None = None
    source_ref: Reference | None = None
    derived_from_ref: Reference | None = None
    logistical_sample_ref: Reference | None = None


class MxExperiment(MxlimsObject):
    """One experiment on one sample: the queue item, going in with template sweeps and out with result sweeps."""

    mxlims_type: Literal["MxExperiment"] = "MxExperiment"
    start_time: AwareDatetime | None = None
    end_time: AwareDatetime | None = None
    job_status: JobStatus | None = None
    experiment_strategy: str | None = None
    experiment_location: str | None = None
    expected_resolution: float | None = Field(default=None, gt=0, description="A")
    required_resolution: float | None = Field(default=None, gt=0, description="A")
    target_completeness: float | None = Field(default=None, gt=0, le=100, description="%")
    target_multiplicity: float | None = Field(default=None, gt=0)
    aimed_total_range: float | None = Field(default=None, gt=0, description="deg")
    priority: int | None = Field(default=None, gt=0, description="Small first")
    sample_group: str | None = None
    dose_budget: float | None = Field(default=None, gt=0, description="MGy")
    radiation_sensitivity: float | None = Field(default=None, gt=0, le=1)
    snapshot_count: int | None = Field(default=None, ge=0)
    wedge_width: float | None = Field(default=None, gt=0, description="deg")
    measured_flux: float | None = Field(default=None, gt=0, description="photons/s")
    radiation_dose: float | None = Field(default=None, gt=0, description="MGy")
    expected_space_group_name: str | None = None
    expected_unit_cell: UnitCell | None = None
    selected_space_group_name: str | None = None
    selected_unit_cell: UnitCell | None = None
    sample_ref: Reference | None = None
    started_from_ref: Reference | None = None
    logistical_sample_ref: Reference | None = None
    reference_data_refs: tuple[Reference, ...] | None = None
    template_data_refs: tuple[Reference, ...] | None = None
