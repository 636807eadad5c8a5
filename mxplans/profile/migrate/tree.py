"""What a folder holds: folders, files and links, by path; and whether two folders hold the same."""

from __future__ import annotations

import filecmp
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from mxplans.errors import InvalidProfile
from mxplans.profile.dialects.folder import place_of
from mxplans.profile.yaml12 import LIMITS


class ItemKind(StrEnum):
    """What stands at a path."""

    FOLDER = "folder"
    FILE = "file"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Item:
    """Something in a folder.

    Attributes:
        kind: What it is.
        mode: Its permission bits; 0 for a link, which has none of its own.
        link: Where a link points, as written; "" for others.
    """

    kind: ItemKind
    mode: int
    link: str = ""


Tree = Mapping[PurePosixPath, Item]
"""All below a folder, by path relative to it; folders before what stands in them."""


def read_tree(root: Path) -> Tree:
    """All that stands below a folder; links are told, and not followed.

    Raises:
        InvalidProfile: If it is no folder that can be read, holds what is neither file, folder nor link, or is deeper
            than `LIMITS.depth`.
    """
    try:
        return dict(_walk(root, PurePosixPath()))
    except OSError as error:
        raise InvalidProfile(f"folder {root}: {error.filename}: {error.strerror}; give a folder to read") from error


def _walk(root: Path, below: PurePosixPath) -> Iterator[tuple[PurePosixPath, Item]]:
    if len(below.parts) > LIMITS.depth:
        raise InvalidProfile(f"{place_of(below)}: is {len(below.parts)} folders deep; allowed are {LIMITS.depth}")
    with os.scandir(root / below) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        path = below / entry.name
        item = _item(root, path, entry.stat(follow_symlinks=False))
        yield path, item
        if item.kind is ItemKind.FOLDER:
            yield from _walk(root, path)


def _item(root: Path, path: PurePosixPath, found: os.stat_result) -> Item:
    if stat.S_ISLNK(found.st_mode):
        return Item(ItemKind.LINK, 0, os.readlink(root / path))
    mode = stat.S_IMODE(found.st_mode)
    if stat.S_ISDIR(found.st_mode):
        return Item(ItemKind.FOLDER, mode)
    if stat.S_ISREG(found.st_mode):
        return Item(ItemKind.FILE, mode)
    raise InvalidProfile(f"{place_of(path)}: is a device, pipe or socket; allowed are files, folders and links")


def stamps(root: Path) -> dict[str, tuple[int, int]]:
    """Size and time of the last change of each file below a folder, by which a change is noticed."""
    found = {}
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            with suppress(OSError):  # gone since it was listed, which is a change; or told by who reads it
                status = os.lstat(path)
                found[path] = status.st_size, status.st_mtime_ns
    return found


def tree_differences(one: Path, other: Path) -> list[str]:
    """What one folder holds that another does not, or holds otherwise, each in words; empty when they are the same."""
    mine, theirs = read_tree(one), read_tree(other)
    found = [f"{path} is not expected" for path in mine if path not in theirs]
    found += [f"{path} is missing" for path in theirs if path not in mine]
    for path, item in mine.items():
        expected = theirs.get(path)
        if expected is None:
            continue
        if item != expected:
            found.append(f"{path} is {_told(item)}, not {_told(expected)}")
        elif item.kind is ItemKind.FILE and not filecmp.cmp(one / path, other / path, shallow=False):
            found.append(f"{path} has other content")
    return sorted(found)


def _told(item: Item) -> str:
    return f"a link to {item.link}" if item.kind is ItemKind.LINK else f"a {item.kind} with mode {item.mode:o}"
