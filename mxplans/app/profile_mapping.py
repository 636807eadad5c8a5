"""From a folder of MXCuBE to a profile of mxplans and the list of what is left to do by hand."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from rich.console import Console
from rich.table import Table as RichTable

from mxplans.app.migration import DONE, REFUSED, MigrationWish
from mxplans.errors import InvalidProfile
from mxplans.profile.dialects.config_graph import ConfigGraph
from mxplans.profile.dialects.config_object import ConfigObject
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
    if wish.subtree or wish.page is not None or wish.despite_errors:
        raise InvalidProfile(
            f"--subtree, --report and --despite-errors are for --to yaml-b; what a profile lacks is told in {TODO}"
        )
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
    graph = _graph(snapshot, wish.only)
    mapped = map_beamline(graph, table)
    apart = _apart(snapshot, graph)
    todo = write_todo(mapped) + _told_apart(apart)
    outcome = _written({PROFILE: write_profile(mapped), TODO: todo}, destination, wish.dry_run)
    _print(mapped, len(apart), f"{destination}: {outcome}", Console())
    return DONE


def _apart(snapshot: Snapshot, graph: ConfigGraph) -> list[ConfigObject]:
    """Objects of the folder that the entry file does not lead to."""
    reached = {file.path for file in graph.files}
    return [file.config for path, file in snapshot.files.items() if file.config is not None and path not in reached]


def _told_apart(apart: list[ConfigObject]) -> str:
    if not apart:
        return ""
    lines = [
        f"- [ ] {_spelt(config.name)}, {_spelt(config.class_path or 'no class')} ({_spelt(str(config.place))})"
        for config in apart
    ]
    return "\n## Objects that the entry file does not lead to\n\nThey were not looked at.\n\n" + "\n".join(lines) + "\n"


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


def _spelt(text: str) -> str:
    """A text from a file or its name as code of Markdown on one line."""
    return f"`{' '.join(text.replace('`', ' ').split())}`"


def _written(files: Mapping[str, str], destination: Path, dry_run: bool) -> str:
    """What was done.

    Raises:
        InvalidProfile: If the destination holds something else.
    """
    with scratch() if dry_run else staged(destination) as folder:
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
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


def _print(mapped: Mapped, apart: int, title: str, console: Console) -> None:
    console.print(title, soft_wrap=True, highlight=False)
    table = RichTable("", "how many")
    table.columns[1].justify = "right"
    table.add_row("devices", str(len(mapped.devices)))
    for fate, count in Counter(entry.fate for entry in mapped.entries).items():
        table.add_row(f"pieces: {fate}", str(count))
    table.add_row("objects not reached", str(apart))
    table.add_row("values to fill in", str(len(mapped.missing)))
    table.add_row("values to look at", str(len(mapped.checks)))
    console.print(table)
