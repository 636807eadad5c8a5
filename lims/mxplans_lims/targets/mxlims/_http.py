"""Messages over HTTP: one POST of the whole message, again whenever it has changed."""

from __future__ import annotations

import hashlib
import json
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import httpx
from pydantic import Field

from mxplans.errors import DeliveryError, TargetRefused, TargetUnreachable
from mxplans_lims.delivery import Delivery, Step, TargetSettings
from mxplans_lims.secret import Secret

_KEY = "message"
_LATER = {
    401: "put the right token where the settings say",
    403: "let the owner of the token in",
    408: "it is tried again",
    425: "it is tried again",
    429: "it is tried again",
}
"""Refusals that are about us, or about now, and not about the message."""
_SHOWN = 200


class MxlimsHttpSettings(TargetSettings):
    """Where the messages go."""

    url: str = Field(
        pattern=r"^https?://[^\s/?#@]+([/?#]|$)",
        description="Address that takes a message, http or https; never with a password",
    )
    method: Literal["POST", "PUT"] = Field(default="POST", description="How it wants to be given one")
    token: Secret | None = Field(default=None, description="Sent as Authorization: Bearer")
    ca_file: Path | None = Field(default=None, description="Certificates (PEM) to trust instead of the usual ones")
    timeout_s: float = Field(default=30.0, gt=0, le=600, description="To connect, and between two parts of an answer")


class MxlimsHttpTarget:
    """Sends each message over HTTP, with an `Idempotency-Key` of experiment and content.

    Sent twice, as after a lost answer, a message has the same key; one that has changed has another. The receiver
    replaces what it has of the same experiment.
    """

    Settings: ClassVar[type[TargetSettings]] = MxlimsHttpSettings

    def __init__(self, name: str, settings: MxlimsHttpSettings) -> None:
        self.name = name
        self._settings = settings
        self._client: httpx.Client | None = None

    def steps(self, delivery: Delivery) -> Sequence[Step]:
        """The message, also of an experiment that is still running."""
        return [Step(_KEY, {"item": delivery.record.item_uid, "message": delivery.message})]

    def send(self, step: Step, ids: Mapping[str, str]) -> Mapping[str, str]:
        """Send it; the identifier is what the answer calls it (Location), or else the experiment's own.

        Raises:
            TargetUnreachable: If the server is away, does not answer in time, is at fault, or does not know the token.
            TargetRefused: If it does not want the message.
        """
        item = step.payload["item"]
        body = json.dumps(step.payload["message"], allow_nan=False, sort_keys=True).encode()
        key = f"{item}-{hashlib.sha256(body).hexdigest()}"
        answer = self._answer(body, {"Content-Type": "application/json", "Idempotency-Key": key})
        if not answer.is_success:
            self.close()  # the token is read anew when it is tried again
            raise self._problem(answer)
        return {step.key: answer.headers.get("Location") or item}

    def close(self) -> None:
        """Let go of the connection."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _answer(self, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        settings = self._settings
        try:
            return self._connected().request(settings.method, settings.url, content=body, headers=headers)
        except httpx.TimeoutException as error:
            raise TargetUnreachable(
                f"{self.name}: {settings.url} did not answer within {settings.timeout_s:g} s; it is tried again"
            ) from error
        except httpx.InvalidURL as error:
            raise TargetUnreachable(f"{self.name}: {error}; correct `url`, {settings.url}") from error
        except httpx.HTTPError as error:
            raise TargetUnreachable(
                f"{self.name}: {settings.url} cannot be reached: {error}; start the server or correct `url`"
            ) from error

    def _connected(self) -> httpx.Client:
        if self._client is None:
            settings = self._settings
            given = {} if settings.token is None else settings.token.header()
            self._client = httpx.Client(
                headers=given, timeout=settings.timeout_s, verify=self._trusted(), trust_env=False
            )
        return self._client

    def _trusted(self) -> ssl.SSLContext | bool:
        if self._settings.ca_file is None:
            return True
        try:
            return ssl.create_default_context(cafile=str(self._settings.ca_file))
        except OSError as error:  # ssl.SSLError is one
            raise TargetUnreachable(
                f"{self.name}: the certificates in {self._settings.ca_file} cannot be used: {error}; give a PEM file"
            ) from error

    def _problem(self, answer: httpx.Response) -> DeliveryError:
        said = f"{self.name}: {self._settings.url} answered {answer.status_code} {answer.reason_phrase}{_told(answer)}"
        if answer.status_code in _LATER:
            return TargetUnreachable(f"{said}; {_LATER[answer.status_code]}")
        if answer.is_server_error:
            return TargetUnreachable(f"{said}; it is tried again")
        if answer.is_client_error:
            return TargetRefused(f"{said}; correct what it names, then retry")
        return TargetUnreachable(f"{said}, which is no answer to a message; correct `url`")


def _told(answer: httpx.Response) -> str:
    """What the server says of it, shortened."""
    where = answer.headers.get("Location")
    text: Any = where if answer.is_redirect and where else " ".join(answer.text.split())
    return f": {text[:_SHOWN]}" if text else ""
