"""The axes above omega: where they stand."""

from __future__ import annotations

from bluesky import plan_stubs as bps
from bluesky.utils import MsgGenerator

from mxplans.geometry import Orientation
from mxplans.roles import Beamline

AXES = ("kappa", "chi", "phi")


def read_orientation(bl: Beamline) -> MsgGenerator[Orientation]:
    """Where kappa, chi and phi stand; axes that the goniometer lacks at 0."""
    angles = {}
    for axis in AXES:
        device = getattr(bl.goniometer, axis, None)
        if device is not None:
            angles[f"{axis}_deg"] = float((yield from bps.rd(device)))
    return Orientation(**angles)
