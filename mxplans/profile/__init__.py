"""Beamline profiles: typed YAML, read once and passed down."""

from mxplans.model.device_settings import DeviceEntry
from mxplans.profile.loader import load_profile
from mxplans.profile.placeholders import fill
from mxplans.profile.schema import (
    Collection,
    Epics,
    Experiment,
    FollowerSection,
    Limits,
    Lims,
    OpticalCentring,
    PinPositions,
    Profile,
    Service,
    XrayCentring,
)

__all__ = [
    "Collection",
    "DeviceEntry",
    "Epics",
    "Experiment",
    "FollowerSection",
    "Limits",
    "Lims",
    "OpticalCentring",
    "PinPositions",
    "Profile",
    "Service",
    "XrayCentring",
    "fill",
    "load_profile",
]
