"""What slits and aperture leave of the beam."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy.special import erf

from mxplans_sim.clock import Clock
from mxplans_sim.settings.beam import SlitSettings
from mxplans_sim.world.hooks import FaultSource, NoFaults
from mxplans_sim.world.kinematics import Axis

_FWHM = 2.3548
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)
_RAMP_S = 0.1


class Slits:
    """A horizontal and a vertical gap, both centred on the beam.

    Args:
        settings: Of both.
        clock: Simulated time.
        faults: Asked by the axes `slit_x` and `slit_y`.

    Attributes:
        x: Horizontal gap, mm.
        y: Vertical gap, mm.
    """

    def __init__(self, settings: SlitSettings, clock: Clock, faults: FaultSource | None = None) -> None:
        faults, limits = faults or NoFaults(), (0.0, settings.open_mm)
        self.x, self.y = (
            Axis(name, clock, settings.open_mm, settings.speed_mm_s, _RAMP_S, limits, faults=faults)
            for name in ("slit_x", "slit_y")
        )

    @property
    def gap_um(self) -> tuple[float, float]:
        """Both gaps."""
        return self.x.position * 1000, self.y.position * 1000


@lru_cache(maxsize=256)
def passed_frac(focus_um: tuple[float, float], size_um: float, gap_um: tuple[float, float]) -> float:
    """Part of the light through a round hole that also comes through slits before it.

    Args:
        focus_um: Gaussian beam before both, FWHM.
        size_um: Diameter of the hole.
        gap_um: Horizontal and vertical gap.

    >>> passed_frac((70.0, 70.0), 50.0, (2000.0, 2000.0))
    1.0
    """
    if min(gap_um) >= size_um:
        return 1.0
    return _through(focus_um, size_um, gap_um) / _through(focus_um, size_um, (size_um, size_um))


@lru_cache(maxsize=64)
def hole_frac(focus_um: tuple[float, float], size_um: float) -> float:
    """Part of a Gaussian beam that comes through a round hole.

    >>> round(hole_frac((70.0, 70.0), 70.0), 3)  # a hole as wide as the beam's half maximum
    0.5
    """
    return _through(focus_um, size_um, (size_um, size_um)) / (focus_um[0] / _FWHM * math.sqrt(2 * math.pi))


@lru_cache(maxsize=64)
def slit_frac(focus_um: tuple[float, float], gap_um: tuple[float, float]) -> float:
    """Part of a Gaussian beam that comes through both slits."""
    return math.prod(
        math.erf(gap / 2 / (focus / _FWHM) / math.sqrt(2)) for focus, gap in zip(focus_um, gap_um, strict=True)
    )


def _through(focus_um: tuple[float, float], size_um: float, gap_um: tuple[float, float]) -> float:
    """The Gaussian over the part of the disc within the gaps: exact up and down, by quadrature across."""
    sigma_x, sigma_y = (fwhm / _FWHM for fwhm in focus_um)
    radius = size_um / 2
    # Angles as nodes: the edge of the disc is smooth in them.
    reach = math.asin(min(1.0, gap_um[0] / size_um))
    angles = _NODES * reach
    across = radius * np.sin(angles)
    height = np.minimum(radius * np.cos(angles), gap_um[1] / 2)
    density = np.exp(-((across / sigma_x) ** 2) / 2) * erf(height / sigma_y / math.sqrt(2)) * radius * np.cos(angles)
    return float((_WEIGHTS * density).sum() * reach)
