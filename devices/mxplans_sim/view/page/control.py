"""Client of the control server of a running virtual beamline."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

Facts = dict[str, Any]

TIMEOUT_S = 5.0


class ControlError(RuntimeError):
    """The virtual beamline does not answer, or refuses; the message is for people."""


class ControlFile(BaseModel):
    """Where the control server is; the service writes it, readable for its owner alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    url: str
    token: str


@dataclass(frozen=True)
class Shot:
    """A picture from the control server.

    Attributes:
        name: Tells it from the one before.
        content: The file.
        media_type: Of the file.
    """

    name: str
    content: bytes
    media_type: str


def read_control_file(path: Path) -> ControlFile:
    """Read a control file.

    Raises:
        ControlError: If it cannot be read or is none.
    """
    try:
        return ControlFile.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ControlError(
            f"{path} cannot be read: {error.strerror}; start `mxplans-sim serve` first, it writes the file"
        ) from error
    except (ValueError, ValidationError) as error:
        raise ControlError(f"{path} is no control file, it must be JSON with url and token: {error}") from error


class Control:
    """Asks the control server.

    Args:
        file: Where it is, and the token.
    """

    def __init__(self, file: ControlFile) -> None:
        self._client = httpx.AsyncClient(
            base_url=file.url, headers={"Authorization": f"Bearer {file.token}"}, timeout=TIMEOUT_S, trust_env=False
        )

    async def world(self) -> Facts:
        """The snapshot of the world."""
        return dict(await self._told("/world"))

    async def faults(self) -> list[Facts]:
        """Faults that wait or last."""
        return list(await self._told("/faults"))

    async def catalogue(self) -> list[Facts]:
        """All kinds of faults."""
        return list(await self._told("/faults/catalogue"))

    async def inject(self, fault: Facts) -> None:
        """Add a fault."""
        await self._ask("POST", "/faults", fault)

    async def clear(self, fault_id: str) -> None:
        """Take a fault away."""
        await self._ask("DELETE", f"/faults/{fault_id}")

    async def shot(self, path: str) -> Shot | None:
        """A picture; None when there is none yet."""
        answer = await self._ask("GET", path)
        if answer.status_code == httpx.codes.NO_CONTENT:
            return None
        return Shot(answer.headers.get("X-Frame", ""), answer.content, answer.headers.get("Content-Type", ""))

    async def close(self) -> None:
        """Close connections."""
        await self._client.aclose()

    async def _told(self, path: str) -> Any:
        answer = await self._ask("GET", path)
        try:
            return answer.json()
        except ValueError as error:
            raise ControlError(f"the virtual beamline answers {path} with something that is not JSON") from error

    async def _ask(self, method: str, path: str, content: Any = None) -> httpx.Response:
        try:
            answer = await self._client.request(method, path, json=content)
        except httpx.HTTPError as error:
            raise ControlError(f"the virtual beamline does not answer ({type(error).__name__})") from error
        if answer.is_error:
            raise ControlError(f"the virtual beamline refuses {method} {path}: {answer.text[:300]}")
        return answer
