"""Crystallisation plates, with the fields of MXLIMS 0.6.13: plate, well, drop, and region of a drop."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mxplans.model._base import MxlimsModel, OfSample, Reference, To
from mxplans.model._values import PositiveWhole
from mxplans.model.regions import ImageRegion, PlateRegion
from mxplans.model.samples import LogisticalSample, TrackingDevice


class PlateType(MxlimsModel):
    """How the wells of a kind of plate are laid out."""

    name: str | None = Field(default=None, description="What the kind is called")
    number_rows: PositiveWhole = Field(description="Rows; 8 for the usual plate of 96 wells")
    number_columns: PositiveWhole = Field(description="Columns; 12 for the usual plate of 96 wells")
    number_sub_positions: PositiveWhole = Field(description="Drops in a well")
    drop_mapping: str = Field(
        description="A well as a grid, rows parted by commas: a digit is a drop by its number, R the reservoir, as 123,RRR"
    )


class Plate(LogisticalSample):
    """A plate of a shipment."""

    mxlims_type: Literal["Plate"] = "Plate"
    barcode: str | None = Field(default=None, description="Bar code or another identifier")
    plate_type: PlateType | None = Field(default=None, description="How its wells are laid out")
    tracking_device: TrackingDevice | None = Field(default=None, description="What it is tracked by")
    container_ref: Annotated[Reference, To("Shipment")] | None = Field(default=None, description="Its shipment")


class PlateWell(LogisticalSample):
    """A well of a plate. Its name, where it has one, is its row as a letter and its column: H1, C03."""

    mxlims_type: Literal["PlateWell"] = "PlateWell"
    row_number: PositiveWhole = Field(description="Row from 1, which is row A")
    column_number: PositiveWhole = Field(description="Column from 1")
    container_ref: Annotated[Reference, To("Plate")] | None = Field(default=None, description="Its plate")
    sample_ref: OfSample | None = Field(default=None, description="What is in it")


class WellDrop(LogisticalSample):
    """A drop of a well."""

    mxlims_type: Literal["WellDrop"] = "WellDrop"
    drop_number: PositiveWhole = Field(description="Number in the well, from 1")
    container_ref: Annotated[Reference, To("PlateWell")] | None = Field(default=None, description="Its well")
    sample_ref: OfSample | None = Field(default=None, description="What is in it")


class DropRegion(LogisticalSample):
    """A region of a drop where a crystal may be."""

    mxlims_type: Literal["DropRegion"] = "DropRegion"
    region: ImageRegion | PlateRegion = Field(description="The region, on a picture or in the frame of the plate")
    container_ref: Annotated[Reference, To("WellDrop")] | None = Field(default=None, description="Its drop")
    sample_ref: OfSample | None = Field(default=None, description="What is in it")
