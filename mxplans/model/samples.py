"""What is measured, and what it travels in, with the fields of MXLIMS 0.6.13. Plates stand in `plates`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from mxplans.model._base import MxlimsModel, MxlimsObject, OfSample, Reference, To
from mxplans.model._values import Domain, Number, PositiveWhole, Url


class Person(MxlimsModel):
    """A contact, reachable by one means at least."""

    name: str = Field(description="Full name")
    email_address: str | None = Field(default=None, description="Mail address")
    phone_number: str | None = Field(default=None, description="Telephone number")

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.email_address is None and self.phone_number is None:
            raise PydanticCustomError("unreachable", "At least one of emailAddress and phoneNumber is needed")
        return self


class TrackingDevice(MxlimsModel):
    """A device that tells where its container is. Its addresses may change from shipment to shipment."""

    identifier: str = Field(description="Serial number, or another identifier that no other device has")
    device_type: Literal["LightBug", "AirTag", "other"] = Field(description="Kind of device")
    human_tracking_url: Url | None = Field(default=None, description="Where a person sees its place (http or https)")
    api_tracking_url: Url | None = Field(default=None, description="Where a program reads its place (http or https)")


class SampleComponent(MxlimsModel):
    """A further component of a sample, as a ligand."""

    acronym: str | None = Field(default=None, description="Short name, as lig1")
    name: str | None = Field(default=None, description="Name for people")
    role: Literal["target", "ligand", "cofactor", "solvent", "buffer", "cryoprotectant", "other"] | None = Field(
        default=None, description="In a screening the macromolecule is the target, what is screened is the ligand"
    )
    smiles: str | None = Field(default=None, description="What it is, in SMILES")
    selfies: str | None = Field(default=None, description="What it is, in SELFIES")
    sequence: str | None = Field(default=None, description="What it is, as a sequence")
    identifiers: dict[Domain, str] | None = Field(
        default=None, description="What it is called at a site, by the site's domain name"
    )
    urls: dict[Domain, Url] | None = Field(
        default=None, description="Where a site shows it (http or https), by the site's domain name"
    )


class SampleData(MxlimsObject):
    """Fields that all samples share."""

    base_type: ClassVar[str] = "Sample"

    name: str | None = Field(default=None, description="Name for people")
    acronym: str | None = Field(default=None, description="Short name")
    campaign_name: str | None = Field(default=None, description="Campaign that it is part of")
    components: tuple[SampleComponent, ...] | None = Field(default=None, description="What else is in it")


class Macromolecule(SampleData):
    """The molecule under study."""

    mxlims_type: Literal["Macromolecule"] = "Macromolecule"
    acronym: str = Field(description="Short name, as facilities know the protein")


class Medium(SampleData):
    """What it is dissolved in."""

    mxlims_type: Literal["Medium"] = "Medium"


class MacromoleculeSample(SampleData):
    """A macromolecule in a medium, as crystallised."""

    mxlims_type: Literal["MacromoleculeSample"] = "MacromoleculeSample"
    medium_ref: Annotated[Reference, To("Medium")] | None = Field(default=None, description="What it is dissolved in")
    parent_sample_ref: Annotated[Reference, To("Macromolecule")] | None = Field(
        default=None, description="The macromolecule"
    )


class LogisticalSample(MxlimsObject):
    """Fields that all containers and places share."""

    base_type: ClassVar[str] = "LogisticalSample"

    name: str | None = Field(default=None, description="Name for people")


class Shipment(LogisticalSample):
    """What was sent to the beamline at one time; no session number means unattended."""

    mxlims_type: Literal["Shipment"] = "Shipment"
    proposal_code: str = Field(description="Proposal at the facility that receives it, as mx1234")
    session_number: PositiveWhole | None = Field(
        default=None, description="Session of the proposal; none means that it is collected unattended"
    )
    lab_contact_outbound: Person | None = Field(default=None, description="Whom to ask on the way out")
    lab_contact_return: Person | None = Field(default=None, description="Whom to ask on the way back")
    tracking_device: TrackingDevice | None = Field(default=None, description="What it is tracked by")


class Dewar(LogisticalSample):
    """A dewar of a shipment."""

    mxlims_type: Literal["Dewar"] = "Dewar"
    barcode: str | None = Field(default=None, description="Bar code or RFID")
    tracking_device: TrackingDevice | None = Field(default=None, description="What it is tracked by")
    container_ref: Annotated[Reference, To("Shipment")] | None = Field(default=None, description="Its shipment")


class Puck(LogisticalSample):
    """A puck of a dewar."""

    mxlims_type: Literal["Puck"] = "Puck"
    barcode: str | None = Field(default=None, description="Bar code or RFID")
    position_in_dewar: PositiveWhole | None = Field(default=None, description="Place in the dewar, from 1")
    number_positions: PositiveWhole | None = Field(default=None, description="How many pins it has room for")
    puck_type: str | None = Field(default=None, description="Kind of puck")
    container_ref: Annotated[Reference, To("Dewar")] | None = Field(default=None, description="Its dewar")


class Pin(LogisticalSample):
    """A pin with one loop."""

    mxlims_type: Literal["Pin"] = "Pin"
    barcode: str | None = Field(default=None, description="Bar code or RFID")
    position_in_puck: PositiveWhole | None = Field(default=None, description="Place in the puck, from 1")
    loop_type: str | None = Field(default=None, description="Kind of loop")
    holder_length: Number | None = Field(default=None, description="Length of the holder, mm")
    container_ref: Annotated[Reference, To("Puck")] | None = Field(default=None, description="Its puck")
    sample_ref: OfSample | None = Field(default=None, description="What is on it")


class MultiPin(LogisticalSample):
    """A pin with several positions for crystals."""

    mxlims_type: Literal["MultiPin"] = "MultiPin"
    barcode: str | None = Field(default=None, description="Bar code or RFID")
    number_positions: PositiveWhole = Field(description="How many positions it has")
    position_in_puck: PositiveWhole = Field(description="Place in the puck, from 1")
    container_ref: Annotated[Reference, To("Puck")] | None = Field(default=None, description="Its puck")


class PinPosition(LogisticalSample):
    """One position of a multi-position pin, counted from 1 at the pin's base."""

    mxlims_type: Literal["PinPosition"] = "PinPosition"
    position_in_pin: PositiveWhole = Field(description="Place on the pin, from 1")
    container_ref: Annotated[Reference, To("MultiPin")] | None = Field(default=None, description="Its pin")
    sample_ref: OfSample | None = Field(default=None, description="What is there")


class Crystal(LogisticalSample):
    """One of several crystals that were found in one place during the experiment."""

    mxlims_type: Literal["Crystal"] = "Crystal"
    container_ref: Annotated[Reference, To("Pin", "PinPosition", "DropRegion")] | None = Field(
        default=None, description="Where it is"
    )
    sample_ref: OfSample | None = Field(default=None, description="What it is of")
