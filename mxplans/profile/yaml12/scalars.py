"""The scalars of YAML 1.2: from text to value, and from value to text.

Source: YAML 1.2.2, chapter 10.3 (core schema). Beyond it, dates, binary numbers and `_` within numbers are read as
MXCuBE's reader reads them.
"""

from __future__ import annotations

import datetime
import json
import re

from mxplans.profile.yaml12.nodes import ScalarValue

_WORDS: dict[str, ScalarValue] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **{sign + word: float(f"{sign}inf") for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")},
}
_INTEGER = re.compile(r"[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9_]+)\Z")
_FLOAT = re.compile(r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\._*[0-9][0-9_]*|[0-9][0-9_]*(?=[eE]))(?:[eE][-+]?[0-9]+)?\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_TIME = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[Tt]|[ \t]+)([0-9]{1,2}):([0-9]{2}):([0-9]{2})"
    r"(?:\.(?P<fraction>[0-9]*))?"
    r"(?:[ \t]*(?P<zone>Z|(?P<sign>[-+])(?P<hours>[0-9]{1,2})(?::(?P<minutes>[0-9]{2}))?))?\Z"
)
_BASES = {"0b": 2, "0o": 8, "0x": 16}
_DIGITS_MOST = 4300
"""Of a number, as Python reads and writes it at most: longer ones are texts."""
_BITS_MOST = 14284
"""Of a number that has so many digits at most, where it is written in another base."""
_PLAIN = re.compile(r"(?!\._)[A-Za-z_/.][A-Za-z0-9_./+-]*(?: [A-Za-z0-9_./+()-]+)*\Z")
"""Texts that can stand without quotes anywhere, if they are read as texts; MXCuBE's reader takes `._` for a number."""


def scalar_value(text: str) -> ScalarValue:
    """What a scalar without quotes is read as.

    Raises:
        ValueError: If it has the form of a date, and is none.

    >>> [scalar_value(text) for text in ("yes", "012", "0o14", "12:30", "1e-05", "True", "~")]
    ['yes', 12, 12, '12:30', 1e-05, True, None]
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "0123456789+-." or len(text) > _DIGITS_MOST + 1:
        return text
    if _INTEGER.match(text):
        return _integer(text)
    if _FLOAT.match(text):
        return float(text.replace("_", ""))
    return _moment(text)


def _integer(text: str) -> ScalarValue:
    digits = text.replace("_", "")
    sign = -1 if digits[0] == "-" else 1
    digits = digits.lstrip("+-")
    base = _BASES.get(digits[:2], 10)
    if base != 10:
        digits = digits[2:]
    if not digits or (base == 10 and len(digits) > _DIGITS_MOST):
        return text
    number = int(digits, base)
    return text if base != 10 and number.bit_length() > _BITS_MOST else sign * number


def _moment(text: str) -> ScalarValue:
    if _DATE.match(text):
        return datetime.date.fromisoformat(text)
    if found := _TIME.match(text):
        return _date_and_time(found)
    return text


def _date_and_time(found: re.Match[str]) -> datetime.datetime:
    zone = None
    if found["zone"]:
        offset = datetime.timedelta(hours=int(found["hours"] or 0), minutes=int(found["minutes"] or 0))
        zone = datetime.timezone(-offset if found["sign"] == "-" else offset)
    fraction = found["fraction"] or ""
    microseconds = int(fraction[:6].ljust(6, "0")) + (fraction[6:7] >= "5")
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    begin = datetime.datetime(year, month, day, hour, minute, second, tzinfo=zone)
    try:
        return begin + datetime.timedelta(microseconds=microseconds)
    except OverflowError as error:
        raise ValueError(str(error)) from error


def written(value: ScalarValue) -> str:
    """A value as YAML 1.2, on one line, so that it is read as itself again, inside of flow collections as well.

    >>> [written(value) for value in ("Small", "007", " True ", None, 1e-05, float("inf"), "a: b")]
    ['Small', '"007"', '" True "', 'null', '1e-05', '.inf', '"a: b"']
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return {"nan": ".nan", "inf": ".inf", "-inf": "-.inf"}.get(repr(value), repr(value))
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()
    if isinstance(value, bytes):
        raise TypeError("bytes have no form here; write them as a text")
    return _written_text(value)


def _written_text(text: str) -> str:
    if _PLAIN.match(text) and _is_text(text):
        return text
    # JSON's way to quote is YAML's, but for the characters that YAML does not print and JSON does.
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(one if one.isprintable() else _escaped(one) for one in quoted)


def _is_text(text: str) -> bool:
    try:
        return isinstance(scalar_value(text), str)
    except ValueError:
        return False


def _escaped(one: str) -> str:
    code = ord(one)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
