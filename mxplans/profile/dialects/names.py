"""Names of hardware objects: paths below a look-up folder, whatever the dialect of the file."""

from __future__ import annotations

import posixpath
from pathlib import PurePosixPath

EXTENSIONS = (".yaml", ".yml", ".xml")
"""Of files with hardware objects; of two for one name that must not be, the first one is taken."""


def canonical_name(written: str) -> str:
    """The name of the object in a file: its path below the look-up folder without extension, with a leading `/`.

    >>> canonical_name("motors/omega.xml"), canonical_name("./omega.yaml"), canonical_name("/a//b/../omega")
    ('/motors/omega', '/omega', '/a/omega')
    >>> canonical_name("../../omega.xml")
    '/../../omega'
    """
    stem, extension = posixpath.splitext(written)
    path = stem if extension in EXTENSIONS else written
    return "/" + posixpath.normpath(path.lstrip("/") or ".")


def name_below(folder: PurePosixPath, path: PurePosixPath) -> str:
    """The name of the object in a file, where a folder above it is one that objects are looked up in."""
    return canonical_name(str(path.relative_to(folder)))


def leaves_folder(name: str) -> bool:
    """Whether a canonical name stands for something outside of the look-up folder."""
    return name.startswith("/..") and name[3:4] in ("", "/")


def files_of(name: str) -> tuple[PurePosixPath, ...]:
    """Where an object may stand below a look-up folder."""
    return tuple(PurePosixPath(name.lstrip("/") + extension) for extension in EXTENSIONS)
