"""NXmx files: one beside the frames of each executed sweep, which programs that process sweeps can read.

Conversions of units stand in `units`, those of directions in `frame`, and nowhere else.
"""

from mxplans_lims.nxmx.settings import NxmxSettings
from mxplans_lims.nxmx.target import NxmxTarget, nexus_path

__all__ = ["NxmxSettings", "NxmxTarget", "nexus_path"]
