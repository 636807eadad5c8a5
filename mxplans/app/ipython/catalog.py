"""`catalog`: the Tiled client of the session's archive, connected when it is first used."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mxplans.errors import DeliveryError, InvalidInput, MxplansError, TargetUnreachable

ARRIVE_S = 20.0
"""How long a run that has just ended may take into the catalogue before whoever asks is told the state as it is."""
LOOK_S = 0.2


class Catalog:
    """Like the client, but connected late, anew when the archive was started again, and patient with the last run.

    Subscribe it to the RunEngine, so that it knows which run that is.

    Args:
        ready: Waits for the archive and gives what it says: `url`, `api_key_file`. Asked at each use.
        connect: Makes the client from that.
    """

    def __init__(
        self,
        ready: Callable[[], Mapping[str, Any]],
        connect: Callable[[Mapping[str, Any]], Any] | None = None,
    ) -> None:
        self._ready = ready
        self._connect = connect or client_of
        self._client: Any = None
        self._url = ""
        self._awaited: str | None = None
        self._never = threading.Event()

    def __call__(self, name: str, doc: Mapping[str, Any]) -> None:
        """Take one document."""
        if name == "stop":
            self._awaited = doc["run_start"]

    def __getitem__(self, key: Any) -> Any:
        """A run by its uid or its beginning, by its scan_id, or by its place: -1 is the last.

        Raises:
            InvalidInput: If there is none.
        """
        client = self._settled()
        try:
            return client[key]
        except LookupError as error:
            raise InvalidInput(f"the catalogue has {len(client)} runs, and none is {key!r}") from error

    def __len__(self) -> int:
        """How many runs."""
        return len(self._settled())

    def __iter__(self) -> Iterator[str]:
        """Uids."""
        return iter(self._settled())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._settled(), name)

    def __dir__(self) -> list[str]:
        # Tab must not wait for a server.
        return sorted(dir(self._client)) if self._client is not None else ["items", "keys", "search", "values"]

    def __repr__(self) -> str:
        return repr(self._client) if self._client is not None else "<catalogue, connected when it is first used>"

    def close(self) -> None:
        """Let go of the connection."""
        if self._client is not None:
            self._client.context.close()
            self._client = None

    def _settled(self) -> Any:
        """The client, when the run that ended last is there."""
        client = self._connected()
        waits = int(ARRIVE_S / LOOK_S)
        while self._awaited is not None and waits and not self._has(client, self._awaited):
            self._never.wait(LOOK_S)
            waits -= 1
        self._awaited = None
        return client

    def _has(self, client: Any, uid: str) -> bool:
        from tiled.queries import KeysFilter

        return any("stop" in run.metadata for run in client.search(KeysFilter([uid])).values())

    def _connected(self) -> Any:
        try:
            said = self._ready()
        except DeliveryError:
            raise
        except MxplansError as error:
            raise TargetUnreachable(f"the archive does not answer: {error}") from error
        if said["url"] != self._url:
            self.close()
        if self._client is None:
            self._client, self._url = self._connect(said), said["url"]
        return self._client


def client_of(said: Mapping[str, Any]) -> Any:
    """A client of an archive; the key is in the file that it names, else in `MXPLANS_TILED_API_KEY`.

    Args:
        said: By the archive when it serves.
    """
    from tiled.client import from_uri

    key_file = said.get("api_key_file")
    key = Path(key_file).read_text(encoding="utf-8").strip() if key_file else None
    return from_uri(said["url"], api_key=key or os.environ.get("MXPLANS_TILED_API_KEY"))
