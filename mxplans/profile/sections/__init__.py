"""The sections of a profile, by what they are about: what runs and answers, how samples are centred and measured, records."""

from mxplans.profile.sections.base import Section
from mxplans.profile.sections.centring import OpticalCentring, PinPositions, XrayCentring
from mxplans.profile.sections.collecting import Collection, Experiment, Limits
from mxplans.profile.sections.hardware import DeviceEntry, Epics, InProcess, Service
from mxplans.profile.sections.records import Archive, FollowerSection, IdsBeforeCollection, Lims, LimsPlugin

__all__ = [
    "Archive",
    "Collection",
    "DeviceEntry",
    "Epics",
    "Experiment",
    "FollowerSection",
    "IdsBeforeCollection",
    "InProcess",
    "Limits",
    "Lims",
    "LimsPlugin",
    "OpticalCentring",
    "PinPositions",
    "Section",
    "Service",
    "XrayCentring",
]
