"""From sweeps to scans: order, seconds, limits and dose. Pure: nothing here moves, waits, reads or writes."""

from mxplans.schedule.scans import (
    ScanKey,
    ScheduledScan,
    order_of,
    remaining,
    schedule,
    schedule_item,
    wedges_of,
)

__all__ = [
    "ScanKey",
    "ScheduledScan",
    "order_of",
    "remaining",
    "schedule",
    "schedule_item",
    "wedges_of",
]
