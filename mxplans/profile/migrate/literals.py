"""Texts that hold a list or mapping, as `(4, 20)`: left as they are, or written as structures of YAML."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from mxplans.profile.dialects.config_object import Path
from mxplans.profile.dialects.typing_rules import literal


class Literals(StrEnum):
    """What becomes of texts that hold a list or mapping."""

    TEXT = "text"
    """They stay texts: MXCuBE's classes parse them themselves."""
    YAML = "yaml"
    """They become structures, and the extension block keeps their text."""


def structured(properties: Mapping[str, Any]) -> tuple[dict[str, Any], dict[Path, str]]:
    """Properties with structures in the place of texts that hold some, and those texts by path."""
    texts: dict[Path, str] = {}
    return {key: _structured(value, (key,), texts) for key, value in properties.items()}, texts


def _structured(value: Any, path: Path, texts: dict[Path, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _structured(each, (*path, key), texts) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_structured(each, (*path, index), texts) for index, each in enumerate(value)]
    if not isinstance(value, str):
        return value
    structure = literal(value)
    if not isinstance(structure, dict | list):
        return value
    texts[path] = value
    return structure
