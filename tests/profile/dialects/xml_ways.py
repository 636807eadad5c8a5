"""Files that hold every way of XML to say something, read; and what was found, as plain values."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from mxplans.profile.dialects.config_object import Call, ConfigObject
from mxplans.profile.dialects.reading import ConfigFile
from mxplans.profile.dialects.xml_file import read_xml
from mxplans.profile.places import Severity

WAYS = Path(__file__).parents[1] / "fixtures" / "xml_ways"


def file_of(name: str) -> ConfigFile:
    return read_xml((WAYS / f"{name}.xml").read_bytes(), PurePosixPath(f"{name}.xml"), f"/{name}")


def object_of(name: str) -> ConfigObject:
    config = file_of(name).config
    assert config is not None
    return config


def read(text: str, name: str = "/hutch/thing") -> ConfigFile:
    return read_xml(text.encode(), PurePosixPath("thing.xml"), name)


def config_of(text: str) -> ConfigObject:
    config = read(text).config
    assert config is not None
    return config


def said(file: ConfigFile, severity: Severity = Severity.WARNING) -> list[tuple[int, str]]:
    return [(finding.place.line, finding.what) for finding in file.findings if finding.severity is severity]


def extras_of(config: ConfigObject) -> list[tuple[str, Any, Any]]:
    return [(str(extra.kind), extra.path, extra.value) for extra in config.extras]


def calls_of(calls: tuple[Call, ...]) -> dict[str, tuple[Any, ...]]:
    return {call.name: (call.protocol, call.target, call.address, dict(call.attributes)) for call in calls}
