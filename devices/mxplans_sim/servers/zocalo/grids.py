"""Which frames of which file are which grid: what the real service reads from the LIMS and from the frames' analysis."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mxplans_sim.clock import Clock
from mxplans_sim.servers.zocalo.centring import Grid, Well, arranged
from mxplans_sim.servers.zocalo.recipe import RunStart

_GRIDS_KEPT = 200
_POLL_S = 0.5
_ENDINGS = ("_master.h5", ".h5", ".nxs")


@dataclass(frozen=True)
class ScannedGrid:
    """How a grid was scanned.

    Attributes:
        filename: What the detector's writer was told; a path below the data folder.
        first: Index of its first frame in that file.
        rows: Boxes across the omega axis.
        columns: Boxes along it.
        omega_deg: Where it was taken.
        snake: Whether every second line ran backwards.
        upright: Whether the lines were columns.
        wells: Of a pin with several samples.
    """

    filename: str
    first: int
    rows: int
    columns: int
    omega_deg: float
    snake: bool = False
    upright: bool = False
    wells: tuple[Well, ...] = ()


class GridBook:
    """Remembers the scans of late, and makes grids of the spots on their frames.

    Args:
        spots: Number of spots on each frame of a file so far, None for a file that is not known.
        clock: Simulated time.
        patience_s: How long to wait for frames that do not come; what is there then counts.
    """

    def __init__(self, spots: Callable[[str], Sequence[float] | None], clock: Clock, patience_s: float = 60.0) -> None:
        self._spots = spots
        self._clock = clock
        self._patience_s = patience_s
        self._grids: deque[ScannedGrid] = deque(maxlen=_GRIDS_KEPT)

    def add(self, grid: ScannedGrid) -> None:
        """Note a scan; of several with the same frames the last one counts."""
        self._grids.append(grid)

    async def grid(self, run: RunStart) -> Grid | None:
        """The grid of a run, of no more frames than the run tells of; None when no scan fits. Waits for its frames."""
        scanned = next((each for each in reversed(self._grids) if _fits(run, each)), None)
        if scanned is None:
            return None
        number = min(run.number_of_frames, scanned.rows * scanned.columns)
        end = scanned.first + number
        last_s = self._clock.now_s() + self._patience_s
        spots = self._spots(scanned.filename)
        while (spots is None or len(spots) < end) and self._clock.now_s() < last_s:
            await self._clock.sleep(_POLL_S)
            spots = self._spots(scanned.filename)
        scores = np.array([] if spots is None else spots[scanned.first : end], dtype=np.float64)
        boxes = arranged(scores, scanned.rows, scanned.columns, scanned.snake, scanned.upright)
        return Grid(boxes, scanned.omega_deg, scanned.wells)


def _fits(run: RunStart, grid: ScannedGrid) -> bool:
    """Whether a run is of these frames; without a file name it is of the latest that begin there."""
    if run.start_frame_index != grid.first:
        return False
    if run.filename is None:
        return True
    given, own = _stem(run.filename), _stem(grid.filename)
    return given == own or given.endswith(f"/{own}")


def _stem(filename: str) -> str:
    """A file's name without its ending.

    >>> _stem("/data/lyso_1_master.h5")
    '/data/lyso_1'
    """
    ending = next((each for each in _ENDINGS if filename.endswith(each)), "")
    return filename.removesuffix(ending)
