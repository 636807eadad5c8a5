"""Unattended data collection: verdicts, one experiment, the night."""

from mxplans.udc.experiment import ItemResult, Work, check_kind, experiment
from mxplans.udc.night import night
from mxplans.udc.pin import collect_pin
from mxplans.udc.sample import MountedSample
from mxplans.udc.settings import NightSettings
from mxplans.udc.verdicts import Outcome, Verdict

__all__ = [
    "ItemResult",
    "MountedSample",
    "NightSettings",
    "Outcome",
    "Verdict",
    "Work",
    "check_kind",
    "collect_pin",
    "experiment",
    "night",
]
