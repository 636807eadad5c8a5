"""What is put into the tree beside queue items, and what the tree gives to be executed."""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from mxplans.model import QueueItem, SampleLocation
from mxplans.model.item import PathPart


class _Node(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, alias_generator=to_camel, populate_by_name=True
    )


class NewSession(_Node):
    """A session: what one proposal does in one visit."""

    name: PathPart = Field(description="Unique in the queue")
    proposal: str | None = Field(default=None, min_length=1, max_length=64, description="Code of the proposal")
    detail: dict[str, Any] = Field(default={}, description="What else a client wants to keep with it, as JSON")


class NewSample(_Node):
    """A sample of a session: one crystal position, known by the place it is mounted from."""

    name: PathPart = Field(description="Unique in its session; also the folder of its files")
    location: SampleLocation | None = Field(
        default=None, description="Where its pin stands in the sample changer; null: what hangs on the goniometer"
    )
    position_in_pin: int | None = Field(default=None, gt=0, description="Of a multi-position pin, from its base")
    objects: dict[str, dict[str, Any]] = Field(default={}, description="The MXLIMS objects that it is, by type")

    @classmethod
    def of(cls, item: QueueItem) -> NewSample:
        """The sample that an item is for."""
        return cls(
            name=item.sample_name, location=item.location, position_in_pin=item.position_in_pin, objects=item.objects
        )


class NextItem(NamedTuple):
    """An experiment to be executed."""

    uuid: str
    session: str
    sample: str
    digest: str
    """Of the content (`digest_of`)."""
    content: dict[str, Any]
    """The queue item as JSON."""
