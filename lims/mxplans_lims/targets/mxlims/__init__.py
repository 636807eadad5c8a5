"""MXLIMS messages: made of a record, put into a folder, or sent over HTTP."""

from mxplans_lims.targets.mxlims._experiment import job_status, radiation_dose_mgy
from mxplans_lims.targets.mxlims._folder import MxlimsSettings, MxlimsTarget
from mxplans_lims.targets.mxlims._http import MxlimsHttpSettings, MxlimsHttpTarget
from mxplans_lims.targets.mxlims._message import to_message, written

__all__ = [
    "MxlimsHttpSettings",
    "MxlimsHttpTarget",
    "MxlimsSettings",
    "MxlimsTarget",
    "job_status",
    "radiation_dose_mgy",
    "to_message",
    "written",
]
