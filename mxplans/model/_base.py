"""Base of the models that share their shape with MXLIMS: spelling, references, and what every object has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from mxplans.model._values import UUID_PATTERN, Domain, Extension, Url, Uuid

__all__ = ["UUID_PATTERN", "MxlimsModel", "MxlimsObject", "Reference", "To", "Uuid", "targets_of"]


class MxlimsModel(BaseModel):
    """Frozen, knows all its fields, spells them in camelCase outside, refuses what is not a finite number."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, allow_inf_nan=False
    )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON with MXLIMS names; what is None is left out, since MXLIMS knows no null."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Reference(MxlimsModel):
    """A reference inside a message: `{"$ref": "#/Pin/Pin1"}`.

    >>> Reference.to("Pin", 1).to_json()
    {'$ref': '#/Pin/Pin1'}
    >>> Reference.to("Pin", 1).key
    'Pin1'
    """

    model_config = ConfigDict(alias_generator=lambda name: "$ref" if name == "ref" else to_camel(name))

    ref: str = Field(
        pattern=r"^#/[A-Za-z]+/[A-Za-z]+[1-9][0-9]*$", description="#/Type/TypeN, N from 1 without leading zeros"
    )
    mxlims_type: str | None = Field(default=None, description="Type of the object referred to")

    @classmethod
    def to(cls, type_name: str, number: int) -> Reference:
        """The reference to the object of a type that has a number, from 1."""
        return cls(ref=f"#/{type_name}/{type_name}{number}")

    @property
    def type_name(self) -> str:
        """Type of the object referred to."""
        return self.ref.split("/")[1]

    @property
    def key(self) -> str:
        """Key of the object referred to, among those of its type."""
        return self.ref.split("/")[2]

    @model_validator(mode="after")
    def _same_type_throughout(self) -> Reference:
        if self.key.rstrip("0123456789") != self.type_name:
            raise PydanticCustomError("reference_key", f"Input should be of form #/{self.type_name}/{self.type_name}1")
        if self.mxlims_type not in (None, self.type_name):
            raise PydanticCustomError("reference_type", f"mxlimsType should be {self.type_name}, as in $ref")
        return self


@dataclass(frozen=True)
class To:
    """What a reference may point to: `Annotated[Reference, To("Pin", "Crystal")]`."""

    types: tuple[str, ...]

    def __init__(self, *types: str) -> None:
        object.__setattr__(self, "types", types)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        one_each = [
            {
                "type": "object",
                "title": f"Reference to {name}",
                "properties": {
                    "$ref": {"type": "string", "pattern": f"^#/{name}/{name}[1-9][0-9]*$"},
                    "mxlimsType": {"type": "string", "const": name},
                },
                "required": ["$ref"],
                "additionalProperties": False,
            }
            for name in self.types
        ]
        return one_each[0] if len(one_each) == 1 else {"oneOf": one_each}

    def _check(self, reference: Reference) -> Reference:
        if reference.type_name not in self.types:
            allowed = " or ".join(self.types)
            raise PydanticCustomError("reference_target", f"refers to {reference.ref}; allowed is {allowed}")
        return reference


def targets_of(field: FieldInfo) -> tuple[str, ...]:
    """Types that a field of references allows, none for any other field."""
    pending: list[Any] = [field.annotation, *field.metadata]
    while pending:
        one = pending.pop()
        if isinstance(one, To):
            return one.types
        pending += get_args(one)
    return ()


class MxlimsObject(MxlimsModel):
    """What every MXLIMS object has.

    Source: MXLIMS 0.6.13, `data/MxlimsObjectData.json`.
    """

    base_type: ClassVar[str] = ""
    """Which of the four core types the object is of."""
    always_written: ClassVar[tuple[str, ...]] = ("mxlimsType",)
    """Fields that have a default here and that a message must nevertheless hold."""

    mxlims_type: str = Field(description="Type of the object")
    mxlims_base_type: str | None = Field(default=None, description="Job, Dataset, Sample or LogisticalSample")
    uuid: Uuid | None = Field(default=None, description="Identity for ever: lower case, version 1 to 5")
    extensions: dict[Domain, Extension] | None = Field(
        default=None,
        description="What the model has no field for, by the domain name of the site whose it is; a key that is the "
        "name of a field overrides that field for this site",
    )
    identifiers: dict[Domain, str] | None = Field(
        default=None, description="What the object is called at a site, by the site's domain name"
    )
    urls: dict[Domain, Url] | None = Field(
        default=None, description="Where a site shows the object (http or https), by the site's domain name"
    )
    annotation: str | None = Field(default=None, description="Remark of a person or a program")


OfSample = Annotated[Reference, To("MacromoleculeSample")]
OfPlace = Annotated[Reference, To("Crystal", "Pin", "PinPosition", "PlateWell", "WellDrop", "DropRegion")]
