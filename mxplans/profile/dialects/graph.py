"""From an entry file, or a folder, to the graph of all objects."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from mxplans.errors import InvalidProfile
from mxplans.profile.dialects._graph_walk import GraphWalk
from mxplans.profile.dialects.config_graph import ConfigGraph
from mxplans.profile.dialects.files import read_within
from mxplans.profile.dialects.folder import checked_root, walk
from mxplans.profile.dialects.lookup import Library, upwards
from mxplans.profile.dialects.reading import FileKind

ENTRY_NAMES = ("beamline.yaml", "beamline.yml", "beamline_config.yml", "beamline_config.yaml")
"""Of the files that a beamline begins with."""


def load_graph(entry: Path, root: Path | None = None, lookup: Sequence[Path] | None = None) -> ConfigGraph:
    """Read the objects that an entry file leads to.

    Args:
        entry: The file.
        root: Folder that nothing outside of is read of; the entry's folder, or the one that holds all of `lookup`, if
            None.
        lookup: Folders to look objects up in, first hit wins; the entry's folder and those above it up to the root
            if None.

    Returns:
        The graph, with all that was found; whatever the files hold, they raise nothing.

    Raises:
        InvalidProfile: If the root, or a look-up folder, is no folder, or one of them stands outside of the root.
    """
    folders = [checked_root(folder) for folder in lookup or ()]
    place = checked_root(entry.parent)
    home = checked_root(root) if root is not None else Path(os.path.commonpath([place, *folders]))
    for folder in (place, *folders):
        if not folder.is_relative_to(home):
            raise InvalidProfile(f"folder {folder} stands outside of {home}; give a root that holds it")
    path = PurePosixPath((place / entry.name).relative_to(home))
    below = tuple(PurePosixPath(folder.relative_to(home)) for folder in folders) or upwards(path.parent)
    graph = GraphWalk(Library(home, below), lambda _: below)
    return graph.result(graph.visit(path, is_entry=True))


def load_folder(root: Path) -> ConfigGraph:
    """Read all objects of a folder, each named by its path below it.

    A mention in an entry file is looked up in its own folder, then in those above it; one in any other file in the
    root, then in the folders down to its own, so that a beamline's folder may stand anywhere below the root.

    Raises:
        InvalidProfile: If the root is no folder.
    """
    home = checked_root(root)
    graph = GraphWalk(Library(home), _folders_of)
    paths = []
    for path, problem in walk(home):
        if problem is None:
            paths.append(path)
        else:
            graph.note(problem)
    for path in sorted(paths, key=lambda path: path.name not in ENTRY_NAMES):
        graph.visit(path)
    return graph.result(None)


def entries(root: Path) -> tuple[Path, ...]:
    """The entry files below a folder, sorted: those of a usual name that describe an object, or would do so.

    Raises:
        InvalidProfile: If the root is no folder.
    """
    home = checked_root(root)
    paths = [path for path, problem in walk(home) if problem is None and path.name in ENTRY_NAMES]
    return tuple(root / path for path in paths if read_within(home, path).kind is not FileKind.OTHER)


def _folders_of(path: PurePosixPath) -> tuple[PurePosixPath, ...]:
    below = upwards(path.parent)
    return below if path.name in ENTRY_NAMES else below[::-1]
