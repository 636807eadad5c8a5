"""What the detector sees of a motion: one pose per frame, and the beam that was on. Arrays are (n,), in order of exposure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mxplans_sim.world.specimen import Specimen

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Burst:
    """A train of frames exposed without a pause.

    Attributes:
        specimen: What is on the goniometer, or None.
        x_mm: Motor positions at the middle of each frame; a point s of the specimen stands at R_x(omega) (s + motors)
            in the image frame (x right along omega, y down, z along the beam), beam at y = `axis_offset_mm`, x = 0.
        y_mm: As above.
        z_mm: As above.
        omega_start_deg: Omega at the beginning of each frame.
        omega_width_deg: Omega turned during each frame (0 for a grid).
        exposure_s: Time per frame, simulated seconds.
        beam_fwhm_um: Beam size, horizontal and vertical.
        flux_hz: Photons per second after the attenuator; 0 when the shutter is closed.
        energy_ev: Photon energy.
        distance_mm: Detector distance.
        axis_offset_mm: Height of the beam above (negative) or below the omega axis, image frame.
        ends_at_s: Simulated time at which the last frame ends.
    """

    specimen: Specimen | None
    x_mm: Array
    y_mm: Array
    z_mm: Array
    omega_start_deg: Array
    omega_width_deg: float
    exposure_s: float
    beam_fwhm_um: tuple[float, float]
    flux_hz: float
    energy_ev: float
    distance_mm: float
    axis_offset_mm: float
    ends_at_s: float

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.omega_start_deg)
