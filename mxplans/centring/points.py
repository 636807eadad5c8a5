"""Points of a sample that are to be centred: kept in the sample's frame, so that they hold at any pose."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, field_validator

from mxplans.centring.points_hull import OnHull
from mxplans.centring.registration import Registered
from mxplans.geometry import REST, AxisLimits, GoniometerGeometry, Orientation
from mxplans.model.acquisition import Pose, Vector

Array = npt.NDArray[np.float64]
Matrix = tuple[Vector, Vector, Vector]


class PointSource(StrEnum):
    """How a point was found."""

    CLICKS = "clicks"
    OPTICAL = "optical"
    XRAY = "xray"
    HULL = "hull"


class CentrePoint(BaseModel):
    """A point of a sample, good for one mount of it.

    `s_mm` is in the sample's frame: where it stands with all motors at 0, seen in the image frame.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    id: str = Field(default_factory=lambda: str(uuid4()), min_length=1, max_length=80)
    sample: str = Field(max_length=200)
    mount: int = Field(default=0, ge=0, description="How often the sample had been mounted before")
    s_mm: Vector
    covariance_um2: Matrix = Field(description="Of x, y, z")
    source: PointSource
    origin: Pose = Field(description="Where the motors stood when it was last seen")
    orientation: Orientation = Field(default=REST, description="Where the axes above omega stood then")
    residual_px: tuple[tuple[float, float], ...] = Field(default=(), description="Of each click, columns and rows")
    chi2: float = Field(default=0.0, ge=0)
    freedom: int = Field(default=0, ge=0)
    flagged: tuple[int, ...] = Field(default=(), description="Clicks, from 0, that the others contradict")

    @field_validator("covariance_um2")
    @classmethod
    def _is_a_covariance(cls, value: Matrix) -> Matrix:
        matrix = np.array(value)
        scale = max(float(np.abs(matrix).max()), 1e-12)
        if np.abs(matrix - matrix.T).max() > 1e-6 * scale or np.linalg.eigvalsh(matrix)[0] < -1e-6 * scale:
            raise ValueError(f"{np.round(matrix, 3).tolist()} um2 is no covariance: symmetric, and no variance below 0")
        return value

    @property
    def sigma_um(self) -> Vector:
        """Standard errors of x, y, z."""
        return tuple(np.sqrt(np.maximum(np.diag(np.array(self.covariance_um2)), 0.0)).tolist())

    def pose(
        self,
        geometry: GoniometerGeometry,
        omega_deg: float,
        orientation: Orientation = REST,
        limits: AxisLimits | None = None,
        on_axis: bool = False,
    ) -> Pose:
        """Motors that bring it into the beam, or on the omega axis.

        Raises:
            LimitExceeded: If they are beyond the limits.
        """
        found = geometry.pose_for(self.s_mm, omega_deg, orientation, on_axis)
        if limits is not None:
            limits.require(found, orientation, f"point {self.id}")
        return found

    def values(self) -> dict[str, Any]:
        """The values of its event."""
        names = ("x", "y", "z")
        return {
            "point_id": self.id,
            "point_source": self.source.value,
            **{f"point_{name}_mm": value for name, value in zip(names, self.s_mm, strict=True)},
            **{f"point_sigma_{name}_um": value for name, value in zip(names, self.sigma_um, strict=True)},
            "point_chi2": self.chi2,
            "point_freedom": self.freedom,
            "point_residual_px": float(np.sqrt(np.mean(np.square(self.residual_px)))) if self.residual_px else 0.0,
            "point_clicks_flagged": len(self.flagged),
        }


def centre_point(
    found: Registered | OnHull,
    *,
    sample: str,
    source: PointSource,
    origin: Pose,
    orientation: Orientation = REST,
    mount: int = 0,
) -> CentrePoint:
    """The point that clicks gave, for a sample's store."""
    told: dict[str, Any] = {}
    if isinstance(found, Registered):
        residual_px = tuple((float(x), float(y)) for x, y in found.residual_px)
        told = {
            "residual_px": residual_px,
            "chi2": found.chi2,
            "freedom": found.freedom,
            "flagged": found.flagged,
        }
    return CentrePoint(
        sample=sample,
        mount=mount,
        s_mm=vector(found.point_mm),
        covariance_um2=matrix(found.covariance_mm2 * 1e6),
        source=source,
        origin=origin,
        orientation=orientation,
        **told,
    )


def vector(values: Sequence[float] | Array) -> Vector:
    """Three numbers as a tuple."""
    x, y, z = (float(value) for value in values)
    return x, y, z


def matrix(values: Array) -> Matrix:
    """A matrix (3, 3) as tuples, made exactly symmetric."""
    first, second, third = ((values + values.T) / 2).tolist()
    return vector(first), vector(second), vector(third)
