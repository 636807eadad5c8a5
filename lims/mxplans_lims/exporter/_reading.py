"""Documents of one experiment's run, out of a journal that others write into as well."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mxplans_lims._runs import RunIndex, parent_of
from mxplans_lims.journal import Document, read_range


def documents_of_run(journal: Path, uid: str, start: int, stop: int) -> Iterator[Document]:
    """Documents of an outer run and of its inner ones, between two offsets.

    What others wrote in between, before somebody noticed that the run's process had died, is left out. Documents that
    came before what they refer to go last.
    """
    index = RunIndex()
    ours = {uid}
    others: list[Document] = []
    for _, _, name, document in read_range(journal, start, stop):
        run = index.run_of(name, document)
        if name == "start" and run is not None and parent_of(document) in ours:
            ours.add(run)
        if run in ours:
            yield name, document
        else:
            others.append((name, document))
    yield from ((name, document) for name, document in others if index.run_of(name, document) in ours)
