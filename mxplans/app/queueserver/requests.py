"""What clients send: bounded, strict JSON, and words for what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from fastapi import Request
from pydantic import ValidationError

BODY_MOST = 10_000_000
"""Bytes of one request."""
DEPTH_MOST = 64
"""Lists and objects within each other."""
PROBLEMS_MOST = 100
"""That one answer tells."""
_SHOWN_MOST = 200


class Refused(Exception):
    """A request that is answered with a status and a detail.

    Args:
        status: Of HTTP.
        detail: Text, or a list of `problem`s.
    """

    def __init__(self, status: int, detail: str | list[dict[str, Any]]) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def problem(loc: Sequence[str | int], message: str, given: Any = None) -> dict[str, Any]:
    """One thing that is wrong: where, what, and what was given."""
    return {"loc": list(loc), "msg": message, "input": _shown(given)}


def problems_of(error: ValidationError, at: Sequence[str | int] = ()) -> list[dict[str, Any]]:
    """Everything that a validation found."""
    found = error.errors(include_url=False, include_context=False)
    return [problem((*at, *each["loc"]), each["msg"], each["input"]) for each in found[:PROBLEMS_MOST]]


async def read_json(request: Request) -> Any:
    """The body of a request.

    Raises:
        Refused: 413 if it is too long, 422 if it is not JSON, or nested too deeply.
    """
    return _decoded(await _body_of(request))


async def read_object(request: Request) -> dict[str, Any]:
    """The body of a request that is one JSON object, or nothing.

    Raises:
        Refused: 413 or 422.
    """
    body = await _body_of(request)
    content = _decoded(body) if body else {}
    if not isinstance(content, dict):
        raise Refused(422, [problem(["body"], "should be a JSON object", content)])
    return content


async def _body_of(request: Request) -> bytes:
    """What was sent, whether its length was said before or not."""
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > BODY_MOST:
        raise _too_long(f"{said} bytes")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_MOST:
            raise _too_long(f"more than {BODY_MOST} bytes")
    return bytes(body)


def _decoded(body: bytes) -> Any:
    try:
        content = json.loads(body, parse_constant=_no_number, object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise Refused(422, [problem(["body"], f"not JSON: {reason}")]) from None
    _check_depth_and_text(content)
    return content


def _too_long(given: str) -> Refused:
    return Refused(413, f"the body has {given}; allowed are {BODY_MOST}: send it in parts")


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{double[:_SHOWN_MOST]!r} stands twice in one object")
    return found


def _check_depth_and_text(content: Any) -> None:
    """Level by level, so that nothing here is as deep as what came."""
    level = [content]
    for _ in range(DEPTH_MOST):
        if not level:
            return
        following: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                following += value
                following += value.values()
            elif isinstance(value, list):
                following += value
            elif isinstance(value, str) and not value.isascii():
                _check_text(value)
        level = following
    raise Refused(422, [problem(["body"], f"nested too deeply; allowed are {DEPTH_MOST} levels")])


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Refused(422, [problem(["body"], "holds half of a character (a lone surrogate)")]) from None


def _shown(given: Any) -> Any:
    """What was given, if it is short enough to be shown."""
    if given is None or isinstance(given, bool | int | float):
        return given if not isinstance(given, int) or abs(given) < 10**30 else f"{str(given)[:30]}..."
    text = given if isinstance(given, str) else type(given).__name__
    return text if len(text) <= _SHOWN_MOST else f"{text[:_SHOWN_MOST]}..."
