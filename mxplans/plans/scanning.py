"""One scan: a motion with one detector frame per image, in a run of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bluesky import plan_stubs as bps
from bluesky import preprocessors as bpp
from bluesky.utils import Msg, MsgGenerator, RequestAbort, RequestStop

from mxplans.model.acquisition import AcquisitionSettings, ScanMotion
from mxplans.plans import documents
from mxplans.plans.exposing import Exposure
from mxplans.plans.pausing import ScanInterrupted
from mxplans.plans.record import record
from mxplans.plans.safe import rest
from mxplans.plans.waiting import (
    ARM_TIMEOUT_S,
    FILES_TIMEOUT_S,
    MOVE_TIMEOUT_S,
    SCAN_TIMEOUT_S,
    set_and_wait,
    value_of,
    wait_for,
)
from mxplans.roles import BacklightState, Beamline, ShutterState

RUN_KEY = "scan"


def prepare_beam(bl: Beamline, aperture: str, transmission_frac: float) -> MsgGenerator[None]:
    """Shutter closed, backlight out of the way, aperture and attenuator as asked, all at the same time."""
    yield from set_and_wait(
        MOVE_TIMEOUT_S,
        bl.fast_shutter,
        ShutterState.CLOSED,
        bl.backlight,
        BacklightState.OUT,
        bl.aperture,
        aperture,
        bl.attenuator,
        transmission_frac,
    )


def acquisition_settings(
    bl: Beamline, motion: ScanMotion, directory: str, prefix: str, number_scans: int = 1
) -> MsgGenerator[AcquisitionSettings]:
    """What the detector must know for a motion, and for others that go on from it, with the energy and distance of now."""
    energy_ev = yield from value_of(bl.beam.energy)
    distance_mm = yield from value_of(bl.detector_distance)
    return AcquisitionSettings(
        number_images=motion.number_images,
        number_scans=number_scans,
        exposure_s=motion.exposure_s,
        energy_ev=energy_ev,
        distance_mm=distance_mm,
        omega_start_deg=motion.start.omega_deg,
        omega_increment_deg=motion.step_omega_deg,
        directory=directory,
        prefix=prefix,
    )


def arm(bl: Beamline, settings: AcquisitionSettings) -> MsgGenerator[None]:
    """Configure the detector and arm it; whoever does it leaves it disarmed by `make_safe`."""
    yield Msg("stage", bl.detector)
    yield Msg("prepare", bl.detector, settings, group="arm")
    yield from wait_for("arm", ARM_TIMEOUT_S)


@dataclass(frozen=True)
class ScanResult:
    """A scan that came to its end.

    Attributes:
        run_uid: Its run.
        flux_left_frac: Flux after it over flux before it; None where nobody says.
    """

    run_uid: str
    flux_left_frac: float | None


def scan(
    bl: Beamline,
    motion: ScanMotion,
    metadata: dict[str, Any],
    conclude: Callable[[], MsgGenerator[None]] | None = None,
    exposure: Exposure | None = None,
) -> MsgGenerator[ScanResult]:
    """Move, wait for the files; leaves the run and the shutter closed, the goniometer at rest.

    Args:
        bl: The beamline; beam and backlight are ready, the detector is armed for as many images.
        motion: The motion; the goniometer finds its start itself.
        metadata: Of the run.
        conclude: A plan to run after the motion, inside the run, while the files are being closed.
        exposure: What the motion exposes, for its dose; None where the dose is not to be known.

    Returns:
        The uid of its run, and how the beam was at its end.
    """
    opened: list[str] = []

    def give_up(error: Exception) -> MsgGenerator[None]:
        try:
            yield from rest(bl)
        finally:
            if opened:
                aborted = isinstance(error, RequestAbort | RequestStop | ScanInterrupted)
                yield from bps.close_run(exit_status="abort" if aborted else "fail", reason=str(error))

    plan = bpp.contingency_wrapper(_scan(bl, motion, metadata, conclude, exposure, opened), except_plan=give_up)
    result: ScanResult = yield from bpp.set_run_key_wrapper(plan, RUN_KEY)
    return result


def _scan(
    bl: Beamline,
    motion: ScanMotion,
    metadata: dict[str, Any],
    conclude: Callable[[], MsgGenerator[None]] | None,
    exposure: Exposure | None,
    opened: list[str],
) -> MsgGenerator[ScanResult]:
    run_uid: str = yield Msg("open_run", None, **metadata)
    opened.append(run_uid)
    before = yield from record(
        documents.PRE, {}, bl.goniometer, bl.beam, bl.attenuator, bl.aperture, bl.detector_distance, bl.fast_shutter
    )
    yield Msg("declare_stream", None, bl.detector, name=documents.FRAMES, collect=True)
    yield Msg("kickoff", bl.detector, group="kickoff")
    yield from wait_for("kickoff", ARM_TIMEOUT_S)
    yield Msg("set", bl.goniometer.scan, motion, group="motion")
    yield from wait_for("motion", SCAN_TIMEOUT_S)

    def dose(after: Mapping[str, Any]) -> dict[str, float]:
        dose_mgy = None if exposure is None else exposure.dose_mgy(bl, before, after)
        return {} if dose_mgy is None else {"dose_mgy": dose_mgy}

    after = yield from record(documents.POST, {}, bl.beam, bl.goniometer, follows=dose)
    yield Msg("complete", bl.detector, group="files")
    if conclude is not None:
        yield from conclude()
    yield from wait_for("files", FILES_TIMEOUT_S)
    yield Msg("collect", bl.detector, stream=False, return_payload=True, name=documents.FRAMES)
    yield from rest(bl)
    # The run's end is the last message: nothing comes between it and what the caller writes down of it. It is asked for
    # once, whatever a pause or an abort makes of the answer.
    opened.clear()
    yield Msg("close_run", None, exit_status=None, reason=None)
    return ScanResult(run_uid, _flux_left_frac(bl, before, after))


def _flux_left_frac(bl: Beamline, before: Mapping[str, Any], after: Mapping[str, Any]) -> float | None:
    key = bl.beam.flux.name
    return float(after[key]) / float(before[key]) if before.get(key) and key in after else None
