"""The goniometer's chain of axes, in the lab frame, from the vectors of its axes: where a specimen stands.

Written from the definitions alone: a motor turns what stands on it about its axis, or shifts it along a direction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mxplans_sim.settings.goniometer import GoniometerSettings
from mxplans_sim.world.placement import Placement
from mxplans_sim.world.seeding import rng_for

Array = npt.NDArray[np.float64]

TRANSLATIONS = ("x", "y", "z")
ABOVE_OMEGA: Mapping[str, tuple[str, ...]] = {
    "single-axis": (),
    "smargon": ("chi", "phi"),
    "mini-kappa": ("kappa", "phi"),
}
_HARMONICS = 3


def turn(axis: Array, angle_deg: float) -> Array:
    """Right-handed rotation about an axis through the origin (Rodrigues), (3, 3).

    >>> turn(np.array([1.0, 0.0, 0.0]), 90.0).round(12).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]
    """
    x, y, z = axis / np.linalg.norm(axis)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    angle = np.radians(angle_deg)
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross))


@dataclass(frozen=True)
class Stand:
    """How a specimen stands, motor positions worked in: lab = R_x(omega) (mount s + spindle_mm) + lab_mm.

    Arrays are (n, 3) and (n,), one entry per position; `mount` is (3, 3).
    """

    mount: Array
    spindle_mm: Array
    lab_mm: Array
    omega_deg: Array


class Goniometer:
    """Axes by kind, and the errors of their bearings.

    Args:
        settings: Which axes, and how true.
        seed: Of the run-out.
    """

    def __init__(self, settings: GoniometerSettings, seed: int) -> None:
        self.settings = settings
        self.axes = ("x", "y", "z", "omega", *ABOVE_OMEGA[settings.kind])
        rng = rng_for(seed, "sphere of confusion")
        amplitudes = rng.normal(size=(_HARMONICS, 3)) / np.arange(1, _HARMONICS + 1)[:, None]
        # The sum of the amplitudes is the farthest that the point can go.
        self._run_out_mm = settings.confusion_um / 1000 * amplitudes / np.linalg.norm(np.abs(amplitudes).sum(axis=0))
        self._phases = rng.uniform(0, 2 * np.pi, (_HARMONICS, 3))

    def stand(self, scanned: Array, others: Mapping[str, float]) -> Stand:
        """Work out the chain.

        Args:
            scanned: Motor positions of x, y, z (mm) and omega (deg), (n, 4).
            others: Positions of the axes above omega, deg.
        """
        settings = self.settings
        signs = np.array([settings.x_sign, settings.y_sign, settings.z_sign])
        motors = scanned[:, :3] * signs
        omega_deg = settings.omega_sign * scanned[:, 3]
        mount, fixed = self._above(others)
        if settings.kind == "smargon":
            # Its controller moves the six legs so that the point in the beam stays: x, y, z are the sample's own.
            spindle = motors @ mount.T
        else:
            spindle = motors + fixed
        return Stand(mount, spindle, self._run_out(omega_deg), omega_deg)

    def placement(self, positions: Mapping[str, float]) -> Placement:
        """Where a specimen stands at motor positions by name."""
        scanned = np.array([[positions[name] for name in ("x", "y", "z", "omega")]])
        stand = self.stand(scanned, positions)
        omega = turn(np.array([1.0, 0.0, 0.0]), float(stand.omega_deg[0]))
        return Placement(omega @ stand.mount, omega @ stand.spindle_mm[0] + stand.lab_mm[0])

    def _above(self, positions: Mapping[str, float]) -> tuple[Array, Array]:
        """Rotation by the axes above omega, and the shift that comes from axes which miss the origin."""
        settings = self.settings
        phi_axis = np.array(settings.phi_axis)
        if settings.kind == "single-axis":
            return np.eye(3), np.zeros(3)
        phi = turn(phi_axis, positions["phi"])
        if settings.kind == "smargon":
            return turn(np.array(settings.chi_axis), positions["chi"]) @ phi, np.zeros(3)
        kappa = turn(np.array(settings.kappa_axis), positions["kappa"])
        on_kappa, on_phi = np.array(settings.kappa_point_mm), np.array(settings.phi_point_mm)
        # s -> phi about its axis -> kappa about its own.
        shift = on_kappa + kappa @ (on_phi - phi @ on_phi - on_kappa)
        return kappa @ phi, shift

    def _run_out(self, omega_deg: Array) -> Array:
        """Shift of the spindle's axis at each angle, (n, 3); the same at every turn."""
        orders = np.arange(1, _HARMONICS + 1)
        angles = np.radians(omega_deg)[:, None, None] * orders[None, :, None] + self._phases[None]
        return np.asarray((self._run_out_mm[None] * np.cos(angles)).sum(axis=1))
