"""What comes from outside, as bytes or as decoded JSON: made plain JSON of a bearable size, or refused."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mxplans.errors import InvalidMessage
from mxplans.model._values import DOMAIN_PATTERN, MAX_DEPTH, URL_PATTERN, UUID_PATTERN

MAX_BYTES = 8 * 1024 * 1024
"""Largest message that is read unless the caller says otherwise; some 90 000 scans."""
_SHOWN = 3
_REMEDY = "correct the file or ask its sender"

_Way = tuple[Any, ...]
"""How a value was reached: nothing, or the way to its holder and its key there."""


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
    """Look for what decoded JSON of a message may not hold anywhere. Needs no deep stack itself.

    Raises:
        InvalidMessage: If it is nested too deeply, has a number that is not finite, text that is no Unicode, or null
            outside extensions.
    """
    pending: list[tuple[_Way, Any, int, bool]] = [((), content, 0, False)]
    while pending:
        way, holder, depth, free = pending.pop()
        if depth > MAX_DEPTH:
            raise _too_deep(origin)
        for key, one in holder.items() if isinstance(holder, dict) else enumerate(holder):
            if isinstance(one, dict | list | tuple):
                inner_free = free or (depth == 2 and key == "extensions")
                pending.append(((way, key), one, depth + 1, inner_free))
            elif isinstance(one, float) and not isfinite(one):
                raise InvalidMessage(f"{origin}, {_spelt((way, key))} is {one}; allowed are finite numbers: {_REMEDY}")
            elif one is None and not free:
                raise InvalidMessage(
                    f"{origin}, {_spelt((way, key))} is null, which MXLIMS does not know: leave the field out"
                )
            if not (_encodable(key) and _encodable(one)):
                raise InvalidMessage(
                    f"{origin}, {_spelt((way, key))!a} is {shown(one)}; allowed is Unicode text: {_REMEDY}"
                )


def _spelt(way: _Way) -> str:
    keys = []
    while way:
        way, key = way
        keys.append(str(key))
    return ".".join(reversed(keys))


def _encodable(value: Any) -> bool:
    if not isinstance(value, str) or value.isascii():
        return True
    try:
        value.encode()
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
