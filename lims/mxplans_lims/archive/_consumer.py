"""From the journal into the catalogue, run by run, so that doing it twice changes nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from bluesky_tiled_plugins import TiledWriter

from mxplans_lims._runs import RunIndex
from mxplans_lims.journal import Document

log = logging.getLogger(__name__)

BATCH_SIZE = 100_000


class Consumer:
    """Writes each run in one go when its stop document has come.

    What the catalogue holds decides, not a position: a run that is complete there is left out, a half-written one is
    deleted and written anew. A run that cannot be written is logged and tried again at the next start.

    Args:
        client: Tiled client of the catalogue.

    Attributes:
        taken: Documents that have been read.
        failed: Uids of runs that could not be written.
    """

    def __init__(self, client: Any) -> None:
        self.taken = 0
        self.failed: list[str] = []
        self._client = client
        self._index = RunIndex()
        self._pending: dict[str, list[Document]] = {}
        self._complete = {uid: "stop" in node.metadata for uid, node in client.items()}

    def take(self, documents: Iterable[Document]) -> int:
        """Take documents, write the runs they complete; returns how many documents came."""
        before = self.taken
        for name, document in documents:
            self.taken += 1
            uid = self._index.run_of(name, document)
            if uid is None:
                log.warning("a %s document belongs to no run of the journal; it is left out", name)
                continue
            self._pending.setdefault(uid, []).append((name, document))
            if name == "stop":
                self._write(uid, self._pending.pop(uid), BATCH_SIZE)
        return self.taken - before

    def take_unfinished(self) -> None:
        """Write what there is of runs without an end; they stay incomplete, and are written anew next time."""
        for uid, documents in self._pending.items():
            self._write(uid, documents, 1)
        self._pending.clear()

    def _write(self, uid: str, documents: list[Document], batch_size: int) -> None:
        if self._complete.get(uid):
            return
        try:
            if uid in self._complete:
                log.info("run %s is half written; it is deleted and written anew", uid)
                self._client.delete_contents(uid, recursive=True, external_only=False)
            self._complete[uid] = False
            writer = TiledWriter(self._client, batch_size=batch_size, max_array_size=0)
            for name, document in documents:
                writer(name, document)
        except Exception:
            # Whatever the library or the server say about one run, the others shall come in.
            log.exception("run %s was not taken into the catalogue; start the archive again to try once more", uid)
            self.failed.append(uid)
            return
        self._complete[uid] = documents[-1][0] == "stop"
