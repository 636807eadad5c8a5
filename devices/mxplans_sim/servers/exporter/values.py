"""Values as the protocol writes them: Java's numbers and truth values, arrays between unit separators."""

from __future__ import annotations

import math
from collections.abc import Sequence

SEPARATOR = "\x1f"
Value = None | bool | int | float | str | Sequence[bool | int | float | str]
_SPECIAL = str.maketrans({"\x02": " ", "\x03": " ", SEPARATOR: " "})


class Refused(Exception):
    """A request that gets an error for an answer; the message says why."""


def encode(value: Value) -> str:
    r"""A value as text; numbers are rounded to a millionth.

    >>> encode(True), encode(0.1 + 0.2), encode((1, 2)), encode(()), encode(float("inf"))
    ('true', '0.3', '\x1f1\x1f2\x1f', '\x1f', 'Infinity')
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, str):
        return value.translate(_SPECIAL)
    if isinstance(value, int):
        return str(value)
    return SEPARATOR + "".join(encode(item) + SEPARATOR for item in value)


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(round(value, 6) + 0.0)


def decode(text: str, kind: str, what: str) -> bool | int | float | str:
    """A value of a Java type from text.

    Args:
        text: As sent.
        kind: `double`, `int`, `boolean` or `String`.
        what: Name of the value, for messages.

    Raises:
        Refused: If the text is no such value, or a number that is not finite.
    """
    text = text if kind == "String" else text.strip()
    if kind == "boolean":
        if text.lower() not in ("true", "false", "1", "0"):
            raise Refused(f"{what}: {text[:40]!r} is not a boolean, allowed are true and false")
        return text.lower() in ("true", "1")
    if kind == "String":
        return text
    try:
        number: int | float = int(text) if kind == "int" else float(text)
    except ValueError:
        raise Refused(f"{what}: {text[:40]!r} is not of type {kind}") from None
    if isinstance(number, int) and not -(2**31) <= number < 2**31:
        raise Refused(f"{what}: {text[:40]!r} does not fit into 32 bits")
    if not math.isfinite(number):
        raise Refused(f"{what}: {text[:40]!r} is not finite, give a number")
    return number
