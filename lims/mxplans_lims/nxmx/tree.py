"""The content of an NXmx file as plain JSON, and how it becomes HDF5.

A group is a mapping; `@name` in it is an attribute. A mapping with `=` is a dataset, with `ramps` one of angles (what
makes a sweep of thousands of images a line of JSON), with `row` one that says the same of each image, with `->` another name of something in the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import h5py
import hdf5plugin
import numpy as np

from mxplans_lims.nxmx.images import Ramp, angles_deg

Tree: TypeAlias = dict[str, Any]


def field(value: Any, units: str | None = None, **attributes: Any) -> Tree | None:
    """A dataset; None for what nobody knows, which `group` leaves out.

    >>> field(0.1, "m"), field(None)
    ({'=': 0.1, '@units': 'm'}, None)
    """
    if value is None:
        return None
    given = {"units": units} if units is not None else {}
    return {"=": value} | {f"@{name}": attribute for name, attribute in (given | attributes).items()}


def angles(ramps: Sequence[Ramp], at_end: bool = False, **attributes: Any) -> Tree:
    """A dataset of an angle (deg) for each image, at its beginning or end."""
    turns = [[ramp.start_deg, ramp.step_deg, ramp.number] for ramp in ramps]
    return {"ramps": turns, "at_end": at_end, "@units": "degree"} | {f"@{name}": at for name, at in attributes.items()}


def rows(row: Sequence[float], number: int) -> Tree:
    """A dataset with the same row for each image."""
    return {"row": list(row), "number": number}


def link(path: str) -> Tree:
    """Another name."""
    return {"->": path}


def group(nx_class: str, /, **content: Any) -> Tree:
    """A group of a class of NeXus, without what is None. An attribute is given as `at_name`."""
    known = {name: value for name, value in content.items() if value is not None}
    named = {f"@{name[3:]}" if name.startswith("at_") else name: value for name, value in known.items()}
    return {"@NX_class": nx_class, **named}


def write(parent: h5py.Group, content: Mapping[str, Any]) -> None:
    """Write a tree below a group."""
    for name, value in content.items():
        if name.startswith("@"):
            parent.attrs[name[1:]] = value
        elif "->" in value:
            parent[name] = h5py.SoftLink(value["->"])
        elif {"=", "ramps", "row"} & value.keys():
            _write_field(parent, name, value)
        else:
            write(parent.create_group(name), value)


def _write_field(parent: h5py.Group, name: str, content: Mapping[str, Any]) -> None:
    if "ramps" in content:
        value: Any = angles_deg([Ramp(*turn) for turn in content["ramps"]])[int(content["at_end"])]
    elif "row" in content:
        value = np.tile(np.array(content["row"]), (content["number"], 1))
    else:
        value = content["="]
    # A table of pixels is large and says little.
    packed: Mapping[str, Any] = (
        hdf5plugin.Bitshuffle(cname="lz4") if np.ndim(value) == 2 and np.size(value) > 1000 else {}
    )
    dataset = parent.create_dataset(name, data=value, **packed)
    for attribute, at in content.items():
        if attribute.startswith("@"):
            dataset.attrs[attribute[1:]] = at
