"""The three kinds of scans, from their arguments to motions of the world's axes.

Times are those with the shutter open: of all passes of a standard scan together, of a whole four-dimensional scan, and of
one line of a raster. A raster's lines go along AlignmentY; `total_uturn_range` lies between the first line and the last,
positive towards the bottom of the image.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from mxplans_sim.servers.exporter.motors import WIRING, Motors
from mxplans_sim.servers.exporter.values import Refused
from mxplans_sim.settings.goniometer import GoniometerSettings
from mxplans_sim.world.program import AXES, Scan

Vector = tuple[float, float, float, float]
_FIXED_TOLERANCE_MM = 1e-3


@dataclass(frozen=True)
class Line:
    """A straight motion of motors by name: where it begins, and how far it goes."""

    start: Mapping[str, float]
    travel: Mapping[str, float]


class ScanMaker:
    """Makes scans of the world from arguments of the protocol.

    Args:
        motors: Whose wiring counts, and which stand still during a scan.
        goniometer: The senses of the axes, which the controller has been set up with.
    """

    def __init__(self, motors: Motors, goniometer: GoniometerSettings) -> None:
        self._motors = motors
        self._goniometer = goniometer

    def standard(self, frames: int, start_deg: float, range_deg: float, exposure_s: float, passes: int) -> Scan:
        """Omega over a range, back and forth; the rest stands where it is.

        Raises:
            Refused: If a number is not positive that must be.
        """
        _positive(number_of_images=frames, exposure_time=exposure_s, number_of_passes=passes)
        line = Line({"Omega": start_deg}, {"Omega": range_deg})
        return self._scan(line, {}, frames, passes, passes > 1, exposure_s / (frames * passes))

    def helical(
        self,
        frames: int,
        start_deg: float,
        range_deg: float,
        exposure_s: float,
        begin: tuple[float, float, float, float],
        end: tuple[float, float, float, float],
    ) -> Scan:
        """Omega over a range while the sample goes from one position to another: AlignmentY, AlignmentZ, CentringX, Y.

        Raises:
            Refused: If the exposure is not positive, or AlignmentZ would have to move.
        """
        _positive(ScanNumberOfFrames=frames, exposure_time=exposure_s)
        names = ("AlignmentY", "AlignmentZ", "CentringX", "CentringY")
        self._require_fixed(begin[1], end[1])
        start = {"Omega": start_deg, **dict(zip(names, begin, strict=True))}
        travel = {name: last - first for name, first, last in zip(names, begin, end, strict=True)}
        return self._scan(Line(start, {"Omega": range_deg, **travel}), {}, frames, 1, False, exposure_s / frames)

    def raster(
        self,
        range_deg: float,
        line_mm: float,
        turns_mm: float,
        start: tuple[float, float, float, float, float],
        lines: int,
        frames: int,
        exposure_s: float,
        snake: bool,
        use_centring_table: bool,
    ) -> Scan:
        """Lines along omega one below the other; `start` is Omega, AlignmentY, AlignmentZ, CentringX, CentringY.

        Raises:
            Refused: If a number is not positive that must be, or the vertical alignment would have to move.
        """
        _positive(number_of_lines=lines, frames_per_line=frames, exposure_time=exposure_s)
        if not use_centring_table and lines > 1:
            raise Refused("AlignmentZ is disabled, a raster needs use_centring_table = true")
        self._require_fixed(start[2])
        names = ("Omega", "AlignmentY", "AlignmentZ", "CentringX", "CentringY")
        first = dict(zip(names, start, strict=True))
        pitch_mm = turns_mm / (lines - 1) if lines > 1 else 0.0
        line = Line(first, {"Omega": range_deg, "AlignmentY": line_mm})
        return self._scan(line, self._down(pitch_mm, start[0]), frames, lines, snake, exposure_s / frames)

    def _down(self, shift_mm: float, omega_deg: float) -> Mapping[str, float]:
        """Motion of the centring table that shifts the sample down in the image."""
        settings = self._goniometer
        angle = math.radians(settings.omega_sign * omega_deg)
        moves = {"y": settings.y_sign * shift_mm * math.cos(angle), "z": -settings.z_sign * shift_mm * math.sin(angle)}
        return {
            name: self._motors.driven[name].on_axis(moves[wiring.axis])
            for name, wiring in WIRING.items()
            if wiring.axis in moves
        }

    def _scan(
        self, line: Line, row: Mapping[str, float], frames: int, rows: int, snake: bool, exposure_s: float
    ) -> Scan:
        start, travel, step = self._vector(line.start, here=True), self._vector(line.travel), self._vector(row)
        x, y, z, omega = (way / frames for way in travel)
        return Scan(start, (x, y, z, omega), step, frames, rows, snake, exposure_s)

    def _vector(self, values: Mapping[str, float], here: bool = False) -> Vector:
        """Values by motor in the order of the world's axes; what is not given is zero, or where the axis stands."""
        by_axis = {
            WIRING[name].axis: self._motors.driven[name].on_axis(values[name]) for name in WIRING if name in values
        }
        x, y, z, omega = (by_axis.get(axis, self._standing(axis) if here else 0.0) for axis in AXES)
        return x, y, z, omega

    def _standing(self, axis: str) -> float:
        name = next(name for name, wiring in WIRING.items() if wiring.axis == axis)
        return self._motors.driven[name].axis.position

    def _require_fixed(self, *targets_mm: float) -> None:
        position_mm = self._motors.by_name["AlignmentZ"].position
        if any(abs(target_mm - position_mm) > _FIXED_TOLERANCE_MM for target_mm in targets_mm):
            raise Refused(
                f"AlignmentZ is disabled and stands at {position_mm:g}, a scan cannot move it to {targets_mm}"
            )


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not value > 0:
            raise Refused(f"{name} is {value:g}, it must be positive")
