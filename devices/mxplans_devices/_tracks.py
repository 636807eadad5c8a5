"""From positions of omega with stamps, as they were told during a turn, to omega at any time of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mxplans.errors import DeviceFault, TurnUntold
from mxplans.model.acquisition import Spin
from mxplans.model.detection import AngleTrack

Array = npt.NDArray[np.float64]
LEAST_POSITIONS = 3
"""Two give a line whatever they are; a third can contradict."""
UNEVEN_FRAC = 0.02
"""Of the sweep: median distance of the positions from a line above which the turn was not even. A stamp that is 10 ms
late is a third of that in a turn of 360 deg at 120 deg/s; a turn that rested for a while is far beyond it."""
_OUTLIER = 5.0
"""Median distances from the line beyond which a position has a stamp that came too late, and does not count."""
_ROUNDS = 3


class Tracked:
    """What tells of its last turn."""

    name: str
    _track: AngleTrack | None = None

    @property
    def track(self) -> AngleTrack:
        """Omega during the last turn, by the stamps of the control system.

        Raises:
            DeviceFault: If nothing has turned yet, or the last turn did not come to its end.
        """
        if self._track is None:
            raise DeviceFault(f"{self.name}: there is no turn to tell of; turn first")
        return self._track


def even_track(name: str, spin: Spin, positions: Sequence[tuple[float, float]]) -> AngleTrack:
    """The line through the positions within a turn at constant speed, from its begin to its end.

    A line, since the speed is constant there: it takes out what stamps are off, and needs few positions.

    Args:
        name: Of the device, for messages.
        spin: What was turned.
        positions: Stamps (s since 1970) and omega (deg), in any order.

    Returns:
        The times at which omega was at the begin and at the end of the sweep.

    Raises:
        TurnUntold: If there are too few positions, or the turn was not even.

    >>> even_track("spin", Spin(sweep_deg=90, speed_deg_s=90), [(9.0, -20.0), (10.0, 0.0), (10.5, 45.0), (11.0, 90.0)]).time_s
    array([10., 11.])
    """
    told = np.array(sorted(set(positions)), dtype=np.float64).reshape(-1, 2)
    turned = (told[:, 1] - spin.start_deg) * spin.sense
    within = told[(turned >= 0.0) & (turned <= abs(spin.sweep_deg))]
    if len(within) < LEAST_POSITIONS:
        raise TurnUntold(
            f"{name}: {len(within)} positions with stamps were told within a turn of {spin.sweep_deg:g} deg, at least "
            f"{LEAST_POSITIONS} are needed; turn slower or further, or let omega be told more often"
        )
    # Seconds since 1970 leave too few digits for the products of a fit.
    origin_s = within[0, 0]
    speed, offset, apart = _line(within[:, 0] - origin_s, within[:, 1])
    if apart > UNEVEN_FRAC * abs(spin.sweep_deg) or speed * spin.sense <= 0:
        raise TurnUntold(
            f"{name}: omega was {apart:.2g} deg off a turn at constant speed, allowed are "
            f"{UNEVEN_FRAC * abs(spin.sweep_deg):.2g} deg; look whether the axis runs freely"
        )
    ends = np.array([spin.start_deg, spin.end_deg])
    return AngleTrack(time_s=origin_s + (ends - offset) / speed, omega_deg=ends)


def _line(time_s: Array, omega_deg: Array) -> tuple[float, float, float]:
    """Speed, omega at time 0, and the median distance of the positions from that line; outliers do not count."""
    counts = np.ones(len(time_s), dtype=bool)
    speed, offset, apart = 0.0, 0.0, 0.0
    for _ in range(_ROUNDS):
        speed, offset = np.polyfit(time_s[counts], omega_deg[counts], 1)
        distances = np.abs(omega_deg - offset - speed * time_s)
        apart = float(np.median(distances))
        counts = distances <= max(_OUTLIER * apart, 1e-9)
        if counts.sum() < LEAST_POSITIONS:
            break
    return float(speed), float(offset), apart
