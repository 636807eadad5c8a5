"""Which files of a folder are to be converted."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path, PurePosixPath

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
        only: Name of an object (`/motors/omega`), or its file, as seen from the folder or from where one stands; None
            for all.
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
        path: (snapshot.root / path).resolve() if _may_be_linked(snapshot, path) else snapshot.root.resolve() / path
        for path in objects
    }
    meant = {real[path] for path in found}
    return frozenset(path for path in objects if real[path] in meant)


def _may_be_linked(snapshot: Snapshot, path: PurePosixPath) -> bool:
    """Whether it is a link, or was reached through a linked folder, in which the tree does not look."""
    item = snapshot.tree.get(path)
    return item is None or item.kind is ItemKind.LINK


def _file_of(snapshot: Snapshot, only: str) -> PurePosixPath:
    """The file of an object.

    Raises:
        InvalidProfile: If there is none.
    """
    named = {file.config.name: path for path, file in snapshot.files.items() if file.config is not None}
    name = canonical_name(only)
    from_here = Path(only).absolute()
    meant = [only, name]
    if from_here.is_relative_to(snapshot.root):
        meant.append(canonical_name(str(from_here.relative_to(snapshot.root))))
    for each in meant:
        if each in named:
            return named[each]
    near = get_close_matches(name, named, _NEAREST_MOST)
    hint = f"did you mean {' or '.join(near)}?" if near else f"the folder holds {len(named)} objects"
    raise InvalidProfile(f"--only {only}: there is no object {name} in {snapshot.root}; {hint}")
