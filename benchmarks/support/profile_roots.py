"""Which folders of a tree are the configuration of a beamline each, where nobody says so.

A folder is one if it holds hardware objects itself, or if mentions of objects below it lead somewhere from it that lead
nowhere from any of its subfolders. Otherwise its subfolders are asked. So the outermost folder is taken that has to be
taken: a repository with the files of many sites falls apart into sites, and a site that keeps its objects in subfolders
and names them from above does not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from mxplans.profile.dialects.files import read_folder
from mxplans.profile.dialects.names import files_of, leaves_folder
from mxplans.profile.dialects.reading import ConfigFile, FileKind


def find_roots(folder: Path) -> list[Path]:
    """Folders with the configuration of a beamline each, sorted; empty if there is no hardware object at all."""
    objects = [file for file in read_folder(folder) if file.kind is not FileKind.OTHER]
    return sorted(folder / root for root in _roots(PurePosixPath(), objects, frozenset(file.path for file in objects)))


def _roots(
    here: PurePosixPath, objects: Iterable[ConfigFile], paths: frozenset[PurePosixPath]
) -> Mapping[PurePosixPath, int]:
    """Roots at or below a folder, with the number of mentions that lead somewhere from each."""
    own = 0
    below: dict[PurePosixPath, list[ConfigFile]] = defaultdict(list)
    holds = False
    for file in objects:
        own += _resolved(here, file, paths)
        inner = file.path.relative_to(here)
        holds = holds or len(inner.parts) == 1
        below[here / inner.parts[0]].append(file)
    if holds:
        return {here: own}
    found: dict[PurePosixPath, int] = {}
    for folder, files in below.items():
        found |= _roots(folder, files, paths)
    return {here: own} if own > sum(found.values()) else found


def _resolved(root: PurePosixPath, file: ConfigFile, paths: frozenset[PurePosixPath]) -> int:
    """How many mentions of a file lead somewhere from a root, or from a folder between that and the file."""
    if file.config is None:
        return 0
    between = [folder for folder in file.path.parents if folder.is_relative_to(root)]
    return sum(
        not leaves_folder(mention.target)
        and any(folder / name in paths for folder in between for name in files_of(mention.target))
        for mention in file.config.references
        if not mention.written.startswith(".")
    )
