"""The chain of the goniometer's axes: where a point of the sample stands, and the motors that bring it into the beam.

Everything is in the image frame (x right along omega, y down, z along the beam); which way the motors count is the
devices' affair. The sample's frame is the image frame with all axes at 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from mxplans.geometry.rotation import rotation_about, rotation_x
from mxplans.model.acquisition import Pose, ScanMotion, Vector

Array = npt.NDArray[np.float64]
Kind = Literal["single-axis", "smargon", "mini-kappa"]

_STRICT = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)


def _unit(direction: Vector) -> Vector:
    length = math.hypot(*direction)
    if not 0.5 <= length <= 2:
        raise ValueError(f"a direction of length {length:g} from 0.5 to 2 is allowed; write it like [1, 0, 0]")
    x, y, z = direction
    return x / length, y / length, z / length


def _near(point_mm: Vector) -> Vector:
    if max(map(abs, point_mm)) > 100:
        raise ValueError(f"a point at {list(point_mm)} mm; give one on the axis within 100 mm of the beam")
    return point_mm


Direction = Annotated[Vector, AfterValidator(_unit)]
PointOnAxis = Annotated[Vector, AfterValidator(_near)]


class Orientation(BaseModel):
    """Positions of the axes above omega; those that a goniometer lacks stand at 0."""

    model_config = _STRICT

    kappa_deg: float = 0.0
    chi_deg: float = 0.0
    phi_deg: float = 0.0


REST = Orientation()
"""All axes above omega at 0."""


@dataclass(frozen=True, eq=False)
class Stand:
    """How the sample stands: a point s of it is at `rotation` s + `shift_mm` in the image frame.

    Attributes:
        rotation: (3, 3).
        shift_mm: (3,); the origin is where the beam's x meets the omega axis.
    """

    rotation: Array
    shift_mm: Array


class GoniometerGeometry(BaseModel):
    """Which axes stand on omega, and where. Unit vectors are made so once, here.

    A single axis carries x, y, z. A smargon's controller keeps the point in the beam while chi and phi turn, so that
    its x, y, z are the sample's own. A mini-kappa stands on its centring stage: kappa and phi carry the point away.
    """

    model_config = _STRICT

    kind: Kind = Field(default="single-axis", description="Which axes stand on omega")
    chi_axis: Direction = Field(default=(0.0, 0.0, 1.0), description="Of a smargon")
    kappa_axis: Direction = Field(default=(0.913545, -0.282543, -0.292582), description="Of a mini-kappa")
    phi_axis: Direction = Field(default=(1.0, 0.0, 0.0), description="Of the uppermost axis")
    kappa_point_mm: PointOnAxis = Field(default=(0.0, 0.0, 0.0), description="On the kappa axis, all motors at 0")
    phi_point_mm: PointOnAxis = Field(default=(0.0, 0.0, 0.0), description="On the phi axis, all motors at 0")
    axis_offset_mm: float = Field(default=0.0, description="Height of the beam below the omega axis, as last measured")

    def mount(self, orientation: Orientation) -> Array:
        """Rotation of the sample by the axes above omega, (3, 3)."""
        if self.kind == "single-axis":
            return np.eye(3)
        phi = rotation_about(self.phi_axis, orientation.phi_deg)
        if self.kind == "smargon":
            return rotation_about(self.chi_axis, orientation.chi_deg) @ phi
        return rotation_about(self.kappa_axis, orientation.kappa_deg) @ phi

    def spindle_mm(self, point_mm: npt.ArrayLike, orientation: Orientation) -> Array:
        """Where points (3,) or (n, 3) stand above omega, at omega 0 with x, y, z at 0."""
        point = np.asarray(point_mm, dtype=np.float64)
        if self.kind != "mini-kappa":
            return point @ self.mount(orientation).T
        on_kappa, on_phi = np.array(self.kappa_point_mm), np.array(self.phi_point_mm)
        turned = on_phi + (point - on_phi) @ rotation_about(self.phi_axis, orientation.phi_deg).T
        return np.asarray(on_kappa + (turned - on_kappa) @ rotation_about(self.kappa_axis, orientation.kappa_deg).T)

    def stand(self, pose: Pose, orientation: Orientation = REST) -> Stand:
        """How the sample stands with the motors there."""
        omega, mount = rotation_x(pose.omega_deg), self.mount(orientation)
        motors = np.array(pose.xyz_mm)
        if self.kind == "smargon":
            motors = mount @ motors
        return Stand(omega @ mount, omega @ (self.spindle_mm(np.zeros(3), orientation) + motors))

    def lab_mm(self, point_mm: npt.ArrayLike, pose: Pose, orientation: Orientation = REST) -> Array:
        """Where points of the sample, (3,) or (n, 3), stand in the image frame."""
        stand = self.stand(pose, orientation)
        return np.asarray(np.asarray(point_mm, dtype=np.float64) @ stand.rotation.T + stand.shift_mm)

    def sample_mm(self, lab_mm: npt.ArrayLike, pose: Pose, orientation: Orientation = REST) -> Array:
        """Which points of the sample stand at places (3,) or (n, 3) of the image frame."""
        stand = self.stand(pose, orientation)
        return np.asarray((np.asarray(lab_mm, dtype=np.float64) - stand.shift_mm) @ stand.rotation)

    @property
    def beam_mm(self) -> Array:
        """Where the beam is, in the image frame, at the depth of the omega axis."""
        return np.array([0.0, self.axis_offset_mm, 0.0])

    def pose_for(
        self, point_mm: npt.ArrayLike, omega_deg: float, orientation: Orientation = REST, on_axis: bool = False
    ) -> Pose:
        """Motors that bring a point of the sample (3,) into the beam.

        Args:
            point_mm: The point, in the sample's frame.
            omega_deg: Where omega stands.
            orientation: Where the axes above it stand.
            on_axis: Bring it on the omega axis instead, where it stays while omega turns; with the beam off the axis
                that is not in the beam.

        >>> GoniometerGeometry().pose_for([0.1, 0.2, 0.3], 90.0).xyz_mm
        (-0.1, -0.2, -0.3)
        """
        motors = self._above_omega_mm(point_mm, omega_deg, orientation, on_axis)
        if self.kind == "smargon":
            motors = self.mount(orientation).T @ motors
        return _pose(motors, omega_deg)

    def spindle_pose_for(
        self, point_mm: npt.ArrayLike, omega_deg: float, orientation: Orientation = REST, on_axis: bool = False
    ) -> Pose:
        """As `pose_for`, in the frame that turns with omega alone, in which grids are laid.

        Only a smargon's motors are others, when chi and phi are not at 0.
        """
        return _pose(self._above_omega_mm(point_mm, omega_deg, orientation, on_axis), omega_deg)

    def motors_of(self, motion: ScanMotion, orientation: Orientation) -> ScanMotion:
        """The motors' motion for one in the frame that turns with omega alone.

        >>> from mxplans.geometry.grid import GridPlan
        >>> row = GridPlan(Pose(x_mm=0, y_mm=0, z_mm=0, omega_deg=0), 4, 1, 20.0).motion(0.01)
        >>> GoniometerGeometry(kind="smargon").motors_of(row, Orientation(chi_deg=90)).step_mm
        (0.0, 0.02, 0.0)
        """
        if self.kind != "smargon":
            return motion
        back = self.mount(orientation).T
        turned = {name: _vector(back @ np.array(getattr(motion, name))) for name in ("step_mm", "row_step_mm")}
        start = _pose(back @ np.array(motion.start.xyz_mm), motion.start.omega_deg)
        return motion.model_copy(update={"start": start} | turned)

    def _above_omega_mm(
        self, point_mm: npt.ArrayLike, omega_deg: float, orientation: Orientation, on_axis: bool
    ) -> Array:
        """How far what stands on omega has to be shifted, in the frame that turns with it (3,)."""
        place = np.zeros(3) if on_axis else self.beam_mm
        return np.asarray(rotation_x(omega_deg).T @ place - self.spindle_mm(point_mm, orientation))

    def corrected(self, pose: Pose, before: Orientation, after: Orientation, on_axis: bool = False) -> Pose:
        """Motors that keep what is in the beam there when the axes above omega go from `before` to `after`.

        What is kept is at the depth of the omega axis. A smargon's controller does this itself.
        """
        if self.kind == "smargon":
            return pose
        place = np.zeros(3) if on_axis else self.beam_mm
        return self.pose_for(self.sample_mm(place, pose, before), pose.omega_deg, after, on_axis)


def _vector(values_mm: Array) -> Vector:
    # Rounding errors of rotations are not to be seen in documents, nor -0.
    x, y, z = (round(float(value), 12) + 0.0 for value in values_mm)
    return x, y, z


def _pose(motors_mm: Array, omega_deg: float) -> Pose:
    x, y, z = _vector(motors_mm)
    return Pose(x_mm=x, y_mm=y, z_mm=z, omega_deg=omega_deg)
