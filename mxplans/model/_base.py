"""Base of the models that share their shape with MXLIMS."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

UUID_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
Uuid = Annotated[str, Field(pattern=UUID_PATTERN, description="Lower case, version 1 to 5 (MXLIMS refuses others)")]


class MxlimsModel(BaseModel):
    """Frozen, knows all its fields, spells them in camelCase outside."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON with MXLIMS names; what is None is left out, since MXLIMS knows no null."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Reference(BaseModel):
    """A reference inside a message: `{"$ref": "#/Pin/Pin1"}`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ref: str = Field(alias="$ref", pattern=r"^#/[A-Za-z]+/[A-Za-z]+[1-9][0-9]*$")
    mxlims_type: str | None = Field(default=None, alias="mxlimsType")


class MxlimsObject(MxlimsModel):
    """What every MXLIMS object has.

    Source: MXLIMS 0.6.13, `data/MxlimsObjectData.json`.
    """

    mxlims_type: str
    mxlims_base_type: str | None = None
    uuid: Uuid | None = None
    extensions: dict[str, dict[str, Any]] | None = None
    identifiers: dict[str, str] | None = None
    urls: dict[str, str] | None = None
    annotation: str | None = None
