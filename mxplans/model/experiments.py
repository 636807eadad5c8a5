"""What is asked for and what was measured, with the fields and units of MXLIMS 0.6.13.

These are the shapes of the message: mm, %, eV. Inside the project the fields carry their units;
`mxplans.model.sweeps` converts between the two.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mxplans.model._base import MxlimsModel, OfPlace, Reference, To
from mxplans.model._values import Count, Fraction, Number, Percent, Positive, PositiveWhole, Whole
from mxplans.model.crystals import UnitCell
from mxplans.model.datasets import Dataset
from mxplans.model.jobs import Job, JobStatus
from mxplans.model.space_groups import SpaceGroupName

__all__ = ["CollectionSweep", "JobStatus", "MxExperiment", "Scan", "UnitCell"]


class Scan(MxlimsModel):
    """Images taken without a pause; `ordinal` is its place among all scans of the experiment."""

    scan_position_start: Number = Field(description="Where the first image starts, deg or mm along scanAxis")
    first_image_number: Whole = Field(description="Number of the first image")
    number_images: PositiveWhole = Field(description="How many images")
    ordinal: Whole = Field(description="Place in time among all scans of the experiment, not only of the sweep")


class CollectionSweep(Dataset):
    """A series of images along one axis."""

    always_written: ClassVar[tuple[str, ...]] = ("mxlimsType", "scanAxis")

    mxlims_type: Literal["CollectionSweep"] = "CollectionSweep"
    sweep_type: str | None = Field(
        default=None, description="simple (what is meant if left out), mesh, line, helical, xray_centring"
    )
    exposure_time: Positive | None = Field(default=None, description="s per image")
    image_width: Positive | None = Field(default=None, description="deg or mm per image, along scanAxis")
    number_images: PositiveWhole | None = Field(
        default=None, description="Images from start to end of the series, of which the scans may take only some"
    )
    overlap: Number | None = Field(
        default=None, description="Of an image with the next, in units of imageWidth; negative for a gap"
    )
    number_triggers: Count | None = Field(default=None, description="Instruction to the detector")
    number_images_per_trigger: Count | None = Field(default=None, description="Instruction to the detector")
    number_lines: Count | None = Field(default=None, description="Lines of a mesh; divides numberImages")
    mesh_range: tuple[Positive, Positive] | None = Field(default=None, description="Mesh, mm horizontal and vertical")
    energy: Positive | None = Field(default=None, description="Photon energy, eV")
    transmission: Percent | None = Field(default=None, description="Of the attenuators, %")
    resolution: Positive | None = Field(default=None, description="Meant to be measured, A; not always the distance's")
    detector_type: str | None = Field(default=None, description="As in mmCIF diffrn_detector.type")
    detector_roi_mode: str | None = Field(default=None, description="Which part of the detector is read")
    detector_binning_mode: str | None = Field(default=None, description="How pixels are put together")
    beam_shape: str | None = Field(default=None, description="unknown, rectangular, ellipsoid")
    beam_position: tuple[Number, Number] | None = Field(
        default=None, description="Direct beam on the detector, px in x and y"
    )
    beam_size: tuple[Positive, Positive] | None = Field(default=None, description="Beam, mm in x and y")
    axis_positions_start: dict[str, Number] | None = Field(
        default=None, description="Pose at the start by axis, mm or deg, detector distance included"
    )
    axis_positions_end: dict[str, Number] | None = Field(
        default=None, description="Pose at the end of the axes that move along, mm or deg; scanAxis is left out"
    )
    scan_axis: str = Field(default="omega", description="Axis of the scan; of a mesh the fast one")
    scans: tuple[Scan, ...] | None = Field(
        default=None, description="Parts of the series, in any order, with gaps or without"
    )
    file_type: str | None = Field(default=None, description="mini-cbf, imgCIF, FullCBF, HDF5, MarCCD and others")
    prefix: str | None = Field(default=None, description="What the names of the files start with")
    filename_template: str | None = Field(default=None, description="Name with a slot for the image number")
    path: str | None = Field(default=None, description="Folder of the images")
    source_ref: Annotated[Reference, To("MxExperiment")] | None = Field(
        default=None, description="Experiment that made it"
    )
    derived_from_ref: Annotated[Reference, To("CollectionSweep")] | None = Field(
        default=None, description="Sweep that it was made of; not together with sourceRef"
    )
    logistical_sample_ref: OfPlace | None = Field(default=None, description="Where it was measured")


class MxExperiment(Job):
    """One experiment on one sample: the queue item, going in with template sweeps and out with result sweeps."""

    mxlims_type: Literal["MxExperiment"] = "MxExperiment"
    experiment_strategy: str | None = Field(
        default=None, description="OSC, Helical, MXPressE, GPhL.2wvlMAD.basic and others"
    )
    experiment_location: str | None = Field(default=None, description="Beamline")
    expected_resolution: Positive | None = Field(default=None, description="A; to place the detector")
    required_resolution: Positive | None = Field(default=None, description="A; if worse, do not go on")
    target_completeness: Percent | None = Field(default=None, description="At least, %")
    target_multiplicity: Positive | None = Field(default=None, description="At least")
    aimed_total_range: Positive | None = Field(default=None, description="Rotation in all, deg")
    priority: PositiveWhole | None = Field(default=None, description="Small first")
    sample_group: str | None = Field(
        default=None, description="Of the experiments of a group, stop when one has reached what is required"
    )
    dose_budget: Positive | None = Field(default=None, description="Dose that may be spent, MGy")
    radiation_sensitivity: Fraction | None = Field(default=None, description="Relative, as predicted; up to 1")
    snapshot_count: Count | None = Field(default=None, description="Pictures after each centring; 0 if left out")
    wedge_width: Positive | None = Field(default=None, description="Width of a wedge for interleaving, deg")
    measured_flux: Positive | None = Field(default=None, description="photons/s")
    radiation_dose: Positive | None = Field(default=None, description="Dose that was absorbed in all, MGy")
    expected_space_group_name: SpaceGroupName | None = Field(default=None, description="Space group expected")
    expected_unit_cell: UnitCell | None = Field(default=None, description="Unit cell expected")
    selected_space_group_name: SpaceGroupName | None = Field(
        default=None, description="Space group that characterisation found"
    )
    selected_unit_cell: UnitCell | None = Field(default=None, description="Unit cell that characterisation found")
    started_from_ref: Annotated[Reference, To("MxExperiment")] | None = Field(
        default=None, description="Experiment that it is part of"
    )
    reference_data_refs: tuple[Annotated[Reference, To("ReflectionSet")], ...] | None = Field(
        default=None, description="Reflections to be consistent with"
    )
    template_data_refs: tuple[Annotated[Reference, To("CollectionSweep")], ...] | None = Field(
        default=None, description="Sweeps asked for"
    )
