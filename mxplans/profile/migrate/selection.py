"""Which files of a folder are to be converted."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import PurePosixPath

from mxplans.errors import InvalidProfile
from mxplans.profile.dialects.names import canonical_name
from mxplans.profile.dialects.reading import FileKind
from mxplans.profile.migrate.snapshot import Snapshot, mentioned
from mxplans.profile.migrate.tree import ItemKind

_NEAREST_MOST = 3


def selected_files(snapshot: Snapshot, only: str | None = None, subtree: bool = False) -> frozenset[PurePosixPath]:
    """Files with objects that are meant; links to such a file, and what a link leads to, go together.

    Args:
        snapshot: The folder.
        only: Name of an object (`/motors/omega`), or its file below the folder; None for all.
        subtree: And all that it refers to.

    Raises:
        InvalidProfile: If there is no such object.
    """
    objects = {path for path, file in snapshot.files.items() if file.kind is FileKind.OBJECT}
    if only is None:
        return frozenset(objects)
    found = {_file_of(snapshot, only)}
    waiting = list(found) if subtree else []
    while waiting:
        path = waiting.pop()
        new = {
            snapshot.targets.get((path, target), path) for file in snapshot.views[path] for target in mentioned(file)
        }
        new = (new & objects) - found
        found |= new
        waiting += new
    real = {
        path: (snapshot.root / path).resolve() if _is_link(snapshot, path) else snapshot.root.resolve() / path
        for path in objects
    }
    meant = {real[path] for path in found}
    return frozenset(path for path in objects if real[path] in meant)


def _is_link(snapshot: Snapshot, path: PurePosixPath) -> bool:
    item = snapshot.tree.get(path)
    return item is not None and item.kind is ItemKind.LINK


def _file_of(snapshot: Snapshot, only: str) -> PurePosixPath:
    """The file of an object.

    Raises:
        InvalidProfile: If there is none.
    """
    named = {file.config.name: path for path, file in snapshot.files.items() if file.config is not None}
    name = canonical_name(only)
    if name in named:
        return named[name]
    near = get_close_matches(name, named, _NEAREST_MOST)
    hint = f"did you mean {' or '.join(near)}?" if near else f"the folder holds {len(named)} objects"
    raise InvalidProfile(f"--only {only}: there is no object {name} in {snapshot.root}; {hint}")
