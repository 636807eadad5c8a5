"""Between what a plan asks of a detector and SIMPLON's parameters: names and units."""

from __future__ import annotations

from mxplans.model.acquisition import AcquisitionSettings
from mxplans_devices.protocols.simplon import Value


def exposed_s(settings: AcquisitionSettings) -> float:
    """Seconds that the images of one scan take."""
    return settings.number_images * settings.exposure_s


def mm(distance_m: float) -> float:
    """A distance that SIMPLON gives in m."""
    return round(float(distance_m) * 1e3, 6)


def um(size_m: float) -> float:
    """A pixel's size that SIMPLON gives in m."""
    return round(float(size_m) * 1e6, 6)


def parameters(settings: AcquisitionSettings, readout_s: float, omega_sign: int) -> dict[str, Value]:
    """Detector parameters in the order in which they must be set, SIMPLON units (s, eV, m, deg).

    Omega goes into the headers of the frames as the motor counts it, `omega_sign` times ours.

    The motion program pulses once per image, each pulse starts a series of one image: so images follow the motion, and
    several scans may share one armed series. A trigger command starts all images.
    """
    internal = settings.trigger == "internal"
    total = settings.number_images * settings.number_scans
    images, triggers = (settings.number_images, settings.number_scans) if internal else (1, total)
    return {
        "trigger_mode": "ints" if internal else "exts",
        "photon_energy": settings.energy_ev,
        "count_time": settings.exposure_s - readout_s,
        "frame_time": settings.exposure_s,
        "nimages": images,
        "ntrigger": triggers,
        "detector_distance": settings.distance_mm / 1e3,
        "omega_start": omega_sign * settings.omega_start_deg,
        "omega_increment": omega_sign * settings.omega_increment_deg,
    }
