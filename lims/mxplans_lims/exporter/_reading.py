"""Documents of one experiment's run, out of a journal that others write into as well."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mxplans_lims._runs import RunIndex
from mxplans_lims.journal import Document, read_range


def documents_of_run(journal: Path, uid: str, start: int, stop: int) -> Iterator[Document]:
    """Documents of an outer run and of its inner ones, between two offsets.

    What others wrote in between, before somebody noticed that the run's process had died, is left out.
    """
    index = RunIndex()
    ours = {uid}
    for _, _, name, document in read_range(journal, start, stop):
        if name == "start" and (document.get("mxplans") or {}).get("parent_uid") in ours:
            ours.add(document["uid"])
        if index.run_of(name, document) in ours:
            yield name, document
