"""What the `mxplans` section of a start document holds, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

JsonType: TypeAlias = Literal["string", "integer", "number", "object", "list", "boolean"]


@dataclass(frozen=True)
class Field:
    """A field of the section.

    Attributes:
        name: With the names of the objects around it, as `mxlims.version`.
        type: Of its JSON value.
        meaning: For people.
        nullable: Whether it may be null: nobody knows, or there is none.
        required: Whether it is always there.
    """

    name: str
    type: JsonType
    meaning: str
    nullable: bool = False
    required: bool = True


_OF_ALL = (
    Field("schema", "string", "`mxplans.documents/1`"),
    Field("role", "string", "What the run is: sample, grid, rotation or still"),
)
SAMPLE_FIELDS = (
    *_OF_ALL,
    Field("item_uid", "string", "Uuid of the queue item, which is that of its MxExperiment"),
    Field("item_type", "string", "MxExperiment"),
    Field("attempt", "integer", "At this item, from 1"),
    Field("parent_uid", "string", "Null: nothing is around it", nullable=True),
    Field("item", "object", "The MxExperiment that was asked for, MXLIMS names and units"),
    Field("sweeps", "list", "Its CollectionSweeps, as asked for"),
    Field(
        "objects", "object", "MXLIMS objects it hangs on, by type: Shipment, Dewar, Puck, Pin, MacromoleculeSample, ..."
    ),
    Field("mxlims.version", "string", "Of all these objects"),
    Field("mxlims.experiment_uuid", "string", "That of the item"),
    Field("mxlims.sample.name", "string", "Of the sample"),
    Field("mxlims.sample.uuid", "string", "Of its MacromoleculeSample", nullable=True),
    Field("mxlims.sample.acronym", "string", "Of its Macromolecule", nullable=True),
    Field("mxlims.sample.locator", "string", "puck:pin in the sample changer; empty where it is in none"),
    Field("mxlims.logistical_sample.type", "string", "Pin or PinPosition", nullable=True),
    Field("mxlims.logistical_sample.uuid", "string", "Of it", nullable=True),
    Field("lims.proposal", "string", "proposalCode of its Shipment", nullable=True),
    Field("lims.session", "integer", "sessionNumber of its Shipment", nullable=True),
    Field("lims.identifiers", "object", "identifiers of its Shipment, by domain"),
)
SCAN_FIELDS = (
    *_OF_ALL,
    Field("item_uid", "string", "Uuid of the queue item; null for a scan by hand", nullable=True),
    Field("parent_uid", "string", "Uid of the outer run; null for a scan by hand", nullable=True),
    Field("sweep_uuid", "string", "Of the requested sweep", nullable=True),
    Field("sweep", "object", "The requested CollectionSweep, MXLIMS names and units"),
    Field(
        "scan", "object", "The MXLIMS Scan: scanPositionStart, firstImageNumber, numberImages, ordinal over the item"
    ),
    Field("lims_ids", "object", "What a LIMS calls the experiment, where it was asked before", required=False),
)
GRID_FIELDS = (
    Field("grid.rows", "integer", "Boxes down the image"),
    Field("grid.columns", "integer", "Boxes along omega"),
    Field("grid.step_um", "number", "Size of a box along omega"),
    Field("grid.row_step_um", "number", "Size of a box down the image"),
    Field("grid.omega_deg", "number", "From where it is seen"),
    Field("grid.vertical", "boolean", "Whether it is scanned column by column"),
    Field("grid.snake", "boolean", "Whether every second line runs backwards"),
    Field("grid.centre", "object", "Motors that put its middle into the beam: x_mm, y_mm, z_mm, omega_deg"),
    Field("volume_scan_uuid", "string", "The X-ray centring it belongs to", nullable=True, required=False),
)


def fields_of(role: str) -> tuple[Field, ...]:
    """Fields of a run's section, by its role."""
    if role == "sample":
        return SAMPLE_FIELDS
    return (*SCAN_FIELDS, *GRID_FIELDS) if role == "grid" else SCAN_FIELDS
