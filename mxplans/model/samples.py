"""What is measured, and what it travels in, with the fields of MXLIMS 0.6.13."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from mxplans.model._base import MxlimsModel, MxlimsObject, Reference


class Person(MxlimsModel):
    """A contact, reachable by one means at least."""

    name: str
    email_address: str | None = None
    phone_number: str | None = None


class SampleComponent(MxlimsModel):
    """A further component of a sample, as a ligand."""

    acronym: str | None = None
    name: str | None = None
    role: str | None = None
    smiles: str | None = None
    selfies: str | None = None
    sequence: str | None = None
    identifiers: dict[str, str] | None = None
    concentration: float | None = None


class SampleData(MxlimsObject):
    """Fields that all samples share."""

    name: str | None = None
    acronym: str | None = None
    campaign_name: str | None = None
    components: tuple[SampleComponent, ...] | None = None


class Macromolecule(SampleData):
    """The molecule under study."""

    mxlims_type: Literal["Macromolecule"] = "Macromolecule"
    acronym: str


class Medium(SampleData):
    """What it is dissolved in."""

    mxlims_type: Literal["Medium"] = "Medium"


class MacromoleculeSample(SampleData):
    """A macromolecule in a medium, as crystallised."""

    mxlims_type: Literal["MacromoleculeSample"] = "MacromoleculeSample"
    medium_ref: Reference | None = None
    parent_sample_ref: Reference | None = None


class LogisticalSample(MxlimsObject):
    """Fields that all containers share."""

    name: str | None = None


class Shipment(LogisticalSample):
    """What was sent to the beamline at one time; no session number means unattended."""

    mxlims_type: Literal["Shipment"] = "Shipment"
    proposal_code: str
    session_number: int | None = Field(default=None, gt=0)
    lab_contact_outbound: Person | None = None
    lab_contact_return: Person | None = None
    tracking_device: dict[str, Any] | None = None


class Dewar(LogisticalSample):
    """A dewar of a shipment."""

    mxlims_type: Literal["Dewar"] = "Dewar"
    barcode: str | None = None
    tracking_device: dict[str, Any] | None = None
    container_ref: Reference | None = None


class Puck(LogisticalSample):
    """A puck of a dewar."""

    mxlims_type: Literal["Puck"] = "Puck"
    barcode: str | None = None
    position_in_dewar: int | None = Field(default=None, gt=0)
    number_positions: int | None = Field(default=None, gt=0)
    puck_type: str | None = None
    container_ref: Reference | None = None


class Pin(LogisticalSample):
    """A pin with one loop."""

    mxlims_type: Literal["Pin"] = "Pin"
    barcode: str | None = None
    position_in_puck: int | None = Field(default=None, gt=0)
    loop_type: str | None = None
    holder_length: float | None = None
    container_ref: Reference | None = None
    sample_ref: Reference | None = None


class MultiPin(LogisticalSample):
    """A pin with several positions for crystals."""

    mxlims_type: Literal["MultiPin"] = "MultiPin"
    barcode: str | None = None
    number_positions: int = Field(gt=0)
    position_in_puck: int = Field(gt=0)
    container_ref: Reference | None = None


class PinPosition(LogisticalSample):
    """One position of a multi-position pin, counted from 1 at the pin's base."""

    mxlims_type: Literal["PinPosition"] = "PinPosition"
    position_in_pin: int = Field(gt=0)
    container_ref: Reference | None = None
    sample_ref: Reference | None = None
