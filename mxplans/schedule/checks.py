"""An experiment against a beamline's limits: all that is wrong, before anything moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mxplans.errors import LimitExceeded
from mxplans.model import QueueItem, Sweep
from mxplans.model.sweeps import ROTATING
from mxplans.schedule.doses import experiment_dose_mgy
from mxplans.schedule.limits import BeamlineLimits, Violation
from mxplans.schedule.scans import ScheduledScan, schedule, schedule_item
from mxplans.schedule.sweep_checks import violations_of

TOLD_MOST = 10
"""Violations that one message tells."""
_STAYING = {"energy": "energy_ev", "kappa": "kappa_deg", "phi": "phi_deg", "chi": "chi_deg"}


def check_limits(asked: QueueItem | Sequence[Sweep], limits: BeamlineLimits) -> tuple[Violation, ...]:
    """Everything that a beamline cannot or may not do of an item, or of sweeps that are taken whole as listed.

    Raises:
        InvalidInput: If they cannot be scheduled at all.
    """
    if isinstance(asked, QueueItem):
        sweeps, scans = asked.asked, schedule_item(asked)
    else:
        sweeps, scans = tuple(asked), schedule(asked, None, "")
    found = [
        each for number, sweep in enumerate(sweeps, start=1) for each in violations_of(f"sweep {number}", sweep, limits)
    ]
    found += _of_scans(sweeps, scans, limits)
    found += _of_dose(sweeps, limits, _dose_limits(asked, limits))
    return tuple(found)


def require_within(asked: QueueItem | Sequence[Sweep], limits: BeamlineLimits) -> None:
    """Do nothing if a beamline can do all that is asked.

    Raises:
        LimitExceeded: With everything that it cannot do, the first `TOLD_MOST` in words.
        InvalidInput: If it cannot be scheduled at all.
    """
    found = check_limits(asked, limits)
    if found:
        more = f"; and {len(found) - TOLD_MOST} more" if len(found) > TOLD_MOST else ""
        raise LimitExceeded("; ".join(map(str, found[:TOLD_MOST])) + more)


def _of_scans(sweeps: Sequence[Sweep], scans: Sequence[ScheduledScan], limits: BeamlineLimits) -> Iterator[Violation]:
    """What is wrong with scans as they follow each other."""
    most, told = limits.images_per_arm_most, set()
    changed: dict[str, str] = {}
    for scan in scans:
        sweep, name = sweeps[scan.sweep_index], f"sweep {scan.sweep_index + 1}"
        if most is not None and scan.number_images > most and (name, "") not in told:
            told.add((name, ""))
            remedy = f"ask for wedges of {most} images or fewer" if sweep.sweep_type in ROTATING else "take it in parts"
            yield Violation(f"{name}: a scan", f"{scan.number_images} images", f"{most} or fewer", remedy)
        for thing, field in _STAYING.items():
            if getattr(sweep, field) is not None:
                changed.setdefault(thing, name)
            elif thing in changed and (name, thing) not in told:
                told.add((name, thing))
                remedy = "give every sweep of an experiment its own, or none"
                value = f"as it is, after {changed[thing]} has set it"
                yield Violation(f"{name}: {thing}", value, "a value", remedy)


def _dose_limits(asked: QueueItem | Sequence[Sweep], limits: BeamlineLimits) -> dict[str, float]:
    """Who limits the dose, to how many MGy."""
    said = {"the beamline": limits.dose_limit_mgy}
    if isinstance(asked, QueueItem):
        said |= {
            "the item's doseBudget": asked.experiment.dose_budget,
            "the item's doseLimitMgy": asked.extension.dose_limit_mgy,
        }
    return {who: most for who, most in said.items() if most is not None}


def _of_dose(sweeps: Sequence[Sweep], limits: BeamlineLimits, most: dict[str, float]) -> Iterator[Violation]:
    """Too much dose, or a dose that should be limited and is not known."""
    if not most or not sweeps:
        return
    dose_mgy = experiment_dose_mgy(sweeps, limits)
    for who, limit in most.items():
        allowed = f"{limit:g} MGy by {who}"
        if dose_mgy is None:
            remedy = "name energies of 4 to 30 keV and apertures that are here, on a beamline that knows its flux"
            yield Violation("dose", "not known", allowed, remedy)
        elif dose_mgy > limit:
            remedy = f"transmit or expose {limit / dose_mgy:.2g} times as much, or spread it over the sample"
            yield Violation("dose", f"{dose_mgy:.3g} MGy", allowed, remedy)
