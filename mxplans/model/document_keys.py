"""MXLIMS objects in Bluesky documents: these allow neither `.` nor `/` in a key, MXLIMS wants domains for keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

_ESCAPED = {"%": "%25", ".": "%2E", "/": "%2F"}


def to_document(value: Any) -> Any:
    """The same JSON with keys that a document may have.

    >>> to_document({"extensions": {"mxplans.example.org": {"order": "gs"}}})
    {'extensions': {'mxplans%2Eexample%2Eorg': {'order': 'gs'}}}
    """
    return _with_keys(value, lambda key: "".join(_ESCAPED.get(letter, letter) for letter in key))


def from_document(value: Any) -> Any:
    """The way back.

    >>> from_document(to_document({"a/b": [{"50%": 1}]}))
    {'a/b': [{'50%': 1}]}
    """
    return _with_keys(value, unquote)


def _with_keys(value: Any, spell: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {spell(str(key)): _with_keys(each, spell) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_with_keys(each, spell) for each in value]
    return value
