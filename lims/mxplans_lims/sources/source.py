"""What a source of samples is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict


@dataclass(frozen=True)
class Work:
    """Samples of one container, and what is to be done with them.

    Attributes:
        name: Of the file that it is written to, without its ending.
        message: An MXLIMS message whose experiments are Ready.
    """

    name: str
    message: Mapping[str, Any]


@dataclass(frozen=True)
class Waiting:
    """What waits to be done.

    Attributes:
        work: What can be taken.
        refused: What cannot, each with its container and the reason.
    """

    work: tuple[Work, ...]
    refused: tuple[str, ...] = ()


class SourceSettings(BaseModel):
    """What somebody who asks says of a source. Secrets by reference only."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


@runtime_checkable
class SampleSource(Protocol):
    """Made as `cls(cls.Settings(**given))`; making one connects to nothing."""

    Settings: type[SourceSettings]

    def __init__(self, settings: Any) -> None: ...

    def waiting(self) -> Waiting:
        """Everything that waits. Asking changes nothing, so that asking again gives the same.

        Raises:
            TargetUnreachable: If the source does not answer now.
        """
        ...
