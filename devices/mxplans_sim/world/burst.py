"""What the detector sees of a motion: one pose per frame, and the beam that was on. Arrays go frame by frame, in order."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from mxplans_sim.world.specimen import Specimen

Array = npt.NDArray[np.float64]
Pulses = Literal["each", "first", "none"]
PER_FRAME = ("spindle_mm", "lab_mm", "omega_start_deg", "beam_mm", "flux_hz")


@dataclass(frozen=True)
class Shadow:
    """Of the beamstop on the detector, a disc; x and y in the image frame from where the beam meets the detector."""

    radius_mm: float = 1.5
    x_mm: float = 0.0
    y_mm: float = 0.0

    @property
    def hides_the_beam(self) -> bool:
        """Whether the direct beam ends in the beamstop."""
        return math.hypot(self.x_mm, self.y_mm) < self.radius_mm


@dataclass(frozen=True)
class Burst:
    """A train of n frames exposed at even intervals.

    A point s of the specimen stands at R_x(omega) (mount s + spindle_mm) + lab_mm in the image frame (x right along
    omega, y down, z along the beam), with R_x a right-handed turn about +x.

    Attributes:
        specimen: What is on the goniometer, or None.
        mount: Rotation of the specimen by the axes above omega (chi or kappa, phi), (3, 3).
        spindle_mm: Shift that turns with omega, at the middle of each frame (n, 3).
        lab_mm: Shift that does not, at the middle of each frame (n, 3).
        omega_start_deg: Omega at the beginning of each frame (n,).
        omega_width_deg: Omega turned during each frame (0 for a grid).
        exposure_s: Time per frame, simulated seconds.
        beam_mm: Where the beam passes, x and y in the image frame (n, 2).
        beam_fwhm_um: Beam size, horizontal and vertical.
        beam_profile: "gaussian", or "top-hat" for an evenly lit rectangle of that size.
        flux_hz: Photons per second after the attenuator (n,); 0 when the shutter is closed.
        energy_ev: Photon energy.
        distance_mm: Detector distance.
        ends_at_s: Simulated time at which the last frame ends, with the pause after it.
        dose_mgy: Dose of each crystal, at the nodes of `irradiation.nodes`, when the first frame begins; empty for none.
        shadow: Of the beamstop; None when it is out.
        pause_s: Time from the end of a frame to the beginning of the next.
        pulses: Which frames begin with a pulse on the detector's trigger input; it is high for `exposure_s`.
    """

    specimen: Specimen | None
    mount: Array
    spindle_mm: Array
    lab_mm: Array
    omega_start_deg: Array
    omega_width_deg: float
    exposure_s: float
    beam_mm: Array
    beam_fwhm_um: tuple[float, float]
    beam_profile: str
    flux_hz: Array
    energy_ev: float
    distance_mm: float
    ends_at_s: float
    dose_mgy: tuple[Array, ...] = ()
    shadow: Shadow | None = Shadow()
    pause_s: float = 0.0
    pulses: Pulses = "each"

    def __post_init__(self) -> None:
        for name in PER_FRAME:
            if len(getattr(self, name)) != len(self):
                raise ValueError(f"{name} tells of {len(getattr(self, name))} frames, the burst has {len(self)}")

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.omega_start_deg)

    @property
    def omega_deg(self) -> Array:
        """Omega at the middle of each frame (n,)."""
        return self.omega_start_deg + self.omega_width_deg / 2

    @property
    def period_s(self) -> float:
        """Time from frame to frame."""
        return self.exposure_s + self.pause_s

    @property
    def begins_at_s(self) -> float:
        """Simulated time at which the first frame begins."""
        return self.ends_at_s - len(self) * self.period_s

    @property
    def pulsed(self) -> range:
        """Indices of the frames that begin with a pulse."""
        return range({"each": len(self), "first": min(1, len(self)), "none": 0}[self.pulses])

    def part(self, begin: int, number: int) -> Self:
        """Some of its frames."""
        chosen = slice(begin, begin + number)
        cut = {field.name: getattr(self, field.name)[chosen] for field in fields(self) if field.name in PER_FRAME}
        last = min(begin + number, len(self))
        pulses = "none" if self.pulses == "first" and begin else self.pulses
        return replace(self, **cut, pulses=pulses, ends_at_s=self.begins_at_s + last * self.period_s)

    def seen_mm(self, points_mm: Array) -> Array:
        """Points of the specimen (m, 3) in the image frame at the middle of each frame, (n, m, 3)."""
        turning = (points_mm @ self.mount.T)[None] + self.spindle_mm[:, None]
        angle = np.radians(self.omega_deg)[:, None]
        cos, sin = np.cos(angle), np.sin(angle)
        x, y, z = turning[..., 0], turning[..., 1], turning[..., 2]
        return np.stack([x, y * cos - z * sin, y * sin + z * cos], axis=-1) + self.lab_mm[:, None]
