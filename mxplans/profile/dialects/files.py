"""Files of a configuration folder, read in whatever dialect they are written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

from mxplans.profile.dialects.folder import checked_root, content_of, place_of, walk
from mxplans.profile.dialects.names import EXTENSIONS, canonical_name
from mxplans.profile.dialects.reading import ConfigFile, FileKind
from mxplans.profile.dialects.xml_file import read_xml
from mxplans.profile.dialects.yaml_file import read_yaml
from mxplans.profile.places import Finding, Severity


def read_file(root: Path, path: PurePosixPath, name: str | None = None) -> ConfigFile:
    """Read a file.

    Args:
        root: The folder it stands in.
        path: Relative to that.
        name: Canonical name of the object in it; that of the path if None.

    Returns:
        What it describes, or what is wrong with it; a file that is neither XML nor YAML is not opened.

    Raises:
        InvalidProfile: If the root is no folder.
    """
    return read_within(checked_root(root), path, name)


def read_folder(root: Path) -> tuple[ConfigFile, ...]:
    """Read all files below a folder, sorted by path.

    Links to files are files, links to folders are left out; what cannot be reached is a broken file. Folders of version
    control are passed over.

    Raises:
        InvalidProfile: If the root is no folder.
    """
    home = checked_root(root)
    return tuple(
        read_within(home, path) if problem is None else ConfigFile(path, FileKind.BROKEN, findings=(problem,))
        for path, problem in walk(home)
    )


def read_within(home: Path, path: PurePosixPath, name: str | None = None) -> ConfigFile:
    """As `read_file`, of a folder from `checked_root`."""
    if path.suffix not in EXTENSIONS:
        return ConfigFile(path, FileKind.OTHER)
    place = place_of(path)
    if place.file != str(path):
        what = "the name of this file is no UTF-8, and nothing can mention it: it is carried along as it is"
        return ConfigFile(path, FileKind.OTHER, findings=(Finding(Severity.WARNING, place, what, "rename it"),))
    content, problem = content_of(home, path)
    if problem is not None and not content:
        return ConfigFile(path, FileKind.BROKEN, findings=(problem,))
    read = read_xml if path.suffix == ".xml" else read_yaml
    file = read(content, path, name or canonical_name(str(path)))
    if problem is None:
        return file
    # Only its beginning was read, which tells whether it would be a hardware object.
    if file.kind is FileKind.OTHER:
        return replace(file, findings=(replace(problem, severity=Severity.WARNING),))
    return ConfigFile(path, FileKind.BROKEN, findings=(problem,))
