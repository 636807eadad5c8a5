"""An experiment without doing it: seconds, frames, bytes and dose of each sweep."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from mxplans.model import QueueItem
from mxplans.schedule.checks import check_limits
from mxplans.schedule.choice import OrderChoice, choose_order
from mxplans.schedule.doses import experiment_dose_mgy, sweep_doses_mgy
from mxplans.schedule.limits import BeamlineLimits, Violation
from mxplans.schedule.scans import order_of, schedule_item, wedges_of
from mxplans.schedule.timing import Duration, Timing, durations

_ROW = "{:>5}  {:<16}  {:>6}  {:>8}  {:>10}  {:>9}  {:>9}"


@dataclass(frozen=True, slots=True)
class SweepEstimate:
    """What one sweep takes and gives."""

    prefix: str
    scans: int
    frames: int
    seconds: float
    bytes: int
    """Of its frames before compression: what is written is less."""
    dose_mgy: float | None
    """Largest at a point of the sample; None where it is not known."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """What an item would take and give, in its own order."""

    sweeps: tuple[SweepEstimate, ...]
    order: str
    duration: Duration
    dose_mgy: float | None
    """Largest at a place of the sample, all sweeps together."""
    quickest: OrderChoice
    """Of the orders that mean the same."""
    violations: tuple[Violation, ...]

    @property
    def frames(self) -> int:
        """Of all sweeps."""
        return sum(sweep.frames for sweep in self.sweeps)

    @property
    def bytes(self) -> int:
        """Of all frames before compression."""
        return sum(sweep.bytes for sweep in self.sweeps)

    def table(self) -> str:
        """Plain text: a row for each sweep, the sums, where the time goes, the orders, and what is not allowed."""
        rows = [_ROW.format("sweep", "prefix", "scans", "frames", "seconds", "raw GB", "dose MGy")]
        rows += [
            _row(str(number), each.prefix, each.scans, each.frames, each.seconds, each.bytes, each.dose_mgy)
            for number, each in enumerate(self.sweeps, start=1)
        ]
        scans = sum(each.scans for each in self.sweeps)
        rows.append(_row("all", "", scans, self.frames, self.duration.total_s, self.bytes, self.dose_mgy))
        parts = ", ".join(f"{name} {seconds:.1f}" for name, seconds in self.duration.seconds.items() if seconds)
        rows += ["", f"seconds: {parts or 'none'}; the detector is armed {self.duration.armings} times"]
        rows += [
            "raw GB: before compression, so an upper bound; dose: at the beam's peak, for a crystal of standard composition"
        ]
        rows += [f"order {self.order or 'as listed'}; of those that mean the same: {'; '.join(self.quickest.reasons)}"]
        rows += [f"not allowed: {each}" for each in self.violations] or ["within all limits"]
        return "\n".join(rows)


def dry_run(item: QueueItem, limits: BeamlineLimits, timing: Timing) -> DryRun:
    """Estimate an item.

    Raises:
        InvalidInput: If it cannot be scheduled at all.
    """
    sweeps, scans, order = item.asked, schedule_item(item), order_of(item)
    parts = durations(scans, sweeps, timing, limits.images_per_arm_most)
    number = Counter(scan.sweep_index for scan in scans)
    estimates = tuple(
        SweepEstimate(
            prefix=sweep.prefix,
            scans=number[index],
            frames=sweep.number_images,
            seconds=part.total_s,
            bytes=sweep.number_images * limits.bytes_per_image,
            dose_mgy=dose_mgy,
        )
        for index, (sweep, part, dose_mgy) in enumerate(
            zip(sweeps, parts, sweep_doses_mgy(sweeps, limits), strict=True)
        )
    )
    return DryRun(
        sweeps=estimates,
        order=order,
        duration=sum(parts, Duration()),
        dose_mgy=experiment_dose_mgy(sweeps, limits),
        quickest=choose_order(sweeps, wedges_of(item), order, timing, limits.images_per_arm_most),
        violations=check_limits(item, limits),
    )


def _row(number: str, prefix: str, scans: int, frames: int, seconds: float, size: int, dose_mgy: float | None) -> str:
    dose = "not known" if dose_mgy is None else f"{dose_mgy:.3g}"
    return _ROW.format(number, prefix[:16], scans, frames, f"{seconds:.1f}", f"{size / 1e9:.3f}", dose)
