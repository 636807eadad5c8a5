"""YAML 1.2 with places: what every YAML file of a profile or of MXCuBE is read with.

libyaml's events are turned into nodes here, with the scalars of YAML 1.2, without tags that make objects, without
duplicate keys, and within limits of size, depth and expansion. Nothing is constructed but plain values.
"""

from mxplans.profile.yaml12.comments import comment_lines
from mxplans.profile.yaml12.limits import LIMITS, Limits
from mxplans.profile.yaml12.nodes import Mapping, Node, Scalar, Sequence, plain
from mxplans.profile.yaml12.reading import InvalidYaml, read_bytes, read_node, read_text
from mxplans.profile.yaml12.scalars import scalar_value, written

__all__ = [
    "LIMITS",
    "InvalidYaml",
    "Limits",
    "Mapping",
    "Node",
    "Scalar",
    "Sequence",
    "comment_lines",
    "plain",
    "read_bytes",
    "read_node",
    "read_text",
    "scalar_value",
    "written",
]
