"""A configuration folder as it stands: what is in it, and what its objects say, alone and together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from mxplans.profile.dialects.config_graph import ConfigGraph
from mxplans.profile.dialects.graph import entries, load_folder, load_graph
from mxplans.profile.dialects.names import name_below
from mxplans.profile.dialects.reading import ConfigFile, FileKind
from mxplans.profile.migrate.tree import Tree, read_tree


@dataclass(frozen=True)
class Snapshot:
    """A folder at one moment.

    Attributes:
        root: The folder.
        tree: All below it.
        folder: All objects, named by their paths below it.
        entries: What each entry file brings together, by its path; objects are named as that beamline names them.
    """

    root: Path
    tree: Tree
    folder: ConfigGraph
    entries: Mapping[PurePosixPath, ConfigGraph]

    @property
    def graphs(self) -> tuple[ConfigGraph, ...]:
        """Those of the entry files, then that of the folder."""
        return (*self.entries.values(), self.folder)

    @cached_property
    def files(self) -> Mapping[PurePosixPath, ConfigFile]:
        """Each file that could hold an object, by path, as the folder names it."""
        return {file.path: file for file in self.folder.files}

    @cached_property
    def views(self) -> Mapping[PurePosixPath, tuple[ConfigFile, ...]]:
        """Each file with an object as each graph names it, entry files' graphs first."""
        found: dict[PurePosixPath, list[ConfigFile]] = {}
        for graph in self.graphs:
            for file in graph.files:
                if file.kind is FileKind.OBJECT:
                    found.setdefault(file.path, []).append(file)
        return {path: tuple(files) for path, files in found.items()}

    @cached_property
    def targets(self) -> Mapping[tuple[PurePosixPath, str], PurePosixPath]:
        """Files of objects by who mentions them, and by which name; what an entry file leads to goes first."""
        found: dict[tuple[PurePosixPath, str], PurePosixPath] = {}
        for graph in self.graphs:
            paths = {file.config.name: file.path for file in graph.files if file.config is not None}
            for file in graph.files:
                config = file.config
                for target in mentioned(file):
                    name = graph.links.get((config.name, target), target) if config is not None else target
                    if name in paths:
                        found.setdefault((file.path, target), paths[name])
        return found

    def is_mentioned(self, path: PurePosixPath) -> bool:
        """Whether some object mentions a file that cannot be read."""
        names = {name_below(folder, path) for folder in path.parents}
        return any(names.intersection(graph.missing) for graph in self.graphs)


def mentioned(file: ConfigFile) -> tuple[str, ...]:
    """Names that an object mentions, that which it stands for among them."""
    if file.config is None:
        return ()
    redirect = (file.config.redirect,) if file.config.redirect is not None else ()
    return (*redirect, *(reference.target for reference in file.config.references))


def take_snapshot(root: Path) -> Snapshot:
    """Read a folder.

    Raises:
        InvalidProfile: If it cannot be read, or holds what is neither file, folder nor link.
    """
    tree = read_tree(root)
    graphs = {PurePosixPath(entry.relative_to(root)): load_graph(entry, root) for entry in entries(root)}
    return Snapshot(root, tree, load_folder(root), graphs)
