"""The detector's configuration: values with bounds, and which others a change changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from mxplans_sim.settings import DetectorSettings

LARGEST = 1e15
LONGEST_NAME = 200


class ConfigError(ValueError):
    """A value that cannot be set."""


@dataclass
class Parameter:
    """One configuration parameter."""

    value: Any
    value_type: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    allowed: tuple[str, ...] = ()
    read_only: bool = False
    rule: Callable[[str, Any], None] | None = None

    def as_json(self) -> dict[str, Any]:
        """As SIMPLON answers."""
        answer: dict[str, Any] = {
            "value": self.value,
            "value_type": self.value_type,
            "access_mode": "r" if self.read_only else "rw",
        }
        if self.unit:
            answer["unit"] = self.unit
        if self.low is not None:
            answer["min"] = self.low
        if self.high is not None:
            answer["max"] = self.high
        if self.allowed:
            answer["allowed_values"] = list(self.allowed)
        return answer


class Config:
    """Parameters by name.

    Args:
        parameters: With their first values.
    """

    def __init__(self, parameters: dict[str, Parameter]) -> None:
        self.parameters = parameters

    def values(self) -> dict[str, Any]:
        """All values by name."""
        return {name: parameter.value for name, parameter in self.parameters.items()}

    def put(self, name: str, value: Any) -> list[str]:
        """Set a value; returns the names of all parameters that changed, as SIMPLON does.

        Raises:
            ConfigError: If the value has the wrong type or is out of bounds.
        """
        parameter = self.parameters[name]
        parameter.value = _checked(name, parameter, value)
        changed = [name]
        if name == "count_time":
            changed += self._at_least("frame_time", parameter.value)
        if name == "frame_time" and self.parameters["count_time"].value > parameter.value:
            self.parameters["count_time"].value = parameter.value
            changed.append("count_time")
        if name == "photon_energy":
            self.parameters["threshold_energy"].value = parameter.value / 2
            changed.append("threshold_energy")
        return changed

    def _at_least(self, name: str, value: float) -> list[str]:
        if self.parameters[name].value >= value:
            return []
        self.parameters[name].value = value
        return [name]


def _checked(name: str, parameter: Parameter, value: Any) -> Any:
    kinds: dict[str, Any] = {"float": (int, float), "uint": (int,), "bool": (bool,), "string": (str,)}
    if not isinstance(value, kinds[parameter.value_type]) or (
        isinstance(value, bool) and parameter.value_type != "bool"
    ):
        raise ConfigError(f"{name} is {value!r}, it must be a {parameter.value_type}")
    if isinstance(value, int | float) and not -LARGEST < value < LARGEST:
        raise ConfigError(f"{name} is {value!r:.40}, it must be a finite number")
    if parameter.allowed and value not in parameter.allowed:
        raise ConfigError(f"{name} is {value!r}, allowed are {', '.join(parameter.allowed)}")
    if parameter.low is not None and not value >= parameter.low:
        raise ConfigError(f"{name} is {value} {parameter.unit}, the minimum is {parameter.low} {parameter.unit}")
    if parameter.high is not None and not value <= parameter.high:
        raise ConfigError(f"{name} is {value} {parameter.unit}, the maximum is {parameter.high} {parameter.unit}")
    if parameter.rule is not None:
        parameter.rule(name, value)
    return float(value) if parameter.value_type == "float" else value


def _below_the_data_folder(name: str, value: str) -> None:
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or not path.name:
        raise ConfigError(f"{name} {value!r} leads out of the data folder; give a relative path without ..")
    if not value.isprintable() or max(map(len, path.parts)) > LONGEST_NAME:
        raise ConfigError(f"{name} {value!r} is no file name; use printable characters, {LONGEST_NAME} at most a part")


def detector_config(detector: DetectorSettings) -> Config:
    """Configuration of the detector."""
    pixel_m = detector.pixel_um * 1e-6
    shortest_s = detector.frame_time_min_s
    return Config(
        {
            "nimages": Parameter(1, "uint", low=1, high=1_000_000),
            "ntrigger": Parameter(1, "uint", low=1, high=1_000_000),
            "frame_time": Parameter(0.1, "float", "s", low=shortest_s, high=3600.0),
            "count_time": Parameter(0.1, "float", "s", low=1e-6, high=3600.0),
            "trigger_mode": Parameter("ints", "string", allowed=("ints", "exts")),
            "photon_energy": Parameter(12658.0, "float", "eV", low=3000.0, high=80000.0),
            "threshold_energy": Parameter(6329.0, "float", "eV", low=1500.0, high=40000.0),
            "omega_start": Parameter(0.0, "float", "degree"),
            "omega_increment": Parameter(0.0, "float", "degree"),
            "detector_distance": Parameter(0.1, "float", "m", low=0.0, high=10.0),
            "beam_center_x": Parameter(detector.beam_x_px, "float", "pixel"),
            "beam_center_y": Parameter(detector.beam_y_px, "float", "pixel"),
            "x_pixels_in_detector": Parameter(detector.nx, "uint", read_only=True),
            "y_pixels_in_detector": Parameter(detector.ny, "uint", read_only=True),
            "x_pixel_size": Parameter(pixel_m, "float", "m", read_only=True),
            "y_pixel_size": Parameter(pixel_m, "float", "m", read_only=True),
            "bit_depth_image": Parameter(detector.bit_depth, "uint", read_only=True),
            "description": Parameter("Virtual pixel detector", "string", read_only=True),
            "detector_number": Parameter("V-00-0001", "string", read_only=True),
        }
    )


def writer_config() -> Config:
    """Configuration of the file writer."""
    return Config(
        {
            "mode": Parameter("enabled", "string", allowed=("enabled", "disabled")),
            "name_pattern": Parameter("series_$id", "string", rule=_below_the_data_folder),
            "nimages_per_file": Parameter(1000, "uint", low=1, high=1_000_000),
            "compression_enabled": Parameter(True, "bool"),
        }
    )
