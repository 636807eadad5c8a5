"""Which scans share one arming of the detector: the rule that plans and the cost model both follow."""

from __future__ import annotations

from collections.abc import Sequence

from mxplans.model import Sweep
from mxplans.model.sweeps import GRIDS
from mxplans.schedule.scans import ScheduledScan

_SAME_DEG = 1e-6
"""Far less than any encoder sees, far more than the rounding of a start angle."""


def arming_groups(
    scans: Sequence[ScheduledScan], sweeps: Sequence[Sweep], images_most: int | None = None
) -> tuple[tuple[ScheduledScan, ...], ...]:
    """Scans that follow each other and need nothing new of the detector, in groups; a group is armed once.

    A series has the file name, the energy, the exposure and the orientation of one sweep, and its header says where omega
    begins and how far it turns per image: so its scans are of one sweep, have equal numbers of images, and omega goes on
    from scan to scan. Grids have a series each, since what finds their spots counts images from 1.

    Args:
        scans: In the order in which they are taken.
        sweeps: What they are scans of.
        images_most: Images that the detector takes in one arming; None for any number. A longer scan is a group alone.
    """
    groups: list[list[ScheduledScan]] = []
    images = 0
    for scan in scans:
        full = images_most is not None and images + scan.number_images > images_most
        grid = sweeps[scan.sweep_index].sweep_type in GRIDS
        if not groups or grid or full or not _goes_on(groups[-1][-1], scan):
            groups.append([])
            images = 0
        groups[-1].append(scan)
        images += scan.number_images
    return tuple(map(tuple, groups))


def _goes_on(before: ScheduledScan, scan: ScheduledScan) -> bool:
    """Whether it is of the same sweep and as long, and omega begins where it ended."""
    if (scan.sweep_index, scan.number_images) != (before.sweep_index, before.number_images):
        return False
    return abs(scan.start_deg - before.start_deg - before.width_deg) < _SAME_DEG
