"""What X-ray centring finds: crystals in three dimensions, and lines of sight on which there must be one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from mxplans.centring.blobs import Side
from mxplans.model.acquisition import Pose

Matrix = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]


class Truncation(NamedTuple):
    """A crystal reaches over an edge of a grid.

    Attributes:
        view: Index of the grid.
        side: Which way it must be made larger.
    """

    view: int
    side: Side


@dataclass(frozen=True)
class XrayCandidate:
    """A crystal.

    Attributes:
        pose: Motors that put it into the beam.
        sigma_um: Standard errors along goniometer x, y, z.
        size_um: Along omega, and across in the first two views; the beam's size is taken off.
        total: Photons in both views.
        significance: Of its brightest box, in the weaker view.
        covariance_um2: Of the position, goniometer x, y, z; symmetric.
        peak: Photons of its brightest box, in the weaker view.
        isolation_um: Distance to the nearest other crystal; infinite for a single one.
        truncated: Edges of grids over which it reaches; its place is a guess then; a larger grid tells.
        n_views: Grids that its position comes from.
        merged: Whether one of its blobs holds another crystal as well, so that neither is told apart there.
    """

    pose: Pose
    sigma_um: tuple[float, float, float]
    size_um: tuple[float, float, float]
    total: float
    significance: float
    covariance_um2: Matrix
    peak: float
    isolation_um: float = math.inf
    truncated: tuple[Truncation, ...] = ()
    n_views: int = 2
    merged: bool = False

    @property
    def volume_um3(self) -> float:
        """Of an ellipsoid of its size; a dimension too small to be seen counts as 1 um."""
        along, a, b = (max(size, 1.0) for size in self.size_um)
        return math.pi / 6 * along * a * b

    def values(self) -> dict[str, float | list[float]]:
        """The values of its event."""
        names = ("x", "y", "z")
        return {
            "xrc_x_mm": self.pose.x_mm,
            "xrc_y_mm": self.pose.y_mm,
            "xrc_z_mm": self.pose.z_mm,
            **{f"xrc_sigma_{name}_um": value for name, value in zip(names, self.sigma_um, strict=True)},
            **{f"xrc_size_{name}_um": value for name, value in zip(("along", "a", "b"), self.size_um, strict=True)},
            "xrc_covariance_um2": [value for row in self.covariance_um2 for value in row],
            "xrc_total": self.total,
            "xrc_peak": self.peak,
            "xrc_significance": self.significance,
            "xrc_n_views": self.n_views,
            "xrc_n_truncated": len(self.truncated),
            "xrc_merged": int(self.merged),
        }


@dataclass(frozen=True)
class LineOfSight:
    """A blob of one grid without a partner in the others: a crystal whose depth is not known.

    Attributes:
        view: Index of the grid.
        pose: Motors that put it into the beam at the grid's omega, at the depth of the grid's middle.
        sigma_um: Standard errors along omega and across.
        depth_sigma_um: Standard error along the line: as far as the other grids reach.
        size_um: Along omega and across; the beam's size is taken off.
        total: Photons.
        peak: Photons of its brightest box.
        significance: Of that box.
        truncated: Edges of the grid over which it reaches.
    """

    view: int
    pose: Pose
    sigma_um: tuple[float, float]
    depth_sigma_um: float
    size_um: tuple[float, float]
    total: float
    peak: float
    significance: float
    truncated: tuple[Truncation, ...] = ()

    def values(self) -> dict[str, float]:
        """The values of its event."""
        return {
            "xrc_line_x_mm": self.pose.x_mm,
            "xrc_line_y_mm": self.pose.y_mm,
            "xrc_line_z_mm": self.pose.z_mm,
            "xrc_line_omega_deg": self.pose.omega_deg,
            "xrc_line_sigma_along_um": self.sigma_um[0],
            "xrc_line_sigma_across_um": self.sigma_um[1],
            "xrc_line_sigma_depth_um": self.depth_sigma_um,
            "xrc_line_size_along_um": self.size_um[0],
            "xrc_line_size_across_um": self.size_um[1],
            "xrc_line_total": self.total,
            "xrc_line_peak": self.peak,
            "xrc_line_significance": self.significance,
        }


@dataclass(frozen=True)
class CrystalsFound:
    """What grids show.

    Attributes:
        candidates: Crystals, best first.
        reason: What was found; without any, why.
        evidence: Numbers by name.
        unpaired: Blobs without a partner, strongest first.
    """

    candidates: tuple[XrayCandidate, ...]
    reason: str
    evidence: Mapping[str, float] = field(default_factory=dict)
    unpaired: tuple[LineOfSight, ...] = ()


def size_um(sigma_um: float, beam_size_um: float) -> float:
    """Full size of an evenly thick body from the second moment of what a Gaussian beam sees of it.

    The beam's own moment is taken off in quadrature; what is left belongs to a body sqrt(12) times as long.

    >>> round(size_um(12.13, 20.0), 1)
    30.0
    """
    return math.sqrt(12 * max(sigma_um**2 - (beam_size_um / 2.3548) ** 2, 0.0))
