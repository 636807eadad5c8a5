"""What comes from outside, as bytes or as decoded JSON: made plain JSON of a bearable size, or refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import isfinite
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mxplans.errors import InvalidMessage
from mxplans.model._values import DOMAIN_PATTERN, MAX_DEPTH, URL_PATTERN, UUID_PATTERN, nested_deeper

MAX_BYTES = 8 * 1024 * 1024
"""Largest message that is read unless the caller says otherwise; some 90 000 scans."""
_SHOWN = 3
_REMEDY = "correct the file or ask its sender"


class _Refused(ValueError):
    """JSON that the decoder takes and we do not."""


def decode(data: bytes, origin: str, max_bytes: int = MAX_BYTES) -> Any:
    """The content of a JSON text.

    Args:
        data: The text in UTF-8.
        origin: Where it came from, for the error.
        max_bytes: The longest text that is decoded.

    Raises:
        InvalidMessage: If it is too long, is not UTF-8 or not JSON, is nested too deeply, has a key twice, or holds a
            number that is not finite.
    """
    if len(data) > max_bytes:
        raise InvalidMessage(
            f"{origin} has more than {max_bytes} bytes, which is what is allowed: split it, or raise max_bytes"
        )
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_without_doubles, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise InvalidMessage(f"{origin} is not UTF-8 text (byte {error.start}): give an MXLIMS JSON file") from error
    except json.JSONDecodeError as error:
        raise InvalidMessage(
            f"{origin} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}; "
            "correct the file or export it again"
        ) from error
    except RecursionError as error:
        raise _too_deep(origin) from error
    except _Refused as error:
        raise InvalidMessage(f"{origin} {error}: {_REMEDY}") from error
    except ValueError as error:  # a whole number of thousands of digits
        raise InvalidMessage(f"{origin} holds a number that is too long: {error}; {_REMEDY}") from error


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Refused(f"has the key {shown(key)} twice in one object; allowed is once")
            seen.add(key)
    return content


def _refuse_constant(word: str) -> Any:
    raise _Refused(f"holds {word}; allowed are finite numbers")


def _too_deep(origin: str) -> InvalidMessage:
    return InvalidMessage(f"{origin} is nested too deeply; allowed are {MAX_DEPTH} levels: {_REMEDY}")


def check_plain(content: Any, origin: str) -> None:
    """Look for what decoded JSON of a message may not hold anywhere.

    Raises:
        InvalidMessage: If it is nested too deeply, has a number that is not finite, text that is no Unicode, or null
            outside extensions.
    """
    if nested_deeper(content, MAX_DEPTH):
        raise _too_deep(origin)
    for path, value in _leaves(content, (), free=False):
        where = ".".join(map(str, path))
        if isinstance(value, float) and not isfinite(value):
            raise InvalidMessage(f"{origin}, {where} is {value}; allowed are finite numbers: {_REMEDY}")
        if isinstance(value, str) and not _encodable(value):
            raise InvalidMessage(f"{origin}, {where!r} is {value!r:.100}; allowed is Unicode text: {_REMEDY}")
        if value is None:
            raise InvalidMessage(f"{origin}, {where} is null, which MXLIMS does not know: leave the field out")


def _leaves(value: Any, path: tuple[Any, ...], *, free: bool) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Values that are no container, keys as well; null only where it is not free to stand."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield path, key
            yield from _leaves(inner, (*path, key), free=free or (key == "extensions" and len(path) == 2))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*path, index), free=free)
    elif value is not None or not free:
        yield path, value


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def shown(value: Any) -> str:
    """A value for an error, shortened where it is long.

    >>> shown("a" * 1000)[-6:]
    'aaa...'
    """
    text = repr(value[:200] if isinstance(value, str) else value)
    return text if len(text) <= 100 else f"{text[:97]}..."


def spelled(error: ValidationError) -> str:
    """What a model refused: field, what is allowed, what was given; of many the first few."""
    faults = [
        f"{'.'.join(str(part) for part in fault['loc'])}: {allowed_by(fault)}"
        + ("" if isinstance(fault["input"], dict | list) else f", given is {shown(fault['input'])}")
        for fault in error.errors(include_url=False)[:_SHOWN]
    ]
    more = f" (and {error.error_count() - _SHOWN} more)" if error.error_count() > _SHOWN else ""
    return f"{'; '.join(faults)}{more}; {_REMEDY}"


_WORDS = {
    "extra_forbidden": "there is no such field here",
    "missing": "is missing and needed",
    "dict_type": "Input should be an object",
    "model_type": "Input should be an object",
    "tuple_type": "Input should be a list",
    UUID_PATTERN: "Input should be a UUID of version 1 to 5 in lower case",
    DOMAIN_PATTERN: "Input should be a domain name with a dot, such as mx.example.org",
    URL_PATTERN: "Input should be an address of http or https with a top-level domain, such as https://mx.example.org/1",
}


def allowed_by(fault: ErrorDetails) -> str:
    """What a model would have taken where it found a fault, in words."""
    pattern = fault.get("ctx", {}).get("pattern")
    return _WORDS.get(pattern or fault["type"], fault["msg"])
