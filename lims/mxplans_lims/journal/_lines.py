"""Documents as lines, and back."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import KeysView, Mapping, Sequence, ValuesView
from collections.abc import Set as AbstractSet
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path, PurePath
from typing import Any, TypeAlias
from uuid import UUID

import numpy as np
from pydantic import BaseModel

log = logging.getLogger(__name__)

Document: TypeAlias = tuple[str, dict[str, Any]]


def plain(value: Any) -> Any:
    """What JSON has no word for, in words that it has.

    Times become ISO 8601, durations seconds, enums their value, sets sorted lists, bytes their UTF-8 text or, where
    they are none, a `data:` URL (RFC 2397), complex numbers [real, imaginary].

    >>> plain(np.float32(0.5)), plain(np.arange(3)), plain(Path("a"))
    (0.5, [0, 1, 2], 'a')

    Raises:
        TypeError: If it is nothing that a document may hold.
    """
    match value:
        case np.ndarray() | np.generic():
            return value.tolist()
        case PurePath() | UUID() | Decimal():
            return str(value)
        case date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Enum():
            return value.value
        case bytes() | bytearray() | memoryview():
            return _text(bytes(value))
        case complex():
            return [value.real, value.imag]
        case BaseModel():
            return value.model_dump()
        case Mapping():
            return dict(value)
        case AbstractSet():
            return _in_order(value)
        case Sequence() | KeysView() | ValuesView():
            return list(value)
    raise TypeError(
        f"a document holds a {type(value).__name__}; allowed are JSON values, numpy arrays, times and paths"
    )


def line_of(name: str, document: Mapping[str, Any]) -> bytes:
    """A document as a line. NaN and the infinities stand as Python's json writes and reads them.

    Raises:
        TypeError: If it holds what no line can tell.
        ValueError: If it holds itself.
        RecursionError: If it is nested too deep.
    """
    try:
        text = json.dumps([name, document], default=plain, separators=(",", ":"))
    except TypeError:
        # Most often a key that is no string: rare enough to try the short way first.
        text = json.dumps([name, _with_plain_keys(document)], default=plain, separators=(",", ":"))
    return text.encode() + b"\n"


def document_of(line: bytes, path: Path) -> Document | None:
    """The document of a line; None, and a word in the log, for one that holds none, as after a crash."""
    try:
        match json.loads(line):
            case [str(name), dict(document)]:
                return name, document
    except (ValueError, RecursionError):
        if not line.strip():
            return None
    log.warning("journal %s has a torn line of %d bytes; it is left out", path, len(line))
    return None


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return "data:;base64," + base64.b64encode(value).decode()


def _in_order(values: AbstractSet[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:
        return sorted(values, key=repr)


def _with_plain_keys(value: Any) -> Any:
    match value:
        case BaseModel():
            return _with_plain_keys(value.model_dump())
        case Mapping():
            return {_key(key): _with_plain_keys(content) for key, content in value.items()}
        case list() | tuple():
            return [_with_plain_keys(content) for content in value]
    return value


def _key(key: Any) -> Any:
    if key is None or type(key) in (str, bool, int, float):
        return key
    told = key.item() if isinstance(key, np.generic) else key.value if isinstance(key, Enum) else key
    return told if type(told) in (str, bool, int, float) else str(told)
