"""Optical centring of many random mounts on the virtual beamline, in virtual time: where the loop is, and what is none.

A mount is centrable when it has a loop, is not iced over, and its pin is neither bent nor too long or short beyond what
the profile allows. What is within a tenth of a limit may end either way and counts for neither side.
"""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from bluesky import plan_stubs as bps
from bluesky.utils import MsgGenerator

from mxplans.app.session import Session, open_session
from mxplans.model.acquisition import SampleLocation
from mxplans.plans.backgrounds import take_backgrounds
from mxplans.plans.exchange import mount, unmount
from mxplans.plans.looking import Optics
from mxplans.plans.optical import NoOpticalCentre, OpticalCentre, optical_centring
from mxplans.plans.record import record
from mxplans.plans.viewing import light_up
from mxplans.profile import OpticalCentring, load_profile
from support.meter import Meter
from support.shipments import PINS, shipment

ROOT = Path(__file__).parents[2]
SIM = ROOT / "profiles/sim"
FIBRE_MM = 0.010
"""Radius of the virtual loops' fibre: the outer end of a loop is that far beyond the fibre's middle."""
NEAR_LIMIT = 0.1
MIX: Mapping[str, tuple[float, Mapping[str, Any]]] = {
    "good": (0.40, {}),
    "bent": (0.20, {}),
    "dim": (0.10, {}),
    "frosted": (0.10, {"frost_um_h": 600.0}),
    "iced": (0.06, {"iced": True}),
    "empty": (0.08, {"empty": True}),
    "too_long": (0.03, {"too_long": True}),
    "too_short": (0.03, {"too_short": True}),
}
"""How many of each kind, and what the world file says of it."""
BEND_DEG = (3.0, 28.0)
DIM = (0.1, 0.5)


@dataclass(frozen=True)
class Mounted:
    """What was mounted and what came of it."""

    kind: str
    truth: Mapping[str, Any]
    found: OpticalCentre | NoOpticalCentre
    device_s: float
    analysis_s: float

    @property
    def error_um(self) -> float:
        """Between the centre that was found and the true one; infinite when none was found."""
        if isinstance(self.found, NoOpticalCentre):
            return float("inf")
        loop = self.truth["loop"]
        along = np.array(loop["rotation"])[:, 0]
        centre_mm = np.array(loop["neck_mm"]) - (loop["length_mm"] + FIBRE_MM) / 2 * along
        return float(np.linalg.norm(np.array(self.found.pose.xyz_mm) + centre_mm)) * 1000

    def centrable(self, settings: OpticalCentring) -> bool | None:
        """Whether it is; None when it is too near to a limit to tell."""
        if self.kind in ("empty", "iced"):
            return False
        loop = self.truth["loop"]
        loop_deg = float(np.degrees(np.arccos(np.array(loop["rotation"])[0, 0])))
        low_mm, high_mm = settings.neck_range_mm
        margins = (
            1 - loop_deg / settings.bend_max_deg,
            1 - self.truth["mount"]["bend_deg"] / settings.bend_max_deg,
            1 - max(loop["neck_mm"][0] / high_mm, loop["neck_mm"][0] / low_mm),
        )
        if min(map(abs, margins)) < NEAR_LIMIT:
            return None
        return min(margins) > 0


def centring_mounts(meter: Meter, seed: int, number: int = 200) -> None:
    """Figures of optical centring.

    Args:
        meter: Prints them.
        seed: Of the mounts.
        number: How many.
    """
    settings, mounts = measured(seed, number)
    able = [each for each in mounts if each.centrable(settings)]
    good = sum(each.error_um <= 10 for each in able)
    meter.figure("mounts", len(mounts), "mounts", f"= {number}", len(mounts) == number)
    meter.figure("mounts_centrable", len(able), "mounts")
    meter.figure("mounts_centred_within_10_um", 100 * good / len(able), "%", ">= 99", good >= 0.99 * len(able))
    errors_um = [each.error_um for each in able if np.isfinite(each.error_um)]
    for percent in (50, 90, 99):
        meter.figure(f"mount_error_p{percent}", float(np.percentile(errors_um, percent)), "um (3D)")
    seconds = [each.device_s for each in able]
    meter.figure("mount_device_time", float(np.median(seconds)), "s (median)", "<= 6", float(np.median(seconds)) <= 6)
    meter.figure("mount_device_time_p90", float(np.percentile(seconds, 90)), "s")
    meter.figure("mount_device_time_slowest", max(seconds), "s")
    cpu = [each.analysis_s for each in able]
    meter.figure("mount_analysis_cpu", float(np.median(cpu)), "s (median)", "<= 1", float(np.median(cpu)) <= 1)
    meter.figure("mount_analysis_cpu_slowest", max(cpu), "s")
    empty = [each for each in mounts if each.kind == "empty"]
    accepted = sum(isinstance(each.found, OpticalCentre) for each in empty)
    meter.figure("empty_mounts_accepted", accepted, f"of {len(empty)}", "= 0", accepted == 0)
    refused = sum(isinstance(each.found, NoOpticalCentre) and each.found.empty for each in able)
    meter.figure("centrable_mounts_refused_as_empty", refused, f"of {len(able)}", "= 0", refused == 0)
    for kind in ("iced", "too_long", "too_short"):
        told = [each.found for each in mounts if each.kind == kind and each.centrable(settings) is False]
        right = sum(isinstance(found, NoOpticalCentre) and found.failure == kind.replace("_", " ") for found in told)
        meter.figure(f"mounts_{kind}_told", right, f"of {len(told)}", "all", right == len(told))


