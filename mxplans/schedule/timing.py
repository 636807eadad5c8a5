"""How long scans take, and what takes the time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from pydantic import BaseModel, ConfigDict, Field

from mxplans.model import Sweep
from mxplans.schedule.arming import arming_groups
from mxplans.schedule.scans import ScheduledScan


class Timing(BaseModel):
    """How long the beamline's parts take; a profile says it. What happens between two scans is done one by one."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    omega_speed_deg_s: float = Field(default=120.0, gt=0, description="Between scans")
    omega_settle_s: float = Field(default=0.2, ge=0, description="Per move of omega: ramps, settling, run-up of a scan")
    kappa_speed_deg_s: float = Field(default=20.0, gt=0, description="Between orientations")
    phi_speed_deg_s: float = Field(default=40.0, gt=0, description="Between orientations")
    chi_speed_deg_s: float = Field(default=20.0, gt=0, description="Between orientations")
    orientation_settle_s: float = Field(default=0.5, ge=0, description="Per change of orientation")
    energy_change_s: float = Field(default=10.0, ge=0, description="Per change, however small")
    energy_s_per_ev: float = Field(default=0.0, ge=0, description="On top, by the size of the change")
    distance_speed_mm_s: float = Field(default=20.0, gt=0, description="Of the detector's stage")
    distance_settle_s: float = Field(default=0.5, ge=0, description="Per change of distance or resolution")
    translation_s: float = Field(default=0.5, ge=0, description="From one place of the sample to another")
    arm_s: float = Field(default=1.0, ge=0, description="The first arming of the detector, with its settings")
    rearm_s: float = Field(default=1.5, ge=0, description="Each later one, with disarming")
    file_close_s: float = Field(default=0.5, ge=0, description="Per arming, until its files are closed")
    scan_overhead_s: float = Field(default=0.2, ge=0, description="Per scan: commands and their answers")
    shutter_s: float = Field(default=0.06, ge=0, description="To open; the same to close")
    row_turn_s: float = Field(default=0.05, ge=0, description="From one row of a grid to the next")


@dataclass(frozen=True, slots=True)
class Duration:
    """Seconds of the scans of an experiment, by what takes them; how the first scan is reached does not count."""

    exposure_s: float = 0.0
    rotation_s: float = 0.0
    """Omega between scans, with its ramps."""
    energy_s: float = 0.0
    orientation_s: float = 0.0
    distance_s: float = 0.0
    translation_s: float = 0.0
    arming_s: float = 0.0
    overhead_s: float = 0.0
    """Commands, the shutter, turns between rows."""
    rotation_deg: float = 0.0
    energy_changes: int = 0
    orientation_changes: int = 0
    distance_changes: int = 0
    armings: int = 0

    @property
    def total_s(self) -> float:
        """All of it."""
        return sum(self.seconds.values())

    @property
    def seconds(self) -> dict[str, float]:
        """The breakdown by name."""
        return {each.name[:-2]: getattr(self, each.name) for each in fields(self) if each.name.endswith("_s")}

    def __add__(self, other: Duration) -> Duration:
        return Duration(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


def duration(
    scans: Sequence[ScheduledScan], sweeps: Sequence[Sweep], timing: Timing, images_most: int | None = None
) -> Duration:
    """Seconds of scans in their order; `images_most` is what the detector takes in one arming."""
    return sum(durations(scans, sweeps, timing, images_most), Duration())


def durations(
    scans: Sequence[ScheduledScan], sweeps: Sequence[Sweep], timing: Timing, images_most: int | None = None
) -> tuple[Duration, ...]:
    """The same for each sweep: what it takes to reach a scan counts for the sweep that it belongs to."""
    changes: dict[tuple[int, int], Duration] = {}
    tallies = [_Tally() for _ in sweeps]
    before: ScheduledScan | None = None
    for scan in scans:
        tally = tallies[scan.sweep_index]
        tally.scans += 1
        tally.images += scan.number_images
        if before is not None:
            tally.rotation_deg += abs(scan.start_deg - before.start_deg - before.width_deg)
            tally.rotations += 1
            pair = (before.sweep_index, scan.sweep_index)
            tally.changes[pair] = tally.changes.get(pair, 0) + 1
            if pair not in changes:
                changes[pair] = _change(sweeps[pair[0]], sweeps[pair[1]], timing)
        before = scan
    for number, group in enumerate(arming_groups(scans, sweeps, images_most)):
        tally = tallies[group[0].sweep_index]
        tally.armings += 1
        tally.arming_s += timing.file_close_s + (timing.rearm_s if number else timing.arm_s)
    return tuple(tally.duration(sweep, timing, changes) for tally, sweep in zip(tallies, sweeps, strict=True))


class _Tally:
    """What is counted of a sweep while its scans pass by; seconds follow from it."""

    def __init__(self) -> None:
        self.scans = self.images = self.rotations = self.armings = 0
        self.rotation_deg = self.arming_s = 0.0
        self.changes: dict[tuple[int, int], int] = {}

    def duration(self, sweep: Sweep, timing: Timing, changes: dict[tuple[int, int], Duration]) -> Duration:
        """Seconds of the sweep."""
        parts = [(changes[pair], times) for pair, times in self.changes.items()]
        turns = self.scans * (sweep.number_lines - 1)
        return Duration(
            exposure_s=self.images * sweep.exposure_s,
            rotation_s=self.rotation_deg / timing.omega_speed_deg_s + self.rotations * timing.omega_settle_s,
            energy_s=sum(times * part.energy_s for part, times in parts),
            orientation_s=sum(times * part.orientation_s for part, times in parts),
            distance_s=sum(times * part.distance_s for part, times in parts),
            translation_s=sum(times * part.translation_s for part, times in parts),
            arming_s=self.arming_s,
            overhead_s=self.scans * (timing.scan_overhead_s + 2 * timing.shutter_s) + turns * timing.row_turn_s,
            rotation_deg=self.rotation_deg,
            energy_changes=sum(times * part.energy_changes for part, times in parts),
            orientation_changes=sum(times * part.orientation_changes for part, times in parts),
            distance_changes=sum(times * part.distance_changes for part, times in parts),
            armings=self.armings,
        )


def _change(before: Sweep, after: Sweep, timing: Timing) -> Duration:
    """What lies between a scan of one sweep and a scan of another, omega apart."""
    energy = before.energy_ev != after.energy_ev
    orientation = before.orientation != after.orientation
    distance = (before.distance_mm, before.resolution_a) != (after.distance_mm, after.resolution_a)
    place = before is not after and (before.start != after.start or "helical" in (before.sweep_type, after.sweep_type))
    speeds = (timing.kappa_speed_deg_s, timing.phi_speed_deg_s, timing.chi_speed_deg_s)
    turn_s = max(
        _way(old, new) / speed for old, new, speed in zip(before.orientation, after.orientation, speeds, strict=True)
    )
    return Duration(
        energy_s=energy * (timing.energy_change_s + timing.energy_s_per_ev * _way(before.energy_ev, after.energy_ev)),
        orientation_s=orientation * (timing.orientation_settle_s + turn_s),
        distance_s=distance
        * (timing.distance_settle_s + _way(before.distance_mm, after.distance_mm) / timing.distance_speed_mm_s),
        translation_s=place * timing.translation_s,
        energy_changes=int(energy),
        orientation_changes=int(orientation),
        distance_changes=int(distance),
    )


def _way(before: float | None, after: float | None) -> float:
    """From one value to another; 0 where one of them is "as it is", which nobody knows beforehand."""
    return 0.0 if before is None or after is None else abs(after - before)
