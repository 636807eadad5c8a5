"""Where and how strongly each reflection is recorded. Image frame: x along omega, y down, z along the beam.

The residual |q|^2 + 2 s0.q is zero on the Ewald sphere. About the x axis q_z is a cosine of omega, so both angles at
which a reflection diffracts are known in closed form; each is then spread by its rocking curve, whose width grows with
the Lorentz factor 1/L. What a frame records is the integral of that curve over the frame, so partials add up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from mxplans_sim.diffraction.reflections import Reflections

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

HC_EV_A = 12398.42
DIVERGENCE_DEG = 0.02
LORENTZ_MIN = 0.03  # nearer to the axis a reflection is smeared over very many frames
SIGMAS = 4.0


@dataclass(frozen=True)
class Crossings:
    """Reflections at the angles where they diffract, (n,) each, sorted by that angle.

    Attributes:
        omega_deg: Angle, -180 to 180, ascending.
        sigma_deg: Standard deviation of the rocking curve.
        weight: Intensity times polarisation and Lorentz factors.
        direction_x: Slope of the diffracted beam, x over z.
        direction_y: As above, y over z.
        d_a: Spacing.
        reflection: Index into the reflections.
    """

    omega_deg: Array
    sigma_deg: Array
    weight: Array
    direction_x: Array
    direction_y: Array
    d_a: Array
    reflection: Index


def crossings(
    form: Reflections, orientation: Array, energy_ev: float, mosaicity_deg: float, polarisation_frac: float = 0.5
) -> Crossings:
    """Solve every reflection for its two diffracting angles.

    Args:
        form: Of the crystal.
        orientation: U (3, 3).
        energy_ev: Photon energy.
        mosaicity_deg: Full width at half maximum.
        polarisation_frac: Part of the beam whose electric field is along x; 0.5 for an unpolarised beam.
    """
    wavelength_a = HC_EV_A / energy_ev
    q = form.b_hkl @ orientation.T
    radius = np.hypot(q[:, 1], q[:, 2])
    square = np.einsum("ij,ij->i", q, q)
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = -square * wavelength_a / (2 * radius)
    hit = np.flatnonzero(np.abs(cosine) < 1.0)
    phase = np.arctan2(q[hit, 1], q[hit, 2])
    half = np.arccos(cosine[hit])
    omega = np.concatenate([phase + half, phase - half])
    which = np.concatenate([hit, hit])
    length = np.sqrt(square[which])
    # dq_z / domega over |q|: 1 when the reflection crosses the sphere at right angles.
    lorentz = np.abs(radius[which] * np.sin(omega - np.concatenate([phase, phase]))) / length
    x = q[which, 0]
    y = q[which, 1] * np.cos(omega) - q[which, 2] * np.sin(omega)
    z = -square[which] * wavelength_a / 2 + 1 / wavelength_a
    keep = np.flatnonzero((lorentz > LORENTZ_MIN) & (z * wavelength_a > 0.2))
    omega_deg = (np.degrees(omega[keep]) + 180.0) % 360.0 - 180.0
    order = np.argsort(omega_deg, kind="stable")
    keep, omega_deg = keep[order], omega_deg[order]
    x, y, z, lorentz, which = x[keep], y[keep], z[keep], lorentz[keep], which[keep]
    # A field along x does not radiate along x: its part of the intensity is 1 less the square of that direction cosine.
    along_x, along_y = (x * wavelength_a) ** 2, (y * wavelength_a) ** 2
    polarisation = polarisation_frac * (1 - along_x) + (1 - polarisation_frac) * (1 - along_y)
    return Crossings(
        omega_deg=omega_deg,
        sigma_deg=(mosaicity_deg + DIVERGENCE_DEG) / (2.355 * lorentz),
        weight=form.intensity[which] * polarisation / lorentz,
        direction_x=x / z,
        direction_y=y / z,
        d_a=form.d_a[which],
        reflection=which,
    )


def on_frames(found: Crossings, start_deg: float, width_deg: float, number: int) -> tuple[Index, Index, Array]:
    """Which crossing is recorded on which frame of a sweep, and how much of it.

    Args:
        found: All crossings.
        start_deg: Omega at the beginning of the first frame.
        width_deg: Per frame; 0 for stills, all at `start_deg`. May be negative.
        number: Of frames.

    Returns:
        Frame (m,), crossing (m,), and the rocking curve's mean density over the frame in 1/deg (m,). Stills are
        returned for frame 0 only, since they are all alike.
    """
    if width_deg == 0.0:
        return _at_rest(found, start_deg)
    low = min(start_deg, start_deg + number * width_deg)
    high = max(start_deg, start_deg + number * width_deg)
    farthest = SIGMAS * float(found.sigma_deg.max(initial=0.0))
    width, frames, members, fractions = abs(width_deg), [], [], []
    first_turn = int(np.floor((low - farthest + 180.0) / 360.0))
    for turn in range(first_turn, int(np.floor((high + farthest + 180.0) / 360.0)) + 1):
        near, omega = _near(found, low - 360.0 * turn, high - 360.0 * turn, farthest)
        omega, reach = omega + 360.0 * turn, SIGMAS * found.sigma_deg[near]
        begin = np.maximum(np.floor((omega - reach - low) / width), 0).astype(np.int64)
        end = np.minimum(np.ceil((omega + reach - low) / width), number).astype(np.int64)
        counts = np.maximum(end - begin, 0)
        member = np.repeat(near, counts)
        place = np.repeat(begin, counts) + np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        edge = low + place * width - np.repeat(omega, counts)
        sigma = found.sigma_deg[member]
        frames.append(place if width_deg > 0 else number - 1 - place)
        members.append(member)
        fractions.append((ndtr((edge + width) / sigma) - ndtr(edge / sigma)) / width)
    return np.concatenate(frames), np.concatenate(members), np.concatenate(fractions)


def _near(found: Crossings, low_deg: float, high_deg: float, farthest_deg: float) -> tuple[Index, Array]:
    """Crossings whose curve reaches into a range of omega, and their angles."""
    first, last = np.searchsorted(found.omega_deg, (low_deg - farthest_deg, high_deg + farthest_deg))
    omega, reach = found.omega_deg[first:last], SIGMAS * found.sigma_deg[first:last]
    inside = np.flatnonzero((omega + reach > low_deg) & (omega - reach < high_deg))
    return first + inside, omega[inside]


def _at_rest(found: Crossings, omega_deg: float) -> tuple[Index, Index, Array]:
    """Crossings whose curve is not zero at an angle."""
    farthest = SIGMAS * float(found.sigma_deg.max(initial=0.0))
    wrapped = (omega_deg + 180.0) % 360.0 - 180.0
    parts = [_near(found, wrapped + turn, wrapped + turn, farthest) for turn in (-360.0, 0.0, 360.0)]
    near = np.concatenate([part[0] for part in parts])
    off = np.concatenate([part[1] - wrapped - turn for part, turn in zip(parts, (-360.0, 0.0, 360.0), strict=True)])
    curve = np.exp(-0.5 * (off / found.sigma_deg[near]) ** 2) / (found.sigma_deg[near] * np.sqrt(2 * np.pi))
    return np.zeros(len(near), dtype=np.int64), near, curve