def measured(seed: int, number: int) -> tuple[OpticalCentring, list[Mounted]]:
    """Centre so many mounts; the settings of the profile, and what came of each."""
    rng = np.random.default_rng(seed)
    kinds = rng.choice(list(MIX), size=number, p=[part for part, _ in MIX.values()])
    names = [f"mount-{index}" for index in range(1, number + 1)]
    with tempfile.TemporaryDirectory() as folder:
        profile_path = _prepared(Path(folder), seed, dict(zip(names, kinds, strict=True)), rng)
        profile = load_profile(profile_path).model_copy(update={"speed_up": 1.0, "archive": None})
        out = Path(folder) / "out"
        with open_session(profile, profile_path, out, profile_path.with_name("shipment.json"), True) as session:
            optics = Optics(profile.optical, geometry=profile.goniometer)
            found = _centre_all(session, optics, number)
        truth = json.loads((out / "virtual_beamline/truth.json").read_text())["samples"]
    mounts = [Mounted(kind, truth[name], *each) for name, kind, each in zip(names, kinds.tolist(), found, strict=True)]
    return profile.optical, mounts


def _prepared(folder: Path, seed: int, kinds: Mapping[str, str], rng: np.random.Generator) -> Path:
    """A profile with a world of these mounts, and its shipment; its path."""
    profile = folder / "profile"
    shutil.copytree(SIM, profile)
    world = yaml.safe_load((profile / "world.yaml").read_text())
    world["seed"] = seed
    world["samples"] = {name: dict(MIX[kind][1]) for name, kind in kinds.items()}
    for name, kind in kinds.items():
        if kind == "bent":
            world["samples"][name]["bend_deg"] = float(rng.uniform(*BEND_DEG))
    world["faults"] = [
        {"kind": "camera_dim", "sample": name, "parameters": {"factor": float(rng.uniform(*DIM))}}
        for name, kind in kinds.items()
        if kind == "dim"
    ]
    (profile / "world.yaml").write_text(yaml.safe_dump(world))
    (profile / "shipment.json").write_text(json.dumps(shipment(list(kinds))))
    return profile / "beamline.yaml"


def _centre_all(session: Session, optics: Optics, number: int) -> list[tuple[Any, float, float]]:
    """Outcome, simulated seconds of the devices, and seconds of CPU of the analyses, for each mount."""
    bl, run_engine = session.beamline, session.run_engine
    events: list[float] = []
    outcomes: list[Any] = []

    def prepare() -> MsgGenerator[None]:
        yield from unmount(bl)
        yield from take_backgrounds(bl, optics.settings, optics.backgrounds)

    def one(index: int) -> MsgGenerator[None]:
        yield from bps.open_run({})
        yield from mount(bl, SampleLocation(puck=index // PINS + 1, pin=index % PINS + 1))
        yield from light_up(bl, optics.settings.zoom)  # goes on while the robot works
        yield from record("begin", {"mounted": 1})
        outcomes.append((yield from optical_centring(bl, optics)))
        yield from record("end", {"mounted": 1})
        yield from unmount(bl)
        yield from bps.close_run()

    run_engine.subscribe(lambda _, document: events.append(document["time"]), "event")
    run_engine(prepare())
    found = []
    with _analyses() as seconds:
        for index in range(number):
            events.clear()
            seconds.clear()
            run_engine(one(index))
            found.append((outcomes[-1], events[-1] - events[0], sum(seconds)))
    return found


@contextmanager
def _analyses() -> Iterator[list[float]]:
    """Seconds of CPU that each analysis took, as the plans log them."""
    seconds: list[float] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if isinstance(record.args, tuple):
                seconds.append(float(record.args[1]))  # type: ignore[arg-type]  # the second is a number

    logger, handler = logging.getLogger("mxplans.plans.analysing"), Collect()
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield seconds
    finally:
        logger.removeHandler(handler)
