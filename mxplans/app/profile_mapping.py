"""From a folder of MXCuBE to a profile of mxplans and the list of what is left to do by hand."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path, PurePosixPath

from rich.console import Console
from rich.table import Table as RichTable

from mxplans.app.migration import DONE, REFUSED, MigrationWish
from mxplans.errors import InvalidProfile
from mxplans.profile.dialects.config_graph import ConfigGraph
from mxplans.profile.mapping import Mapped, load_table, map_beamline, write_profile, write_todo
from mxplans.profile.migrate.snapshot import Snapshot, take_snapshot
from mxplans.profile.migrate.source_findings import source_findings
from mxplans.profile.migrate.staging import scratch, staged, take_place
from mxplans.profile.migrate.tree import tree_differences
from mxplans.profile.places import errors_of

PROFILE, TODO = "beamline.yaml", "todo.md"


def run_mapping(wish: MigrationWish) -> int:
    """Write a profile and a to-do list.

    Returns:
        Exit code.

    Raises:
        InvalidProfile: If the source or a table cannot be read, it is not clear which entry file is meant, or the
            destination holds something else.
    """
    if wish.subtree or wish.page is not None:
        raise InvalidProfile(f"--subtree and --report are for --to yaml-b; what a profile lacks is told in {TODO}")
    table = load_table(wish.tables)
    source = wish.source.resolve()
    destination = wish.destination.resolve()
    if source.is_relative_to(destination) or destination.is_relative_to(source):
        raise InvalidProfile(f"a profile is no part of {source}; give a folder beside it")
    snapshot = take_snapshot(source)
    errors = errors_of(source_findings(snapshot, ()))
    if errors:
        for finding in errors:
            print(finding, file=sys.stderr)
        return REFUSED
    mapped = map_beamline(_graph(snapshot, wish.only), table)
    outcome = _written(mapped, destination, wish.dry_run)
    _print(mapped, destination, outcome, Console())
    return DONE


def _graph(snapshot: Snapshot, only: str | None) -> ConfigGraph:
    """The graph of the entry file that is meant; of the folder if it has none.

    Raises:
        InvalidProfile: If that is not clear.
    """
    names = ", ".join(map(str, snapshot.entries)) or "none"
    if only is not None:
        if PurePosixPath(only) not in snapshot.entries:
            raise InvalidProfile(f"--only {only} is no entry file of {snapshot.root}; there are {names}")
        return snapshot.entries[PurePosixPath(only)]
    if len(snapshot.entries) > 1:
        raise InvalidProfile(f"{snapshot.root} has several entry files: {names}; say which with --only")
    return next(iter(snapshot.entries.values()), snapshot.folder)


def _written(mapped: Mapped, destination: Path, dry_run: bool) -> str:
    """What was done.

    Raises:
        InvalidProfile: If the destination holds something else.
    """
    with scratch() if dry_run else staged(destination) as folder:
        (folder / PROFILE).write_text(write_profile(mapped), encoding="utf-8")
        (folder / TODO).write_text(write_todo(mapped), encoding="utf-8")
        if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
            others = tree_differences(destination, folder) if destination.is_dir() else ["it is no folder"]
            if not others:
                return "unchanged"
            raise InvalidProfile(
                f"{destination} holds something else: {'; '.join(others)}; give a folder that is empty or not there"
            )
        if dry_run:
            return "would be done"
        folder.chmod(0o755)
        take_place(folder, destination)
    return "done"


def _print(mapped: Mapped, destination: Path, outcome: str, console: Console) -> None:
    console.print(f"{destination}: {outcome}", soft_wrap=True, highlight=False)
    table = RichTable("", "how many")
    table.columns[1].justify = "right"
    table.add_row("devices", str(len(mapped.devices)))
    for fate, count in Counter(entry.fate for entry in mapped.entries).items():
        table.add_row(f"pieces: {fate}", str(count))
    table.add_row("values to fill in", str(len(mapped.missing)))
    table.add_row("values to look at", str(len(mapped.checks)))
    console.print(table)
