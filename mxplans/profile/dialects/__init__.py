"""MXCuBE's ways to write a configuration, read into one graph of objects.

XML and both YAML dialects become `ConfigObject`; a folder, or what an entry file leads to, becomes a `ConfigGraph`.
Nothing is instantiated, and no package of MXCuBE is needed.
"""

from mxplans.profile.dialects.config_graph import ConfigGraph, Edge, graph_differences
from mxplans.profile.dialects.config_object import (
    Call,
    CallKind,
    Comment,
    ConfigObject,
    Dialect,
    Extra,
    ExtraKind,
    Reference,
    differences,
    same_value,
)
from mxplans.profile.dialects.files import read_file, read_folder
from mxplans.profile.dialects.graph import ENTRY_NAMES, entries, load_folder, load_graph
from mxplans.profile.dialects.lookup import Library
from mxplans.profile.dialects.names import EXTENSIONS, canonical_name
from mxplans.profile.dialects.reading import ConfigFile, FileKind

__all__ = [
    "ENTRY_NAMES",
    "EXTENSIONS",
    "Call",
    "CallKind",
    "Comment",
    "ConfigFile",
    "ConfigGraph",
    "ConfigObject",
    "Dialect",
    "Edge",
    "Extra",
    "ExtraKind",
    "FileKind",
    "Library",
    "Reference",
    "canonical_name",
    "differences",
    "entries",
    "graph_differences",
    "load_folder",
    "load_graph",
    "read_file",
    "read_folder",
    "same_value",
]
