"""Where an object is looked up by its name, and each file is read once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mxplans.profile.dialects.files import read_within
from mxplans.profile.dialects.folder import checked_root
from mxplans.profile.dialects.names import files_of, leaves_folder, name_below
from mxplans.profile.dialects.reading import ConfigFile, FileKind

TOP = PurePosixPath()
"""The root itself, relative to itself."""


@dataclass(frozen=True, slots=True)
class Hit:
    """What stands under a name.

    Attributes:
        definitions: Files of the first folder that has one for it, best first; more than one is an error.
        others: Files of that name that are no hardware objects.
    """

    definitions: tuple[ConfigFile, ...]
    others: tuple[ConfigFile, ...] = ()


class Library:
    """The files of a folder.

    Args:
        root: The folder; nothing outside of it is read.
        folders: Look-up folders, relative to the root: an object's name is its path below the innermost one.

    Raises:
        InvalidProfile: If the root is no folder.
    """

    def __init__(self, root: Path, folders: Iterable[PurePosixPath] = (TOP,)) -> None:
        self._root = checked_root(root)
        self._folders = sorted(folders, key=lambda folder: len(folder.parts), reverse=True)
        self._files: dict[PurePosixPath, ConfigFile] = {}
        self._exists: dict[PurePosixPath, bool] = {}

    def name_of(self, path: PurePosixPath) -> str:
        """Canonical name of the object in a file."""
        folder = next((folder for folder in self._folders if path.is_relative_to(folder)), TOP)
        return name_below(folder, path)

    def read(self, path: PurePosixPath) -> ConfigFile:
        """A file, which is read the first time it is asked for."""
        if path not in self._files:
            self._files[path] = read_within(self._root, path, self.name_of(path))
        return self._files[path]

    def find(self, name: str, folders: Iterable[PurePosixPath]) -> Hit:
        """The files with the object of a name, in the first of some folders that has one."""
        others: list[ConfigFile] = []
        for folder in folders:
            found = list(self._candidates(folder, name))
            definitions = tuple(file for file in found if file.kind is not FileKind.OTHER)
            if definitions:
                return Hit(definitions)
            others += found
        return Hit((), tuple(others))

    def _candidates(self, folder: PurePosixPath, name: str) -> Iterator[ConfigFile]:
        if leaves_folder(name):
            return
        for file in files_of(name):
            path = folder / file
            if self.has(path):
                yield self.read(path)

    def has(self, path: PurePosixPath) -> bool:
        """Whether a file, or a link, stands there."""
        if path not in self._exists:
            try:
                self._exists[path] = os.path.lexists(self._root / path)
            except ValueError:
                # A name from a file may hold what no file system takes.
                self._exists[path] = False
        return self._exists[path]


def upwards(folder: PurePosixPath) -> tuple[PurePosixPath, ...]:
    """A folder and those above it, up to the root.

    >>> [str(each) for each in upwards(PurePosixPath("a/b"))]
    ['a/b', 'a', '.']
    """
    return (folder, *folder.parents)
