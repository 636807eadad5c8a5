"""Kinds of values that the fields of the model share: numbers with bounds, times, addresses, names of domains.

JSON keeps numbers, texts and truth apart, and so do these: neither "5" nor true is a number here. What they mean and
in which unit stands at each field.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

MAX_DEPTH = 64
"""How deeply lists and objects may be nested in what comes from outside."""

UUID_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
DOMAIN_PATTERN = r"(?i)^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$"
URL_PATTERN = r"^https?://(?:[a-zA-Z0-9\-]+\.)+[a-zA-Z]{2,}(?::\d+)?(?:/[^\s]*)?$"
TIME_PATTERN = (
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?"
    r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
_TIME = re.compile(TIME_PATTERN)


def _numeric(value: Any) -> Any:
    if isinstance(value, bool | str | bytes):
        raise PydanticCustomError("number_type", "Input should be a number, without quotes")
    return value


def _whole(value: Any) -> Any:
    """JSON knows one kind of number: 3.0 is whole, and so is 1e30, which is more than the validation takes from a float."""
    number = _numeric(value)
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _truth(value: Any) -> Any:
    if not isinstance(value, bool):
        raise PydanticCustomError("truth_type", "Input should be true or false")
    return value


def _time(value: Any) -> Any:
    if isinstance(value, datetime) or (isinstance(value, str) and _TIME.fullmatch(value)):
        return value
    raise PydanticCustomError(
        "time_form", "Input should be a time with date, seconds, and Z or an offset, such as 2026-03-03T21:36:24Z"
    )


def _members(value: Any) -> Any:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list | tuple) else ()


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    stack: list[tuple[Any, int]] = [(value, 0)]
    while stack:
        one, depth = stack.pop()
        if isinstance(one, float) and not math.isfinite(one):
            raise PydanticCustomError("not_finite", "Numbers should be finite; leave out what is not known")
        if depth > MAX_DEPTH:
            raise PydanticCustomError("too_deep", f"Nesting should be {MAX_DEPTH} deep at most")
        stack += [(inner, depth + 1) for inner in _members(one)]
    return value


Number = Annotated[float, BeforeValidator(_numeric)]
Positive = Annotated[float, Field(gt=0), BeforeValidator(_numeric)]
NotNegative = Annotated[float, Field(ge=0), BeforeValidator(_numeric)]
Percent = Annotated[float, Field(gt=0, le=100), BeforeValidator(_numeric)]
PercentFromZero = Annotated[float, Field(ge=0, le=100), BeforeValidator(_numeric)]
Fraction = Annotated[float, Field(gt=0, le=1), BeforeValidator(_numeric)]
FractionFromZero = Annotated[float, Field(ge=0, le=1), BeforeValidator(_numeric)]
Correlation = Annotated[float, Field(ge=-1, le=1), BeforeValidator(_numeric)]
Whole = Annotated[int, BeforeValidator(_whole)]
Count = Annotated[int, Field(ge=0), BeforeValidator(_whole)]
PositiveWhole = Annotated[int, Field(gt=0), BeforeValidator(_whole)]
Truth = Annotated[bool, BeforeValidator(_truth)]

Uuid = Annotated[str, Field(pattern=UUID_PATTERN, description="Lower case, version 1 to 5 (MXLIMS refuses others)")]
Domain = Annotated[str, Field(pattern=DOMAIN_PATTERN)]
Url = Annotated[str, Field(pattern=URL_PATTERN)]
Time = Annotated[
    AwareDatetime,
    BeforeValidator(_time),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": TIME_PATTERN}),
]
Extension = Annotated[dict[str, Any], AfterValidator(_plain)]
