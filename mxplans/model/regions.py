"""Regions of a crystallisation drop, on a picture of it or in the frame of the plate."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from mxplans.model._base import MxlimsModel
from mxplans.model._values import Number, Positive, Time, Url


class Point(MxlimsModel):
    """A point; the unit is its region's."""

    region_type: Literal["point"] = Field(description="Says which region it is")
    x: Number = Field(description="Along x")
    y: Number = Field(description="Along y")


class Circle(MxlimsModel):
    """A circle."""

    region_type: Literal["circle"] = Field(description="Says which region it is")
    center: Point = Field(description="Its centre")
    radius: Positive = Field(description="Its radius")


class Line(MxlimsModel):
    """A straight line between two points."""

    region_type: Literal["line"] = Field(description="Says which region it is")
    points: tuple[Point, Point] = Field(description="Its two ends")


class Rectangle(MxlimsModel):
    """A rectangle along x and y between two opposite corners."""

    region_type: Literal["rectangle"] = Field(description="Says which region it is")
    points: tuple[Point, Point] = Field(description="Two opposite corners, different in x and in y")


class Polygon(MxlimsModel):
    """A polygon, closed from its last point to its first."""

    region_type: Literal["polygon"] = Field(description="Says which region it is")
    points: tuple[Point, ...] = Field(min_length=3, description="Its corners; the sides do not cross")


Region = Annotated[Point | Circle | Line | Rectangle | Polygon, Field(discriminator="region_type")]


class DropImage(MxlimsModel):
    """A picture of a drop: its data or where to find it, not both."""

    mime_type: Literal["image/png", "image/jpeg"] = Field(description="Format of the picture")
    light_type: Literal["Visible", "UV", "other"] | None = Field(default=None, description="Light it was taken in")
    timestamp: Time | None = Field(default=None, description="When it was taken, with offset from UTC")
    data: str | None = Field(default=None, description="The picture, encoded as text")
    url: Url | None = Field(default=None, description="Where it can be had without logging in (http or https)")

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.data is None) == (self.url is None):
            raise PydanticCustomError("drop_image", "Exactly one of data and url is allowed")
        return self


class ImageRegion(MxlimsModel):
    """A region marked on a picture."""

    region: Region = Field(description="The region")
    image: DropImage = Field(description="The picture")
    units: Literal["mm", "micron", "pixel"] = Field(description="Unit of the region's coordinates")


class PlateRegion(MxlimsModel):
    """A region in the frame of a plate, for plates with marks and an origin."""

    region: Region = Field(description="The region")
    units: Literal["mm", "micron"] = Field(description="Unit of the region's coordinates")
