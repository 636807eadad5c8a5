"""Files that are there whole or not at all, even when the machine stops."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from mxplans.errors import TargetUnreachable

_REMEDIES = {
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room within the quota",
    errno.EACCES: "let the user who exports write there",
    errno.EPERM: "let the user who exports write there",
    errno.EROFS: "mount the file system so that it can be written",
}


def write_whole(path: Path, text: str) -> None:
    """Put a text into a file, on disk when this returns; what stood there is replaced.

    Raises:
        TargetUnreachable: If the disk is full, the folder cannot be written, or the file system is away.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):  # a part of it takes room for nothing
            partial.unlink(missing_ok=True)
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> TargetUnreachable:
    """What to say when a file cannot be written."""
    remedy = _REMEDIES.get(error.errno or 0, "look at the file system")
    return TargetUnreachable(f"{path} cannot be written: {error.strerror or error}; {remedy}, it is tried again")


def _sync_folder(folder: Path) -> None:
    """The new name is on disk as well."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
