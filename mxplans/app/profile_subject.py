"""What a path given to `mxplans profile` is: a profile of ours, or a configuration of MXCuBE."""

from __future__ import annotations

import os
from pathlib import Path

from mxplans.errors import InvalidProfile
from mxplans.profile.dialects.config_graph import ConfigGraph
from mxplans.profile.dialects.graph import load_folder, load_graph
from mxplans.profile.yaml12 import InvalidYaml, Mapping, read_node

USUAL_NAME = "beamline.yaml"
_OF_MXCUBE = ("class", "_initialise_class", "x-mxplans")


def profile_of(path: Path) -> Path | None:
    """The profile that a path stands for: itself, or that of a folder; None if it is a configuration of MXCuBE."""
    if path.is_dir():
        return path / USUAL_NAME if _keys(path / USUAL_NAME) & {"schema"} else None
    keys = _keys(path)
    return None if path.suffix == ".xml" or ("schema" not in keys and keys & {*_OF_MXCUBE}) else path


def graph_of(path: Path, lookup: str = "") -> ConfigGraph:
    """The objects of a folder, or those that an entry file leads to.

    Args:
        path: The folder, or the file.
        lookup: Of an entry file: folders to look objects up in, with `:` between them as MXCuBE is given them; the
            file's own if empty.

    Raises:
        InvalidProfile: If there is no such folder, or folders to look in are given for a folder.
    """
    if not path.is_dir():
        return load_graph(path, lookup=[Path(folder) for folder in lookup.split(os.pathsep) if folder])
    if lookup:
        raise InvalidProfile(f"{path} is a folder, whose objects are looked up in it; give --lookup with an entry file")
    return load_folder(path)


def _keys(path: Path) -> set[str]:
    try:
        node = read_node(path)
    except InvalidYaml:
        return set()
    return {key.text for key, _ in node} if isinstance(node, Mapping) else set()
