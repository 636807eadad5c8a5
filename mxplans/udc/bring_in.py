"""Bringing a sample into the beam: mounted if it is not, centred as its experiment wants; and taking it out."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial

from bluesky import plan_stubs as bps
from bluesky.utils import MsgGenerator

from mxplans.errors import SampleProblem
from mxplans.model.extensions import Centring, Kind
from mxplans.model.item import QueueItem
from mxplans.plans.backgrounds import light_level, take_backgrounds, wanting
from mxplans.plans.documents import ScanContext
from mxplans.plans.exchange import mount, unmount
from mxplans.plans.looking import Optics
from mxplans.plans.optical import OpticalCentre, optical_centring
from mxplans.plans.orienting import read_orientation, same_orientation, turn_axes
from mxplans.plans.pausing import again_after_pauses
from mxplans.plans.xray import xray_centring
from mxplans.roles import Beamline
from mxplans.udc.phases import phase, phase_event, robot_event
from mxplans.udc.positions import on_pin
from mxplans.udc.sample import MountedSample, mounted_location
from mxplans.udc.settings import NightSettings
from mxplans.udc.verdicts import Outcome, Verdict


@dataclass(frozen=True)
class BroughtIn:
    """What bringing a sample in came to.

    Attributes:
        scans: How many it took.
        outcome: What keeps the item from being collected; None if nothing does.
    """

    scans: int = 0
    outcome: Outcome | None = None


def bring_in(
    bl: Beamline, item: QueueItem, settings: NightSettings, sample: MountedSample, context: ScanContext
) -> MsgGenerator[BroughtIn]:
    """Mount and centre what an item needs; nothing is done twice.

    A problem of the sample is left in `sample.outcome` for others on the same pin.

    Raises:
        RobotFault: If the robot stopped for a reason that is not the sample's.
    """
    sample.renew(item)
    wanted = centring_of(item)
    if item.location is not None and not (yield from _hangs(bl, item, sample)):
        yield from _mount(bl, item, settings, sample)
    sample.name = item.sample_name
    scans = yield from _centre(bl, item, settings, sample, context)
    outcome = sample.hindrance(wanted)
    if outcome is not None:
        sample.told.add(item.uuid)
    return BroughtIn(scans, outcome)


def _centre(
    bl: Beamline, item: QueueItem, settings: NightSettings, sample: MountedSample, context: ScanContext
) -> MsgGenerator[int]:
    """Centre a sample as far as is wanted and nothing hinders; how many scans that took."""
    wanted = centring_of(item)
    if wanted is Centring.NONE or sample.hindrance(wanted):
        return 0
    yield from turn_back(bl, sample)
    if sample.optical is None:
        yield from _centre_optically(bl, settings, sample, context)
    if wanted is Centring.OPTICAL or sample.crystals or sample.optical is None:
        return 0
    orientation = yield from read_orientation(bl)
    pin = on_pin(item, sample.optical, settings.xray.pin_positions, settings.goniometer, orientation)
    plan = xray_centring(bl, sample.optical, settings.xray, settings.collection, context, settings.goniometer, pin)
    xray = yield from phase("xray", plan)
    sample.crystals = xray.crystals
    if not xray.crystals:
        sample.outcome = Outcome(verdict=Verdict.NO_DIFFRACTION, reason=xray.reason, evidence=xray.evidence)
    return xray.scans


def turn_back(bl: Beamline, sample: MountedSample) -> MsgGenerator[None]:
    """Turn kappa, chi and phi to where they stood when the sample was found, if a scan has left them elsewhere."""
    found_at = sample.found_at
    if found_at is not None and not same_orientation((yield from read_orientation(bl)), found_at):
        yield from again_after_pauses(partial(turn_axes, bl, found_at))


def centring_of(item: QueueItem) -> Centring:
    """How an item's sample comes into the beam: as it says, else with X-rays unless it brings positions of its own."""
    if item.kind in (Kind.LOAD, Kind.UNLOAD):
        return Centring.NONE
    if item.kind in (Kind.OPTICAL_CENTRING, Kind.XRAY_CENTRING, Kind.LINE, Kind.MESH):
        return item.extension.centring or Centring.OPTICAL
    if item.extension.centring is not None:
        return item.extension.centring
    placed = bool(item.asked) and all(sweep.start is not None for sweep in item.asked)
    return Centring.NONE if placed or item.location is None else Centring.XRAY


def take_out(bl: Beamline, item: QueueItem, sample: MountedSample) -> MsgGenerator[None]:
    """Put the mounted pin back."""
    begun_s = time.time()
    done = yield from again_after_pauses(lambda: unmount(bl))
    sample.forget()
    yield from robot_event(bl, "UNLOAD", item.location, 0, "unmounted" if done else "nothing was mounted", begun_s)


def _hangs(bl: Beamline, item: QueueItem, sample: MountedSample) -> MsgGenerator[bool]:
    """Whether the item's pin hangs on the goniometer already, or is known to be of no use to it."""
    if sample.hindrance(centring_of(item)) and sample.location == item.location:
        return True
    present = yield from mounted_location(bl)
    if present != sample.location:
        sample.forget()
        sample.location = present
    return present is not None and present == item.location


def _mount(bl: Beamline, item: QueueItem, settings: NightSettings, sample: MountedSample) -> MsgGenerator[None]:
    yield from phase_event("mount", "begin")
    location = item.location
    sample.forget()
    if location is not None:
        begun_s = time.time()
        try:
            light_frac = yield from light_level(bl)
            if zooms := wanting(bl, settings.optical, sample.backgrounds, light_frac):
                yield from again_after_pauses(lambda: unmount(bl))
                take = partial(take_backgrounds, bl, settings.optical, sample.backgrounds, zooms, in_run=True)
                yield from again_after_pauses(take)
            begun_s = time.time()
            yield from again_after_pauses(lambda: mount(bl, location))
        except SampleProblem as problem:
            yield from robot_event(bl, "LOAD", location, 1, str(problem), begun_s)
            sample.outcome = Outcome(verdict=Verdict.PIN_MISSING, reason=str(problem))
        else:
            yield from robot_event(bl, "LOAD", location, 0, "mounted", begun_s)
        sample.location = location
    yield from phase_event("mount", "end")
    yield from bps.checkpoint()


def _centre_optically(
    bl: Beamline, settings: NightSettings, sample: MountedSample, context: ScanContext
) -> MsgGenerator[None]:
    optics = Optics(settings.optical, sample.backgrounds, settings.goniometer)
    look = partial(optical_centring, bl, optics, context)
    found = yield from phase("optical", again_after_pauses(look))
    if isinstance(found, OpticalCentre):
        sample.optical = found
        sample.found_at = yield from read_orientation(bl)
        return
    verdict = Verdict.EMPTY_MOUNT if found.empty else Verdict.NOT_CENTRED
    sample.outcome = Outcome(verdict=verdict, reason=found.reason, evidence=found.evidence)
