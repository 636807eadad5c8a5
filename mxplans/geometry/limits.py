"""Travel of the goniometer's axes."""

from __future__ import annotations

from dataclasses import dataclass, fields

from mxplans.errors import LimitExceeded
from mxplans.geometry.goniometer import GoniometerGeometry, Orientation
from mxplans.model.acquisition import Pose

Range = tuple[float, float]


@dataclass(frozen=True)
class AxisLimits:
    """Lowest and highest position of each axis; None where there is no limit, or no such axis."""

    x_range_mm: Range | None = None
    y_range_mm: Range | None = None
    z_range_mm: Range | None = None
    omega_range_deg: Range | None = None
    kappa_range_deg: Range | None = None
    chi_range_deg: Range | None = None
    phi_range_deg: Range | None = None

    @classmethod
    def of(cls, limits: object) -> AxisLimits:
        """The ranges that limits of a beamline have under the same names; those they lack are not limited."""
        return cls(**{one.name: getattr(limits, one.name, None) for one in fields(cls)})

    def require(self, pose: Pose, orientation: Orientation, what: str) -> None:
        """See that a pose can be reached.

        Args:
            pose: Motors.
            orientation: Axes above omega.
            what: What is to be brought there, for people.

        Raises:
            LimitExceeded: If one cannot; it tells all that are beyond their limits.

        >>> pose = Pose(x_mm=4, y_mm=0, z_mm=0, omega_deg=0)
        >>> AxisLimits(x_range_mm=(-3, 3)).require(pose, Orientation(), "point 1")
        Traceback (most recent call last):
        mxplans.errors.LimitExceeded: point 1 needs x = 4.0000 mm; allowed is -3 to 3: remount it nearer to the middle
        """
        asked = {**pose.model_dump(), **orientation.model_dump()}
        beyond = []
        for name, value in asked.items():
            axis, unit = name.split("_")
            span = getattr(self, f"{axis}_range_{unit}")
            if span is not None and not span[0] <= value <= span[1]:
                beyond.append((axis, f"{axis} = {value:.4f} {unit}; allowed is {span[0]:g} to {span[1]:g}"))
        if beyond:
            turning = any(axis in ("omega", "kappa", "chi", "phi") for axis, _ in beyond)
            remedy = "choose another orientation" if turning else "remount it nearer to the middle"
            raise LimitExceeded(f"{what} needs {', '.join(text for _, text in beyond)}: {remedy}")

    def outer_deg(self, geometry: GoniometerGeometry) -> Range:
        """Travel of chi or kappa; a whole turn where there is no limit."""
        span = self.chi_range_deg if geometry.kind == "smargon" else self.kappa_range_deg
        return (-180.0, 180.0) if span is None else span

    def inner_deg(self, geometry: GoniometerGeometry) -> Range:
        """Travel of phi; a whole turn where there is no limit."""
        return (-180.0, 180.0) if self.phi_range_deg is None else self.phi_range_deg
