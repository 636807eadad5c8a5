"""Where documents and records go: the archive and the LIMS."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from mxplans.model.device_settings import URL_START
from mxplans.profile.sections.base import Section


class FollowerSection(Section):
    """A process that follows the journal: started with the session, started again when it dies."""

    command: tuple[str, ...] = Field(min_length=1, description="Program and arguments, no shell; {placeholders}")
    port: int = Field(default=0, ge=0, le=65535, description="0 takes a free port; given to the command as {port}")
    ready_timeout_s: float = Field(default=120.0, gt=0, description="Longest time (s) until it is ready")
    stop_timeout_s: float = Field(
        default=300.0, gt=0, description="Longest time (s) for what is still to be taken in at the end"
    )


class Archive(FollowerSection):
    """The process that keeps documents and frames in Tiled: in a catalogue of its own, or on a server elsewhere."""

    url: str | None = Field(
        default=None,
        pattern=URL_START,
        description="Of a Tiled server that runs already; none serves one of our own",
    )
    api_key_file: str | None = Field(
        default=None, description="File with the key for it; none takes the environment's MXPLANS_TILED_API_KEY"
    )

    @property
    def arguments(self) -> tuple[str, ...]:
        """Its command, with the server elsewhere."""
        where = () if self.url is None else ("--url", self.url)
        key = () if self.api_key_file is None else ("--api-key-file", self.api_key_file)
        return (*self.command, *where, *key)


class LimsPlugin(Section):
    """Where records go, or where samples come from."""

    type: str = Field(description="Name of its class, as its package registers it")
    settings: dict[str, Any] = Field(
        default={}, description="Of that class; secrets by reference, {file: ...} or {env: ...}"
    )


class IdsBeforeCollection(Section):
    """For sites whose processing needs the identifier that a LIMS gives, before a collection starts."""

    target: str = Field(description="Name of one of the targets")
    key: str = Field(default="group", description="Which of its identifiers")
    timeout_s: float = Field(default=30.0, gt=0, le=3600, description="Longest time (s) to wait for it")
    otherwise: Literal["go_on", "skip", "stop"] = Field(
        default="go_on", description="What then: collect without, leave this sample out, or end the night"
    )


class Lims(FollowerSection):
    """The process that exports records: beside the data always, and to the targets that are named here.

    `mxplans lims fetch` asks the sources for samples.
    """

    command: tuple[str, ...] = Field(
        default=("{python}", "-m", "mxplans_lims.exporter", "{out}", "--follow"),
        description="Program and arguments, no shell; {placeholders}",
    )
    targets: dict[str, LimsPlugin] = Field(default={}, description="Where records go, each by a name of its own")
    sources: dict[str, LimsPlugin] = Field(default={}, description="Where samples come from, each by a name of its own")
    ids_before_collection: IdsBeforeCollection | None = Field(
        default=None, description="Wait for a target's identifier before an experiment; none waits for nothing"
    )

    @model_validator(mode="after")
    def _ids_come_from_a_target(self) -> Self:
        ids = self.ids_before_collection
        if ids is not None and ids.target not in self.targets:
            raise ValueError(
                f"ids_before_collection.target is {ids.target!r}; allowed are the targets "
                f"{', '.join(self.targets) or '(none)'}: name one of them"
            )
        return self
