"""Beamline profiles: typed YAML, read once and passed down."""

from mxplans.profile.loader import PlacedProfile, ProfileRefused, load_placed, load_profile
from mxplans.profile.placeholders import fill
from mxplans.profile.schema import Profile
from mxplans.profile.sections import (
    Collection,
    DeviceEntry,
    Epics,
    Experiment,
    FollowerSection,
    Limits,
    Lims,
    OpticalCentring,
    PinPositions,
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
    "PlacedProfile",
    "Profile",
    "ProfileRefused",
    "Service",
    "XrayCentring",
    "fill",
    "load_placed",
    "load_profile",
]
