"""Which scans share one arming of the detector: the rule that plans and the cost model both follow."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from mxplans.model import Sweep
from mxplans.model.sweeps import GRIDS
from mxplans.schedule.scans import ScheduledScan

_SAME_DEG = 1e-6
"""Far less than any encoder sees, far more than the rounding of a start angle."""


def arming_groups(
    scans: Sequence[ScheduledScan], sweeps: Sequence[Sweep], images_most: int | None = None
) -> tuple[tuple[ScheduledScan, ...], ...]:
    """Scans that follow each other and need nothing new of the detector, in groups; a group is armed once.

    The header of an armed series says where omega begins and how far it turns per image, so omega must go on from scan to
    scan. Grids have a series each, since what finds their spots counts images from 1.

    Args:
        scans: In the order in which they are taken.
        sweeps: What they are scans of.
        images_most: Images that the detector takes in one arming; None for any number. A longer scan is a group alone.
    """
    groups: list[list[ScheduledScan]] = []
    last: Hashable = None
    images = 0
    for scan in scans:
        needed = _settings(scan, sweeps[scan.sweep_index])
        full = images_most is not None and images + scan.number_images > images_most
        if not groups or needed != last or full or not _goes_on(groups[-1][-1], scan):
            groups.append([])
            last, images = needed, 0
        groups[-1].append(scan)
        images += scan.number_images
    return tuple(map(tuple, groups))


def _goes_on(before: ScheduledScan, scan: ScheduledScan) -> bool:
    """Whether omega begins where it ended."""
    return abs(scan.start_deg - before.start_deg - before.width_deg) < _SAME_DEG


def _settings(scan: ScheduledScan, sweep: Sweep) -> Hashable:
    """What the detector is told before it is armed; omega's start and the attenuator are none of its business."""
    return (
        sweep.energy_ev,
        sweep.distance_mm,
        sweep.resolution_a,
        sweep.exposure_s,
        sweep.image_width_deg,
        scan.number_images,
        sweep.sweep_type,
        scan.ordinal if sweep.sweep_type in GRIDS else 0,
    )
