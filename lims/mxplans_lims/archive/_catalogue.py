"""The catalogue on a Tiled server, wherever it runs: which runs it holds, and writing one in a single go."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import httpx
from bluesky_tiled_plugins import TiledWriter
from tiled.client import from_uri
from tiled.client.container import DEFAULT_STRUCTURE_CLIENT_DISPATCH, Container
from tiled.client.dataframe import DataFrameClient
from tiled.queries import KeysFilter

from mxplans.errors import DeliveryError, TargetRefused, TargetUnreachable
from mxplans_lims.journal import Document

BATCH_SIZE = 100_000
"""Events of a run that has ended are sent together."""
LATER = frozenset({401, 403, 408, 409, 425, 429})
"""Answers that become others: a key that somebody corrects, a half-written run that is removed, a server without time."""


class Catalogue:
    """Connects when it is first needed, and anew after an error.

    Args:
        url: Of the server, or of a catalogue on it.
        key: Gives its API key; may raise TargetUnreachable.
    """

    def __init__(self, url: str, key: Callable[[], str]) -> None:
        self.url = url
        self._key = key
        self._client: Any = None

    def held(self, uids: Sequence[str]) -> dict[str, bool]:
        """Of these runs those that the catalogue holds, each with whether it is complete.

        Raises:
            TargetUnreachable: If it cannot be asked.
        """
        with self._asking():
            found = Container.search(self._connected(), KeysFilter(list(uids)))
            return {uid: "stop" in node.metadata for uid, node in found.items()}

    def remove(self, uid: str) -> None:
        """Take a run out again, with its events; frames stay where they are.

        Raises:
            TargetUnreachable: If it cannot be done now.
        """
        with self._asking():
            self._connected().delete_contents(uid, recursive=True, external_only=False)

    def write(self, documents: Sequence[Document], batch_size: int = BATCH_SIZE) -> None:
        """Write a run; its stop document goes last, so that a run with one is complete.

        Raises:
            TargetUnreachable: If the same can work later. What was written by then is half a run.
            TargetRefused: If the catalogue or the writer will not take these documents.
        """
        with self._asking():
            client = self._connected()
        try:
            writer = TiledWriter(client, batch_size=batch_size, max_array_size=0)
            for name, document in documents:
                writer(name, document)
        except DeliveryError:
            raise
        except (httpx.TransportError, OSError) as error:
            raise self._unreachable(error) from error
        except httpx.HTTPStatusError as error:
            if error.response.status_code >= 500 or error.response.status_code in LATER:
                raise self._unreachable(error) from error
            raise TargetRefused(f"Tiled does not take the run: {_said(error)}; see the server's log") from error
        except Exception as error:
            # Whatever the library says about one run, the others shall come in.
            raise TargetRefused(f"the run cannot be written: {type(error).__name__}: {error}") from error

    def close(self) -> None:
        """Let go of the connection."""
        if self._client is not None:
            self._client.context.close()
            self._client = None

    def _connected(self) -> Any:
        if self._client is None:
            clients = {**DEFAULT_STRUCTURE_CLIENT_DISPATCH["numpy"], "table": _TableOnce}
            self._client = from_uri(self.url, clients, api_key=self._key())
        return self._client

    @contextlib.contextmanager
    def _asking(self) -> Iterator[None]:
        """What goes wrong in a question says nothing of a run: it can be asked again."""
        try:
            yield
        except TargetUnreachable:
            raise
        except Exception as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> TargetUnreachable:
        with contextlib.suppress(Exception):
            self.close()
        self._client = None
        return TargetUnreachable(
            f"Tiled at {self.url} does not work: {_said(error)}; look at the server, its key and its URL"
        )


class _TableOnce(DataFrameClient):  # type: ignore[misc]  # Tiled ships no types
    """TiledWriter sends rows again after a lost answer, which can double them; here the whole run is written anew."""

    def append_partition(self, partition: int, dataframe: Any) -> None:
        """Append rows.

        Raises:
            TargetUnreachable: If nobody knows whether they arrived.
        """
        try:
            super().append_partition(partition, dataframe)
        except httpx.TransportError as error:
            raise TargetUnreachable(
                f"the answer to events was lost: {_said(error)}; the run is written anew"
            ) from error
        except httpx.HTTPStatusError as error:
            if error.response.status_code < 500 and error.response.status_code not in LATER:
                raise
            raise TargetUnreachable(f"the server failed in events: {_said(error)}; the run is written anew") from error


def _said(error: Exception) -> str:
    """The first line of an error, which has all but a hint to the server's administrator."""
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no reason given'}"
