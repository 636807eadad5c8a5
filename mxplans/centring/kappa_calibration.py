"""Where the kappa and phi axes of a mini-kappa are, from one tip that was centred at several of their positions.

The tip goes around a circle about each axis; the centring motors tell where it stood. Direction and point of the axes
and the tip's own place are fitted together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

from mxplans.centring.points import vector
from mxplans.errors import InvalidInput
from mxplans.geometry import REST, GoniometerGeometry, Orientation, rotation_x
from mxplans.model.acquisition import Pose

Array = npt.NDArray[np.float64]

POSITIONS_LEAST = 4
SPAN_LEAST_DEG = 60.0
APART_LEAST_DEG = 1.0
"""Positions nearer to each other count once."""
RESIDUAL_MOST_UM = 50.0
"""Tips that miss their circles by more were not one tip, or an axis counts the other way."""
TILT_MOST = 1.0
"""Of a direction from the nominal one, as a tangent."""
SHIFT_MOST_MM = 10.0
"""Of points from where they are expected."""
DIRECTION_SIGMA_MOST_DEG = 1.0
POINT_SIGMA_MOST_UM = 50.0


@dataclass(frozen=True)
class CentredTip:
    """Motors with the tip centred at several omega, and where the axes above omega stood.

    Attributes:
        pose: Motors.
        orientation: Kappa and phi.
        on_axis: Whether the tip is on the omega axis; else it is in the beam.
    """

    pose: Pose
    orientation: Orientation = REST
    on_axis: bool = True


@dataclass(frozen=True)
class AxisUncertainty:
    """Standard errors: of the direction, the larger of two, deg; of the point across the axis, the larger of two, um."""

    direction_deg: float
    point_um: float


@dataclass(frozen=True, eq=False)
class KappaCalibration:
    """What the tips tell.

    Attributes:
        geometry: With the axes as found; points on them are as near as may be to those before.
        uncertainty: By axis.
        covariance: Of all that was fitted: for each axis two parts of the direction across it, in radians, and two of
            the point, mm; then the tip, mm.
        tip_mm: In the sample's frame (3,).
        residual_um: Each tip's, x y z above omega (n, 3).
        freedom: Degrees of freedom.
    """

    geometry: GoniometerGeometry
    uncertainty: dict[str, AxisUncertainty]
    covariance: Array
    tip_mm: Array
    residual_um: Array
    freedom: int

    @property
    def rms_um(self) -> float:
        """Of the residuals, per coordinate and degree of freedom."""
        return float(np.sqrt((self.residual_um**2).sum() / self.freedom))

    def values(self) -> dict[str, float | int]:
        """The values of its event."""
        found: dict[str, float | int] = {"kappa_rms_um": self.rms_um, "kappa_tips": len(self.residual_um)}
        for name, error in self.uncertainty.items():
            axis, point = getattr(self.geometry, f"{name}_axis"), getattr(self.geometry, f"{name}_point_mm")
            for index, letter in enumerate("xyz"):
                found[f"{name}_axis_{letter}"] = axis[index]
                found[f"{name}_point_{letter}_mm"] = point[index]
            found[f"{name}_axis_sigma_deg"] = error.direction_deg
            found[f"{name}_point_sigma_um"] = error.point_um
        return found


def calibrate_kappa(
    tips: Sequence[CentredTip],
    nominal: GoniometerGeometry,
    axes: Sequence[str] = ("kappa", "phi"),
    sigma_um: float = 2.0,
) -> KappaCalibration:
    """Fit directions of axes and points on them.

    Args:
        tips: One tip, centred at four positions or more of each axis, over 60 deg or more.
        nominal: From where the fit starts, within some 20 deg and 2 mm; what is not fitted stays.
        axes: Which are fitted: kappa, phi or both.
        sigma_um: Standard error of a centring, each coordinate; the residuals count instead when they are larger.

    Raises:
        InvalidInput: If the tips do not tell, or do not belong together; it says what to do.
    """
    _check(tips, nominal, axes, sigma_um)
    places = np.stack([_place(tip, nominal) for tip in tips])
    bases = {name: _across(getattr(nominal, f"{name}_axis")) for name in axes}
    start = np.concatenate([np.zeros(4 * len(axes)), _tip(nominal, tips[0], places[0])])

    def residual(unknowns: Array) -> Array:
        geometry = _geometry(nominal, bases, unknowns)
        modelled = [geometry.spindle_mm(unknowns[-3:], tip.orientation) for tip in tips]
        return (np.stack(modelled) - places).ravel()

    reach = np.array([*[TILT_MOST, TILT_MOST, SHIFT_MOST_MM, SHIFT_MOST_MM] * len(axes), *[SHIFT_MOST_MM] * 3])
    fit = least_squares(residual, start, bounds=(start - reach, start + reach), xtol=1e-14, ftol=1e-14, gtol=1e-14)
    freedom = places.size - len(start)
    rms_um = float(np.sqrt((fit.fun**2).sum() / freedom)) * 1000
    if rms_um > RESIDUAL_MOST_UM:
        raise InvalidInput(
            f"the tips are {rms_um:.0f} um off circles about {' and '.join(axes)}; allowed are {RESIDUAL_MOST_UM:g} um: "
            "see that each was centred at several omega, that it is one tip, and which way the axes count"
        )
    # A direction that the tips leave open has no inverse; its error is then beyond what is allowed.
    covariance = np.linalg.pinv(fit.jac.T @ fit.jac + 1e-12 * np.eye(len(start))) * (max(sigma_um, rms_um) / 1000) ** 2
    uncertainty = _uncertainty(axes, covariance)
    return KappaCalibration(
        geometry=_geometry(nominal, bases, fit.x),
        uncertainty=uncertainty,
        covariance=covariance,
        tip_mm=fit.x[-3:],
        residual_um=fit.fun.reshape(-1, 3) * 1000,
        freedom=freedom,
    )


def _check(tips: Sequence[CentredTip], nominal: GoniometerGeometry, axes: Sequence[str], sigma_um: float) -> None:
    if nominal.kind != "mini-kappa":
        raise InvalidInput(
            f"a {nominal.kind} goniometer has no kappa to calibrate; allowed is mini-kappa: a smargon's controller keeps "
            "the point in the beam, and its maker calibrates it"
        )
    if not axes or set(axes) - {"kappa", "phi"} or len(set(axes)) < len(axes) or not 0 < sigma_um < math.inf:
        raise InvalidInput(
            f"axes {list(axes)} with an error of {sigma_um} um; allowed are kappa, phi or both, and an error above 0 um"
        )
    for name in axes:
        angles = np.sort([getattr(tip.orientation, f"{name}_deg") for tip in tips])
        number = int(len(angles) > 0) + int((np.diff(angles) > APART_LEAST_DEG).sum())
        span = float(np.ptp(angles)) if len(angles) else 0.0
        if number < POSITIONS_LEAST or span < SPAN_LEAST_DEG:
            raise InvalidInput(
                f"the tip was centred at {number} positions of {name} over {span:.0f} deg; allowed are {POSITIONS_LEAST} "
                f"or more over {SPAN_LEAST_DEG:g} deg or more: centre it at further {name}"
            )


def _place(tip: CentredTip, geometry: GoniometerGeometry) -> Array:
    """Where the tip stood above omega, x, y, z at 0 (3,)."""
    goal = np.zeros(3) if tip.on_axis else geometry.beam_mm
    return np.asarray(rotation_x(tip.pose.omega_deg).T @ goal - np.array(tip.pose.xyz_mm))


def _tip(geometry: GoniometerGeometry, tip: CentredTip, place_mm: Array) -> Array:
    """The tip in the sample's frame, by the nominal axes."""
    still = Pose(x_mm=0.0, y_mm=0.0, z_mm=0.0, omega_deg=0.0)
    return geometry.sample_mm(place_mm, still, tip.orientation)


