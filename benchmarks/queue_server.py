"""The queue: what its parts keep exact, and how fast.

Prints one JSON line for each figure; ends with 1 when a goal is missed. It is not called queue.py, since scripts in this
folder would then find it where they want the standard library's queue.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from support.crashes import crashes
from support.meter import Meter
from support.overhead import overhead
from support.queue_store import queue_store

from mxplans.errors import InvalidInput, LimitExceeded
from mxplans.model import QueueItem, Sweep, parse_item
from mxplans.schedule import Beam, BeamlineLimits, ScheduledScan, require_within, schedule, schedule_item

EXPERIMENTS = 10_000
ITEMS = 10_000
SEED = 4
LOSSES = (
    ((20, 20), 5),
    ((25, 25), 10),
    ((100, 100), 30),
    ((103, 103), 10),
    ((50, 50), 7),
    ((40, 20), 10),
    ((100, 95), 10),
)
"""Images of the sweeps and of a wedge, of which a scheduler in use collects all only for the first."""
ORIENTATIONS = ((None, None), (0.0, 0.0), (60.0, 0.0), (60.0, 90.0))
LIMITS = BeamlineLimits(
    kappa_range_deg=(0, 240),
    phi_range_deg=(-360, 360),
    energy_range_ev=(6000, 20_000),
    energy_ev=12_660,
    flux_ph_s=1e12,
    dose_limit_mgy=20,
    apertures={"Large": Beam(horizontal_um=70, vertical_um=70)},
    aperture="Large",
)
UUID = "00000000-0000-4000-8000-00000000000a"
NASTY = (
    0,
    -5,
    1e308,
    80_000,
    float("nan"),
    float("inf"),
    True,
    None,
    "",
    "../../etc",
    "x" * 300,
    [],
    {},
    [[[[]]]],
    "NaN",
    10**400,
)
FIELDS = (
    "exposureTime",
    "imageWidth",
    "numberImages",
    "energy",
    "transmission",
    "prefix",
    "scanAxis",
    "sweepType",
    "tpyo",
)
AXES = ("omega", "kappa", "phi", "chi", "sampleX", "detectorDistance", "tail")
LOOPS = {
    "wedgeImages": (7, 10, 10**9),
    "order": ("gsb", "sb", "ss", "q"),
    "doseLimitMgy": (1, 1e-9),
    "kind": ("mesh", "load"),
}


def random_sweeps(dice: random.Random) -> list[Sweep]:
    """An experiment of any sweeps that differ in what orders loop over."""
    found = []
    for _ in range(dice.randint(1, 8)):
        kappa_deg, phi_deg = dice.choice(ORIENTATIONS)
        found.append(
            Sweep(
                number_images=dice.randint(1, 4000),
                image_width_deg=dice.choice((0.05, 0.1, 0.2, 0.3, 0.7)),
                exposure_s=0.1,
                omega_start_deg=dice.choice((-90.0, 0.0, 0.1)),
                energy_ev=dice.choice((None, 12_658.0, 12_661.0)),
                distance_mm=dice.choice((None, 150.0)),
                inverse=dice.randint(0, 1),
                pass_number=dice.randint(1, 2),
                kappa_deg=kappa_deg,
                phi_deg=phi_deg,
            )
        )
    return found


def wrong_frames(scans: Sequence[ScheduledScan], sweeps: Sequence[Sweep]) -> tuple[int, int, int]:
    """Frames that are lost, taken twice, or past the end."""
    times = [np.zeros(sweep.number_images, dtype=np.int64) for sweep in sweeps]
    past = 0
    for scan in scans:
        taken = times[scan.sweep_index]
        past += max(0, scan.last_image - len(taken)) + max(0, 1 - scan.first_image)
        taken[max(0, scan.first_image - 1) : scan.last_image] += 1
    return sum(int((each == 0).sum()) for each in times), sum(int((each - 1).clip(0).sum()) for each in times), past


def partition(meter: Meter) -> None:
    """Random experiments: every frame once."""
    dice = random.Random(SEED)
    lost = doubled = past = frames = scans_made = misplaced = 0
    for _ in range(EXPERIMENTS):
        sweeps = random_sweeps(dice)
        order = "".join(dice.sample("gsbdi", dice.randint(0, 5)))
        scans = schedule(sweeps, dice.choice((None, dice.randint(1, 20), dice.randint(20, 5000))), order)
        wrong = wrong_frames(scans, sweeps)
        lost, doubled, past = lost + wrong[0], doubled + wrong[1], past + wrong[2]
        frames += sum(sweep.number_images for sweep in sweeps)
        scans_made += len(scans)
        misplaced += sum(scan.start_deg != sweeps[scan.sweep_index].start_of(scan.first_image) for scan in scans)
        misplaced += [scan.ordinal for scan in scans] != list(range(1, len(scans) + 1))
    meter.figure("experiments_scheduled", EXPERIMENTS, "experiments", f">= {EXPERIMENTS}")
    meter.figure("scans_made", scans_made, "scans")
    meter.figure("frames_asked", frames, "frames")
    meter.figure("frames_lost", lost, "frames", "= 0", lost == 0)
    meter.figure("frames_doubled", doubled, "frames", "= 0", doubled == 0)
    meter.figure("frames_past_the_end", past, "frames", "= 0", past == 0)
    meter.figure("scans_at_another_angle_or_ordinal", misplaced, "scans", "= 0", misplaced == 0)


def known_losses(meter: Meter) -> None:
    """The wedges that a scheduler in use loses, and all widths of a rotation in tenths of a degree."""
    exact = 0
    for counts, wedge in LOSSES:
        sweeps = [Sweep(number_images=count, image_width_deg=0.1, exposure_s=0.1) for count in counts]
        exact += wrong_frames(schedule(sweeps, wedge, "gs"), sweeps) == (0, 0, 0)
    meter.figure("known_losses_exact", exact, "experiments", f"= {len(LOSSES)}", exact == len(LOSSES))
    exact = 0
    for count in range(1, 3601):
        sweeps = [Sweep(number_images=count, image_width_deg=0.1, exposure_s=0.1)]
        exact += wrong_frames(schedule(sweeps, 100, "s"), sweeps) == (0, 0, 0)
    meter.figure("widths_exact", exact, "widths", "= 3600", exact == 3600)


def speed(meter: Meter) -> None:
    """A hundred thousand wedges, and the validation of one item."""
    sweeps = [
        Sweep(
            number_images=25_000, image_width_deg=0.1, exposure_s=0.1, energy_ev=9000.0 + index // 2, inverse=index % 2
        )
        for index in range(4)
    ]
    begin = time.perf_counter()
    number = len(schedule(sweeps, 1, "gsib"))
    taken_s = time.perf_counter() - begin
    meter.figure("schedule_100000_wedges", taken_s, "s", "<= 2", taken_s <= 2 and number == 100_000)
    content = interleaved()
    taken_ms = median_ms(lambda: parse_item(content))
    meter.figure("validate_item_4_sweeps", taken_ms, "ms (median)", "<= 1", taken_ms <= 1)
    item = parse_item(content)
    taken_ms = median_ms(lambda: require_within(item, LIMITS))
    meter.figure("check_limits_4_sweeps", taken_ms, "ms (median)")


def interleaved() -> dict[str, Any]:
    """An item that is collected at two energies, both mates of each."""
    sweeps = [
        {
            "exposureTime": 0.02,
            "imageWidth": 0.1,
            "numberImages": 900,
            "transmission": 20,
            "energy": energy,
            "axisPositionsStart": {"omega": 180.0 * mate},
            "prefix": f"e{energy}i{mate}",
            "extensions": {"mxplans.example.org": {"inverse": mate}},
        }
        for energy in (12_658, 12_661)
        for mate in (0, 1)
    ]
    loops = {"kind": "inverse_beam", "order": "gsbi", "wedgeImages": 100}
    return {"experiment": experiment(loops), "sweeps": sweeps, "sampleName": "lyso", "location": {"puck": 1, "pin": 2}}


def experiment(loops: dict[str, Any]) -> dict[str, Any]:
    """An MXLIMS experiment with our extension."""
    return {"mxlimsType": "MxExperiment", "uuid": UUID, "extensions": {"mxplans.example.org": loops}}


def median_ms(work: Callable[[], Any], repeats: int = 200) -> float:
    """Median time of a call."""
    taken = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begin) * 1e3)
    return statistics.median(taken)


def fuzz(meter: Meter) -> None:
    """Items with anything in their fields: each is exact, or refused with a reason."""
    dice = random.Random(SEED)
    exact = refused = other = 0
    for _ in range(ITEMS):
        try:
            item = parse_item(random_item(dice))
            scans = schedule_item(item)
            require_within(item, LIMITS)
        except (InvalidInput, LimitExceeded) as reason:
            refused += len(str(reason)) > 20
            other += len(str(reason)) <= 20
        except Exception as unexpected:  # noqa: BLE001 - it is what this part looks for
            print(f"{type(unexpected).__name__}: {unexpected}"[:300], file=sys.stderr)
            other += 1
        else:
            exact += is_exact(item, scans)
            other += not is_exact(item, scans)
    meter.figure("items_accepted_and_exact", exact, "items", "> 0", exact > 0)
    meter.figure("items_refused_with_a_reason", refused, "items", "> 0", refused > 0)
    meter.figure("items_with_another_end", other, "items", f"= 0 of {ITEMS}", other == 0)


def is_exact(item: QueueItem, scans: Sequence[ScheduledScan]) -> bool:
    """Whether every frame is taken once."""
    return wrong_frames(scans, item.asked) == (0, 0, 0)


def random_item(dice: random.Random) -> dict[str, Any]:
    """A good item with up to three values that are not."""
    content = interleaved()
    for _ in range(dice.randint(0, 3)):
        sweep = dice.choice(content["sweeps"])
        place = dice.randrange(4)
        if place == 0:
            sweep[dice.choice(FIELDS)] = dice.choice((*NASTY, dice.uniform(-10, 1000), dice.randint(-10, 1000)))
        elif place == 1:
            sweep["axisPositionsStart"][dice.choice(AXES)] = dice.choice((*NASTY, dice.uniform(-400, 400)))
        elif place == 2:
            name = dice.choice(list(LOOPS))
            content["experiment"]["extensions"]["mxplans.example.org"][name] = dice.choice((*LOOPS[name], *NASTY))
        else:
            content[dice.choice(list(content))] = dice.choice(NASTY)
            return content
    return content


PARTS: dict[str, Callable[[Meter], None]] = {
    "partition": partition,
    "known_losses": known_losses,
    "speed": speed,
    "fuzz": fuzz,
    "store": queue_store,
    "overhead": overhead,
}


def main() -> int:
    """Measure everything, or only what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"Only these of {', '.join(PARTS)}, crashes")
    parser.add_argument("--kills", type=int, default=50, help="Of each process, in the part crashes")
    asked = parser.parse_args()
    meter = Meter()
    parts = PARTS | {"crashes": partial(crashes, kills=asked.kills)}
    for name in asked.parts or parts:
        parts[name](meter)
    return 0 if meter.good else 1


if __name__ == "__main__":
    sys.exit(main())
