"""From sweeps to scans: order, seconds, limits and dose. Pure: nothing here moves, waits, reads or writes."""

from mxplans.model.sweeps import ScanKey
from mxplans.schedule.arming import arming_groups
from mxplans.schedule.checks import check_limits, require_within
from mxplans.schedule.choice import OrderChoice, choose_order
from mxplans.schedule.dose import dose_rate_mgy_s, sweep_dose_mgy
from mxplans.schedule.doses import experiment_dose_mgy, sweep_doses_mgy
from mxplans.schedule.dry_run import DryRun, SweepEstimate, dry_run
from mxplans.schedule.limits import Beam, BeamlineLimits, Violation, distance_of_resolution_mm
from mxplans.schedule.scans import (
    ScheduledScan,
    order_of,
    remaining,
    schedule,
    schedule_item,
    wedges_of,
)
from mxplans.schedule.timing import Duration, Timing, duration

__all__ = [
    "Beam",
    "BeamlineLimits",
    "DryRun",
    "Duration",
    "OrderChoice",
    "ScanKey",
    "ScheduledScan",
    "SweepEstimate",
    "Timing",
    "Violation",
    "arming_groups",
    "check_limits",
    "choose_order",
    "distance_of_resolution_mm",
    "dose_rate_mgy_s",
    "dry_run",
    "duration",
    "experiment_dose_mgy",
    "order_of",
    "remaining",
    "require_within",
    "schedule",
    "schedule_item",
    "sweep_dose_mgy",
    "sweep_doses_mgy",
    "wedges_of",
]
