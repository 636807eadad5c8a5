"""A folder that comes into being as a whole or not at all.

All is built in a folder beside the destination, so that it is on the same file system, and takes the destination's
name when it is complete. What stood there is moved aside for the moment between the two, and back if that fails.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mxplans.errors import InvalidProfile


@contextmanager
def staged(destination: Path) -> Iterator[Path]:
    """An empty folder beside a destination; it is gone at the end, unless it took the destination's place.

    Raises:
        InvalidProfile: If no folder can be made there, or an earlier run was killed between two steps of its end.
    """
    aside = _aside(destination)
    if os.path.lexists(aside):
        remedy = "remove it" if destination.exists() else f"rename it to {destination.name}"
        raise InvalidProfile(f"{aside} is left from a migration that was killed: look at it, then {remedy}")
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{destination.name}.new-", dir=destination.parent))
    except OSError as error:
        raise InvalidProfile(
            f"folder {destination.parent}: {error.strerror}; the result is made there: make a folder that can be written"
        ) from error
    try:
        yield folder
    finally:
        remove(folder)


@contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder where the system keeps what is gone soon.

    Raises:
        InvalidProfile: If no folder can be made there.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="mxplans-migration-"))
    except OSError as error:
        raise InvalidProfile(f"no folder for what is gone soon: {error.strerror}; set TMPDIR to one") from error
    try:
        yield folder
    finally:
        remove(folder)


def take_place(folder: Path, destination: Path) -> None:
    """Give a folder the name of another, which ends; if that fails, the other stands as before.

    Raises:
        InvalidProfile: If it fails.
    """
    aside = _aside(destination)
    try:
        if destination.exists():
            os.rename(destination, aside)
        os.rename(folder, destination)
    except BaseException as error:
        # Ctrl-C as well may come between the two.
        if aside.exists() and not destination.exists():
            os.rename(aside, destination)
        if isinstance(error, OSError):
            raise InvalidProfile(
                f"folder {destination} cannot be replaced: {error.strerror}; it is as it was: see who uses it"
            ) from error
        raise
    remove(aside)


def remove(folder: Path) -> None:
    """Remove a folder with all in it, read-only folders as well; one that is not there is fine."""
    if not folder.exists():
        return
    for path, folders, _ in os.walk(folder):
        for each in (path, *(os.path.join(path, name) for name in folders)):
            if not os.path.islink(each):
                with suppress(OSError):  # what cannot be changed may still be removable, and is told if not
                    os.chmod(each, stat.S_IRWXU)
    shutil.rmtree(folder)


def _aside(destination: Path) -> Path:
    return destination.with_name(f".{destination.name}.before-migration")
