"""The parameters of each module of the interface: detector, file writer, monitor and stream."""

from __future__ import annotations

from mxplans_sim.diffraction.geometry import HC_EV_A
from mxplans_sim.diffraction.panel import Panel
from mxplans_sim.servers.simplon.config import (
    FIRMWARE,
    SENSOR_THICKNESS_M,
    SOFTWARE,
    Config,
    Parameter,
    below_the_data_folder,
)
from mxplans_sim.settings import DetectorSettings

SWITCH = ("enabled", "disabled")
WHOLE = "disabled"
"""Value of roi_mode for the whole detector."""
_ENERGY_EV = (3000.0, 80000.0)
_COUNTS_PER_PIXEL_HZ = 1e7


def detector_config(detector: DetectorSettings) -> Config:
    """Configuration of the detector."""
    couplings = {
        "count_time": _frame_time_follows,
        "frame_time": _count_time_follows,
        "photon_energy": _energy_follows,
        "wavelength": _wavelength_follows,
        "trigger_mode": _one_image_for_each_enable,
        "nimages": _one_image_for_each_enable,
        "roi_mode": lambda config: _region_follows(config, detector),
    }
    return Config(_exposure(detector) | _geometry(detector) | _axes() | _fixed(detector), couplings)


def _exposure(detector: DetectorSettings) -> dict[str, Parameter]:
    low, high = _ENERGY_EV
    regions = (WHOLE,) if detector.roi is None else (WHOLE, detector.roi.name)
    return {
        "nimages": Parameter(1, "uint", low=1, high=1_000_000),
        "ntrigger": Parameter(1, "uint", low=1, high=1_000_000),
        "frame_time": Parameter(0.1, "float", "s", low=detector.frame_time_min_s, high=3600.0),
        "count_time": Parameter(0.1, "float", "s", low=1e-6, high=3600.0),
        "trigger_mode": Parameter("ints", "string", allowed=("ints", "exts", "exte")),
        "trigger_start_delay": Parameter(0.0, "float", "s", low=0.0, high=100.0),
        "photon_energy": Parameter(12658.0, "float", "eV", low=low, high=high),
        "threshold_energy": Parameter(6329.0, "float", "eV", low=low / 2, high=high / 2),
        "wavelength": Parameter(HC_EV_A / 12658.0, "float", "angstrom", low=HC_EV_A / high, high=HC_EV_A / low),
        "total_flux": Parameter(0.0, "float", "Hz", low=0.0),
        "roi_mode": Parameter(WHOLE, "string", allowed=regions),
        "auto_summation": Parameter(True, "bool"),
        "countrate_correction_applied": Parameter(False, "bool"),
        "flatfield_correction_applied": Parameter(False, "bool"),
        "pixel_mask_applied": Parameter(True, "bool"),
    }


def _geometry(detector: DetectorSettings) -> dict[str, Parameter]:
    pixel_m = detector.pixel_um * 1e-6
    return {
        "detector_distance": Parameter(0.1, "float", "m", low=0.0, high=10.0),
        "beam_center_x": Parameter(detector.beam_x_px, "float", "pixel"),
        "beam_center_y": Parameter(detector.beam_y_px, "float", "pixel"),
        "x_pixels_in_detector": Parameter(detector.nx, "uint", read_only=True),
        "y_pixels_in_detector": Parameter(detector.ny, "uint", read_only=True),
        "x_pixel_size": Parameter(pixel_m, "float", "m", read_only=True),
        "y_pixel_size": Parameter(pixel_m, "float", "m", read_only=True),
    }


def _axes() -> dict[str, Parameter]:
    """Start and increment of each axis; those that stay 0 are not in the headers, but for omega."""
    names = [
        f"{axis}_{what}" for axis in ("omega", "chi", "kappa", "phi", "two_theta") for what in ("start", "increment")
    ]
    return {name: Parameter(0.0, "float", "degree") for name in names}


def _fixed(detector: DetectorSettings) -> dict[str, Parameter]:
    cutoff = 2**detector.bit_depth - 2
    fixed: dict[str, tuple[object, str, str]] = {
        "bit_depth_image": (detector.bit_depth, "uint", ""),
        "bit_depth_readout": (16, "uint", ""),
        "countrate_correction_count_cutoff": (min(cutoff, 2**31 - 1), "uint", ""),
        "data_collection_date": ("", "string", ""),
        "description": ("Virtual pixel detector", "string", ""),
        "detector_number": ("V-00-0001", "string", ""),
        "detector_readout_time": (1e-7, "float", "s"),
        "eiger_fw_version": (FIRMWARE, "string", ""),
        "number_of_excluded_pixels": (detector.dead_px + detector.hot_px, "uint", ""),
        "sensor_material": ("Si", "string", ""),
        "sensor_thickness": (SENSOR_THICKNESS_M, "float", "m"),
        "software_version": (SOFTWARE, "string", ""),
    }
    return {name: Parameter(value, kind, unit, read_only=True) for name, (value, kind, unit) in fixed.items()}


def _frame_time_follows(config: Config) -> list[str]:
    return config.move(frame_time=max(config["frame_time"], config["count_time"]))


def _count_time_follows(config: Config) -> list[str]:
    return config.move(count_time=min(config["count_time"], config["frame_time"]))


def _one_image_for_each_enable(config: Config) -> list[str]:
    return config.move(nimages=1) if config["trigger_mode"] == "exte" else []


def _energy_follows(config: Config) -> list[str]:
    energy_ev = config["photon_energy"]
    return config.move(threshold_energy=energy_ev / 2, wavelength=HC_EV_A / energy_ev)


def _wavelength_follows(config: Config) -> list[str]:
    energy_ev = HC_EV_A / config["wavelength"]
    return config.move(photon_energy=energy_ev, threshold_energy=energy_ev / 2)


def _region_follows(config: Config, detector: DetectorSettings) -> list[str]:
    """A region has other pixels: their number, the beam centre, the shortest frame."""
    old_x, old_y = config["x_pixels_in_detector"], config["y_pixels_in_detector"]
    panel = Panel(detector, roi=config["roi_mode"] != WHOLE)
    shortest_s = panel.frame_time_min_s
    config.parameters["frame_time"].low = shortest_s
    return config.move(
        x_pixels_in_detector=panel.nx,
        y_pixels_in_detector=panel.ny,
        beam_center_x=config["beam_center_x"] + (panel.nx - old_x) // 2,
        beam_center_y=config["beam_center_y"] + (panel.ny - old_y) // 2,
        frame_time=max(config["frame_time"], shortest_s),
    )


def writer_config() -> Config:
    """Configuration of the file writer."""
    return Config(
        {
            "mode": Parameter("enabled", "string", allowed=SWITCH),
            "transfer_mode": Parameter("HTTP", "string", read_only=True),
            "name_pattern": Parameter("series_$id", "string", rule=below_the_data_folder),
            "nimages_per_file": Parameter(1000, "uint", low=1, high=1_000_000),
            "image_nr_start": Parameter(1, "uint", read_only=True),
            "compression_enabled": Parameter(True, "bool"),
        }
    )


def monitor_config() -> Config:
    """Configuration of the monitor, which gives single images."""
    return Config({"mode": Parameter("enabled", "string", allowed=SWITCH)})


def stream_config() -> Config:
    """Configuration of the stream; nobody listens to it, but its appendix goes into the master file."""
    return Config(
        {
            "mode": Parameter("disabled", "string", allowed=SWITCH),
            "header_detail": Parameter("basic", "string", allowed=("none", "basic", "all")),
            "header_appendix": Parameter("", "string"),
            "image_appendix": Parameter("", "string"),
        }
    )
