"""A folder from outside, looked at safely: no link leads out of it, nothing is read that is no file, or too large."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from mxplans.errors import InvalidProfile
from mxplans.profile.places import Finding, Place, Severity
from mxplans.profile.yaml12 import LIMITS

_HISTORIES = frozenset({".git", ".hg", ".svn"})
"""Folders of version control: none of the beamline's."""


def checked_root(root: Path) -> Path:
    """The folder itself, whatever links lead to it.

    Raises:
        InvalidProfile: If it is no folder.
    """
    try:
        home = root.resolve(strict=True)
        if home.is_dir():
            return home
    except (OSError, RuntimeError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise InvalidProfile(f"folder {root}: {said}; give a folder with configuration files") from error
    raise InvalidProfile(f"folder {root} is no folder; give one with configuration files")


def place_of(path: PurePosixPath) -> Place:
    """A file as a place; a name that is no UTF-8 is shown with escapes."""
    return Place(str(path).encode("utf-8", "backslashreplace").decode())


def walk(root: Path) -> Iterator[tuple[PurePosixPath, Finding | None]]:
    """All files below a folder, sorted by path; links to folders within it are not followed.

    Args:
        root: From `checked_root`.

    Yields:
        Paths relative to the folder; beside those that cannot be used, why.
    """
    found: list[tuple[PurePosixPath, Finding | None]] = []
    folders = [PurePosixPath()]
    while folders:
        folder = folders.pop()
        if len(folder.parts) > LIMITS.depth:
            found.append((folder, _error(folder, f"is {len(folder.parts)} folders deep; allowed are {LIMITS.depth}")))
            continue
        try:
            with os.scandir(root / folder) as listing:
                entries = list(listing)
        except OSError as error:
            found.append((folder, _error(folder, f"cannot be read: {error.strerror}")))
            continue
        for entry in entries:
            path = folder / entry.name
            if entry.is_dir(follow_symlinks=False):
                folders += [path] if entry.name not in _HISTORIES else []
            elif entry.is_symlink():
                problem = _link_problem(root, path)
                if problem is not None or not (root / path).is_dir():
                    found.append((path, problem))
            else:
                found.append((path, None))
    yield from sorted(found, key=lambda each: each[0])


def content_of(root: Path, path: PurePosixPath) -> tuple[bytes, Finding | None]:
    """A file's content; of one that is too large its beginning, of one that cannot be read nothing, and why.

    Args:
        root: From `checked_root`.
        path: Relative to it.
    """
    problem = _link_problem(root, path)
    if problem is not None:
        return b"", problem
    try:
        # A pipe that nobody writes to would be waited for.
        handle = os.open(root / path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                return b"", _error(path, "is no file; allowed are files")
            with os.fdopen(handle, "rb", closefd=False) as file:
                content = file.read(LIMITS.size_bytes + 1)
        finally:
            os.close(handle)
    except OSError as error:
        return b"", _error(path, f"cannot be read: {error.strerror}")
    if len(content) > LIMITS.size_bytes:
        what = f"has {max(status.st_size, len(content))} bytes; allowed are {LIMITS.size_bytes}: is it the right file?"
        return content[:65536], _error(path, what)
    return content, None


def _link_problem(root: Path, path: PurePosixPath) -> Finding | None:
    """Why what stands at a path cannot be reached within the folder."""
    try:
        real = (root / path).resolve(strict=True)
    except FileNotFoundError:
        return _error(path, "is a link to what is not there; correct or remove it")
    except (OSError, RuntimeError):
        # Up to Python 3.12 a loop of links is a RuntimeError, from 3.13 on an OSError.
        return _error(path, "is a link that leads back to itself, or cannot be followed; correct or remove it")
    if not real.is_relative_to(root):
        return _error(path, "is a link out of the folder; allowed are links within it: copy the file into it")
    if real.is_dir() and (root / path).parent.resolve().is_relative_to(real):
        return _error(path, "is a link to a folder that it stands in itself; remove it")
    return None


def _error(path: PurePosixPath, what: str) -> Finding:
    return Finding(Severity.ERROR, place_of(path), what)
