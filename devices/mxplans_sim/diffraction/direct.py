"""The direct beam on the detector, when no beamstop catches it."""

from __future__ import annotations

import numpy as np

from mxplans_sim.diffraction.background import Frame
from mxplans_sim.diffraction.panel import Panel
from mxplans_sim.world.burst import Burst
from mxplans_sim.world.irradiation import FWHM_SIGMAS

REACH_SIGMAS = 7.0
"""The profile is followed so far: of 1e12 photons one lies beyond."""


def add_direct_beam(burst: Burst, index: int, panel: Panel, rng: np.random.Generator, frame: Frame) -> None:
    """Add the photons of the beam that reach the detector to a frame (ny, nx); no pixel counts beyond its highest value.

    Args:
        burst: The exposures.
        index: Of the frame.
        panel: What takes it.
        rng: Noise; not asked while the beamstop is in the beam.
        frame: Counts.
    """
    photons = float(burst.flux_hz[index]) * burst.exposure_s
    if not photons or (burst.shadow is not None and burst.shadow.hides_the_beam):
        return
    pixel_mm = panel.settings.pixel_um / 1000
    centre_px = [beam + at / pixel_mm for beam, at in zip(panel.beam_px, burst.beam_mm[index], strict=True)]
    parts, pixels = [], []
    for centre, size_um, number in zip(centre_px, burst.beam_fwhm_um, (panel.nx, panel.ny), strict=True):
        sigma = float(np.hypot(panel.settings.psf_px, size_um / FWHM_SIGMAS / panel.settings.pixel_um))
        reach = REACH_SIGMAS * sigma
        near = np.arange(max(0, int(centre - reach)), min(number, int(centre + reach) + 2))
        weight = np.exp(-0.5 * ((near - centre) / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))
        parts.append(weight)
        pixels.append(near)
    expected = photons * parts[1][:, None] * parts[0]
    if burst.shadow is not None:
        x_mm, y_mm = (pixels[0] - panel.beam_px[0]) * pixel_mm, (pixels[1] - panel.beam_px[1]) * pixel_mm
        hidden = np.hypot(x_mm - burst.shadow.x_mm, y_mm[:, None] - burst.shadow.y_mm) < burst.shadow.radius_mm
        expected[hidden] = 0.0
    box = np.ix_(pixels[1], pixels[0])
    frame[box] = np.minimum(rng.poisson(expected) + frame[box].astype(np.int64), panel.top - 1)
