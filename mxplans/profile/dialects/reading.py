"""From a file to what it describes, whatever its dialect."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from mxplans.profile.dialects.config_object import ConfigObject
from mxplans.profile.places import Finding


class FileKind(StrEnum):
    """What a file is."""

    OBJECT = "object"
    OTHER = "other"
    """No hardware object: carried along as it is."""
    BROKEN = "broken"
    """It would be one, and cannot be read."""


@dataclass(frozen=True)
class ConfigFile:
    """A file of a configuration folder.

    Attributes:
        path: Relative to the folder.
        kind: What it is.
        config: What it describes; None if it is no hardware object.
        findings: What is to be known of it; a broken one has an error.
    """

    path: PurePosixPath
    kind: FileKind
    config: ConfigObject | None = None
    findings: tuple[Finding, ...] = ()
