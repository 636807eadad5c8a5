"""Requests to the server: a token, time-outs, pages, and errors that say whether to try again."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
from pydantic import Field

from mxplans.errors import TargetUnreachable
from mxplans_lims.delivery import TargetSettings
from mxplans_lims.secret import Secret
from mxplans_lims.targets.expeye._answers import problem

_PAGE = 100
"""Rows that are asked for at once."""


class ClientSettings(TargetSettings):
    """Where the server is and how long to wait for it."""

    url: str = Field(
        pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$",
        description="In front of all routes, as https://lims.example.org/api; never with a password",
    )
    token: Secret | None = Field(default=None, description="Sent as a bearer token; None sends no header")
    ca_file: Path | None = Field(
        default=None, description="Certificates of authorities, in place of those of the system"
    )
    connect_timeout_s: float = Field(default=5.0, gt=0, le=600, description="Until a connection stands")
    answer_timeout_s: float = Field(default=30.0, gt=0, le=600, description="Until a request is answered")


class RestClient:
    """Speaks to one server; connects when it is first used.

    Args:
        settings: Where it is.
    """

    def __init__(self, settings: ClientSettings) -> None:
        self._settings = settings
        self._http: httpx.Client | None = None

    def rows(self, path: str) -> Iterator[Mapping[str, Any]]:
        """All rows of a listing, page after page; a bare list is one page.

        Raises:
            TargetUnreachable: Also if the answer is neither.
            TargetRefused: If there is no such thing to list.
        """
        page = seen = 0
        while True:
            answer = self._ask("GET", path, params={"page": page, "limit": _PAGE})
            rows = answer.get("items") if isinstance(answer, dict) else answer
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise TargetUnreachable(f"GET {path} gave no list of rows but {str(answer)[:80]}: check `routes`")
            yield from rows
            page += 1
            seen += len(rows)  # a server may give fewer at once than it was asked for
            if isinstance(answer, list) or not rows or seen >= int(answer.get("total", 0)):
                return

    def one(self, path: str) -> Mapping[str, Any]:
        """One row."""
        return self._row("GET", path, {})

    def create(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Make a row; the answer is the row."""
        return self._row("POST", path, {"json": body})

    def update(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Change fields of a row."""
        return self._row("PATCH", path, {"json": body})

    def close(self) -> None:
        """Let go of the connection."""
        if self._http is not None:
            self._http.close()
            self._http = None

    def _row(self, method: str, path: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = self._ask(method, path, **given)
        if not isinstance(answer, dict):
            raise TargetUnreachable(f"{method} {path} gave no row but {str(answer)[:80]}: check `routes`")
        return answer

    def _ask(self, method: str, path: str, **given: Any) -> Any:
        try:
            response = self._connected().request(method, path, **given)
        except httpx.TimeoutException as error:
            raise TargetUnreachable(
                f"{method} {self._settings.url}{path} was not answered within {self._settings.answer_timeout_s:g} s "
                f"({type(error).__name__}); it is looked up and tried again"
            ) from error
        except httpx.HTTPError as error:
            raise TargetUnreachable(
                f"{method} {self._settings.url}{path} failed: {error}; start the server or check `url` and `ca_file`"
            ) from error
        wrong = problem(response)
        if wrong is not None:
            self.close()  # so that the next request reads the token again
            raise wrong
        try:
            return response.json()
        except ValueError as error:
            raise TargetUnreachable(f"{method} {response.request.url} gave no JSON; check `url`") from error

    def _connected(self) -> httpx.Client:
        if self._http is None:
            settings = self._settings
            headers = {"Accept": "application/json"}
            if settings.token is not None:
                headers |= settings.token.header()
            self._http = httpx.Client(
                base_url=settings.url,
                headers=headers,
                timeout=httpx.Timeout(settings.answer_timeout_s, connect=settings.connect_timeout_s),
                verify=self._verification(),
            )
        return self._http

    def _verification(self) -> ssl.SSLContext | bool:
        if self._settings.ca_file is None:
            return True
        try:
            return ssl.create_default_context(cafile=str(self._settings.ca_file))
        except OSError as error:
            raise TargetUnreachable(
                f"the certificates in {self._settings.ca_file} cannot be used: {error}; give a PEM file"
            ) from error
