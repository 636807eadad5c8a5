"""Jobs other than an experiment: looking for the crystal in a volume, and processing."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mxplans.model._base import MxlimsObject, OfPlace, OfSample, Reference, To
from mxplans.model._values import Number, Time
from mxplans.model.clouds import PointCloud
from mxplans.model.crystals import UnitCell
from mxplans.model.space_groups import SpaceGroupName

JobStatus = Literal["Template", "Ready", "Running", "Completed", "Failed", "Aborted"]


class Job(MxlimsObject):
    """Fields that all jobs share: experiments and calculations."""

    base_type: ClassVar[str] = "Job"

    start_time: Time | None = Field(default=None, description="When it really started, with offset from UTC")
    end_time: Time | None = Field(default=None, description="When it really ended, with offset from UTC")
    job_status: JobStatus | None = Field(
        default=None, description="Template and Ready are asked for, Completed, Failed and Aborted are over"
    )
    sample_ref: OfSample | None = Field(default=None, description="What is measured")
    logistical_sample_ref: OfPlace | None = Field(default=None, description="Where it is measured")


class VolumeScan(Job):
    """Looking through a volume for crystals, for centring or to know what is there."""

    mxlims_type: Literal["VolumeScan"] = "VolumeScan"
    experiment_type: str | None = Field(
        default=None, description="Xray.centring, Xray.recentring, Xray.exploration and others"
    )
    rotation_angles: tuple[Number, ...] | None = Field(
        default=None, description="Orientations to scan at, deg of omega from where it started"
    )
    search_volume: PointCloud | None = Field(default=None, description="Where to look, with the pose to take")
    bounding_box_size: tuple[Number, Number, Number] | None = Field(
        default=None,
        description="Box to scan, mm along the camera's horizontal, its vertical and the beam; its centre is where the "
        "omega axis meets the beam",
    )
    bounding_box_shape: str | None = Field(default=None, description="Box (what is meant if left out) or Ellipsoid")
    result_volume: PointCloud | None = Field(default=None, description="All points that diffract")
    started_from_ref: Annotated[Reference, To("MxExperiment")] | None = Field(
        default=None, description="Experiment that it is part of"
    )
    template_data_refs: tuple[Annotated[Reference, To("CollectionSweep")], ...] | None = Field(
        default=None, description="Sweeps asked for"
    )


class MxProcessing(Job):
    """A calculation that makes reflections of images."""

    mxlims_type: Literal["MxProcessing"] = "MxProcessing"
    program_name: str | None = Field(default=None, description="Which program")
    program_version: str | None = Field(default=None, description="Its version")
    space_group_name: SpaceGroupName | None = Field(default=None, description="Space group that it was told")
    unit_cell: UnitCell | None = Field(default=None, description="Unit cell that it was told")
    started_from_ref: Annotated[Reference, To("MxProcessing")] | None = Field(
        default=None, description="Processing that it is part of"
    )
    reference_data_refs: tuple[Annotated[Reference, To("ReflectionSet")], ...] | None = Field(
        default=None, description="Reflections to be consistent with, as to indexing or free flags"
    )
    template_data_refs: tuple[Annotated[Reference, To("ReflectionSet")], ...] | None = Field(
        default=None, description="Reflections asked for"
    )
    input_data_refs: tuple[Annotated[Reference, To("CollectionSweep")], ...] | None = Field(
        default=None, description="Sweeps that went in"
    )
