"""Which answers of the server mean "later", and which mean "never"."""

from __future__ import annotations

from typing import Any

import httpx

from mxplans.errors import DeliveryError, TargetRefused, TargetUnreachable

_LATER = {401, 403, 408, 425, 429}
"""The token is wrong or has run out, or there is no time now: nothing that the record could do about it."""
_NO_SUCH_ROUTE = {404: "Not Found", 405: "Method Not Allowed"}
"""The words that a server of FastAPI has for a route that it does not know, as against a row that does not exist."""
_SHOWN = 300


def problem(response: httpx.Response) -> DeliveryError | None:
    """What is wrong with an answer; None with a good one."""
    if response.is_success:
        return None
    status, told = response.status_code, _told(response)
    asked = f"{response.request.method} {response.request.url}"
    if status in (401, 403):
        return TargetUnreachable(
            f"{asked} was answered with {status} ({told}): give the target a token that is valid and may write here"
        )
    if status in _LATER or status >= 500:
        wait = response.headers.get("Retry-After")
        asks = f"; it asks to wait until or for (s) {wait}" if wait else ""
        return TargetUnreachable(f"{asked} was answered with {status} ({told}){asks}; it is tried again")
    if response.is_redirect or told == _NO_SUCH_ROUTE.get(status):
        where = response.headers.get("Location", told)
        return TargetUnreachable(
            f"{asked} was answered with {status} ({where}): the server has no such route, it may be of another version; "
            "check `url` and `routes` of the target, and `look_up` where it lists nothing"
        )
    return TargetRefused(f"{asked} was answered with {status}: {told}; correct the record or its proposal and session")


def _told(response: httpx.Response) -> str:
    """The server's own reason: `detail` is a text, or a list of wrong fields as pydantic tells them."""
    try:
        answer = response.json()
    except ValueError:
        return _short(response.text.strip() or response.reason_phrase)
    detail = answer.get("detail", answer) if isinstance(answer, dict) else answer
    if isinstance(detail, list):
        return _short("; ".join(_wrong_field(each) for each in detail))
    return _short(str(detail))


def _wrong_field(each: Any) -> str:
    if not isinstance(each, dict):
        return str(each)
    place = ".".join(str(part) for part in each.get("loc", ()))
    given = f" (given {each['input']!r})" if "input" in each else ""
    return f"{place}: {each.get('msg', 'is wrong')}{given}"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