def _across(axis: Sequence[float]) -> Array:
    """Two unit vectors across an axis and each other (2, 3)."""
    first = np.cross(axis, np.eye(3)[np.abs(axis).argmin()])
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(axis, first)])


def _geometry(nominal: GoniometerGeometry, bases: dict[str, Array], unknowns: Array) -> GoniometerGeometry:
    """The axes with their directions tilted and their points shifted across."""
    fields = nominal.model_dump()
    for index, (name, across) in enumerate(bases.items()):
        tilt, shift = unknowns[4 * index : 4 * index + 2], unknowns[4 * index + 2 : 4 * index + 4]
        direction = np.array(fields[f"{name}_axis"]) + tilt @ across
        fields[f"{name}_axis"] = vector(direction / np.linalg.norm(direction))
        fields[f"{name}_point_mm"] = vector(np.array(fields[f"{name}_point_mm"]) + shift @ across)
    return GoniometerGeometry.model_validate(fields)


def _uncertainty(axes: Sequence[str], covariance: Array) -> dict[str, AxisUncertainty]:
    found = {}
    for index, name in enumerate(axes):
        block = covariance[4 * index : 4 * index + 4, 4 * index : 4 * index + 4]
        direction_deg = math.degrees(math.sqrt(np.linalg.eigvalsh(block[:2, :2])[-1]))
        point_um = math.sqrt(np.linalg.eigvalsh(block[2:, 2:])[-1]) * 1000
        if direction_deg > DIRECTION_SIGMA_MOST_DEG or point_um > POINT_SIGMA_MOST_UM:
            raise InvalidInput(
                f"the tips leave the {name} axis uncertain by {direction_deg:.2g} deg and {point_um:.2g} um; allowed are "
                f"{DIRECTION_SIGMA_MOST_DEG:g} deg and {POINT_SIGMA_MOST_UM:g} um: centre at more {name} positions, with "
                f"a tip farther from that axis, and keep the other axis where it is meanwhile"
            )
        found[name] = AxisUncertainty(direction_deg, point_um)
    return found
