"""Unattended data collection: verdicts and the night."""

from mxplans.udc.night import night
from mxplans.udc.pin import ItemResult, collect_pin
from mxplans.udc.settings import NightSettings
from mxplans.udc.verdicts import Outcome, Verdict

__all__ = ["ItemResult", "NightSettings", "Outcome", "Verdict", "collect_pin", "night"]
