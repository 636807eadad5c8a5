"""What a table says: which of MXCuBE's classes becomes which of our devices, and what becomes of all that stands in it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from mxplans.profile.mapping.registry import TRANSFORMS, WITH_ARGUMENT, transform_of
from mxplans.profile.mapping.transforms import Transform

FORMAT: Literal["mxplans.mapping/1"] = "mxplans.mapping/1"


def _known_step(step: str | Mapping[str, str]) -> str | Mapping[str, str]:
    named = step if isinstance(step, str) else next(iter(step), "")
    known = TRANSFORMS if isinstance(step, str) else WITH_ARGUMENT
    if named not in known or (not isinstance(step, str) and len(step) != 1):
        raise ValueError(f"no transform {named!r} of this form; allowed are {', '.join((*TRANSFORMS, *WITH_ARGUMENT))}")
    return step


Step = Annotated[str | Mapping[str, str], AfterValidator(_known_step)]


class Part(BaseModel):
    """A part of a table."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Part):
    """Where a value is taken from; of several names the first that is there."""

    property: tuple[str, ...] = Field(default=(), description="Names of properties; nested ones as a.b")
    pair: tuple[str, str] | None = Field(default=None, description="Two properties that are the ends of a range")
    channel: tuple[str, ...] = Field(default=(), description="Names or patterns of channels, whose target is the value")
    address: tuple[str, ...] = Field(
        default=(), description="Names or patterns of channels and commands, whose server is the value"
    )
    child: tuple[str, ...] = Field(default=(), description="Roles; the value is taken from the object that plays one")
    value: Any = Field(default=None, description="A value that always stands here; with `child`, if that is there")
    transform: tuple[Step, ...] = Field(default=(), description="In this order")
    pick: str | None = Field(default=None, description="Key or index into a literal, as `exposure_time.0`")
    optional: bool = Field(default=False, description="A device works without it")
    with_: str | None = Field(default=None, alias="with", description="Only beside this other setting")
    otherwise: Any = Field(default=None, description="The value when nothing is there to take it from")
    what: str = Field(default="", description="What is to be filled in where it is missing")
    check: str | None = Field(default=None, description="What somebody must look at where it is there")

    @cached_property
    def transforms(self) -> tuple[Transform, ...]:
        """Its functions."""
        return tuple(transform_of(step) for step in self.transform)

    @model_validator(mode="after")
    def _comes_from_somewhere(self) -> Self:
        taken = bool(self.property or self.pair or self.channel or self.address)
        if (taken and self.value is not None) or not (taken or self.value is not None or self.what):
            raise ValueError(
                "a source is a property, pair, channel or address, or a value; or nothing but `what`, for what only the "
                "site knows"
            )
        return self


class Follows(Part):
    """Something that adds nothing when it is what a setting implies, as a readback of a record."""

    channel: tuple[str, ...] = ()
    property: tuple[str, ...] = ()
    of: str = Field(description="Setting of the device, or key of the profile")
    as_: str = Field(default="{}", alias="as", description="How it follows: `{}.RBV`")
    transform: tuple[Step, ...] = ()

    @cached_property
    def source(self) -> Source:
        """Where its value comes from."""
        return Source(property=self.property, channel=self.channel, transform=self.transform, what=self.of)


class Verdict(Part):
    """What becomes of parts of an object that nothing was taken from: not needed, or to do; patterns as in a shell."""

    properties: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    references: tuple[str, ...] = Field(default=(), description="By role")
    arguments: tuple[str, ...] = ()
    protocols: tuple[str, ...] = Field(default=(), description="Only channels and commands of these")
    not_needed: str | None = Field(default=None, min_length=1, description="Why")
    todo: str | None = Field(default=None, min_length=1, description="What to do")

    @model_validator(mode="after")
    def _says_one(self) -> Self:
        if (self.not_needed is None) == (self.todo is None):
            raise ValueError("a verdict is either not_needed or todo, with its text")
        return self


class Device(Part):
    """A device that a row makes, or adds settings to."""

    role: str
    cls: str = Field(alias="class", pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")
    settings: dict[str, Source] = Field(default={}, description="Nested ones as axes.omega.motor")
    needs: tuple[str, ...] = Field(default=(), description="Settings without which there is no such device")
    usual: bool = Field(default=False, description="Only if no other object makes a device for the role")
    adds: bool = Field(default=False, description="Only to the device of this class that another object makes")
    checks: tuple[str, ...] = Field(default=(), description="What somebody must look at before it is used")


class Row(Part):
    """What becomes of objects of some classes, or, without classes, of those that speak a protocol."""

    name: str
    classes: tuple[str, ...] = Field(default=(), description="Last part of the class path; patterns as in a shell")
    mentioned_as: tuple[str, ...] = Field(default=(), description="Only objects that somebody mentions in such a role")
    protocols: tuple[str, ...] = Field(default=(), description="Only objects that speak one of these")
    devices: tuple[Device, ...] = ()
    sections: dict[str, Source] = Field(default={}, description="Keys of the profile, as limits.detector_nx")
    follows: tuple[Follows, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    not_needed: str | None = Field(default=None, min_length=1, description="Why the object with all it holds is not")
    todo: str | None = Field(default=None, min_length=1, description="What to do for an object that nothing came of")
    unused: str | None = Field(default=None, min_length=1, description="Why an object is not needed nothing came of")

    @model_validator(mode="after")
    def _has_an_end(self) -> Self:
        if not self.classes and not self.protocols:
            raise ValueError(f"row {self.name}: it is for no class and no protocol; name some")
        if sum(each is not None for each in (self.not_needed, self.todo, self.unused)) > 1:
            raise ValueError(f"row {self.name}: not_needed, todo and unused exclude each other")
        if self.not_needed is not None and (self.devices or self.sections):
            raise ValueError(f"row {self.name}: what is not needed as a whole makes no devices and no sections")
        return self


class Derived(Part):
    """A value that is another one's as long as nobody says otherwise."""

    of: str = Field(description="Key of the profile")
    check: str = Field(min_length=1, description="What somebody must look at")


class Table(Part):
    """All rows, the first of equals first."""

    format_: Literal["mxplans.mapping/1"] = Field(alias="format")
    prefixes: tuple[str, ...] = Field(
        default=(), description="Sites' names before a class's own: XalocEnergy is Energy"
    )
    rows: tuple[Row, ...] = ()
    common: tuple[Verdict, ...] = Field(default=(), description="For all objects, after their row's own")
    needed: dict[str, str] = Field(default={}, description="Keys that a profile should say, and what to fill in")
    derived: dict[str, Derived] = Field(default={}, description="By key of the profile")
    usual: dict[str, Device] = Field(default={}, description="By role: what plays it when no object of MXCuBE does")
