"""One turn at constant speed with the camera running: frames, each with the omega of its exposure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from bluesky import preprocessors as bpp
from bluesky.utils import Msg, MsgGenerator

from mxplans.model.acquisition import Spin
from mxplans.model.detection import AngleTrack, StampedFrame
from mxplans.plans.pausing import again_after_pauses
from mxplans.plans.waiting import MOVE_TIMEOUT_S, prepare_and_wait, set_and_wait
from mxplans.roles import Beamline

RECORDER_TIMEOUT_S = 30.0
FRAMES_PER_TURN = 36


class SeenFrame(NamedTuple):
    """A frame, and omega in the middle of its exposure."""

    frame: StampedFrame
    omega_deg: float


@dataclass(frozen=True)
class NothingSeen:
    """The camera showed nothing of the turn.

    Attributes:
        reason: For people.
        evidence: `frames` that came at all, `older_frames` of them exposed before the turn's even part, `late_frames`
            behind it, and `repeated_frames`, which are the same as the first to the last bit; `mean_grey` of the last.
    """

    reason: str
    evidence: Mapping[str, float]


def rate_for(spin: Spin, frames_per_turn: int = FRAMES_PER_TURN) -> float:
    """Frames per second that give so many of them on 360 deg.

    >>> rate_for(Spin(speed_deg_s=120.0))
    12.0
    """
    return frames_per_turn * spin.speed_deg_s / 360.0


def spin_and_see(
    bl: Beamline, spin: Spin, rate_hz: float | None = None
) -> MsgGenerator[tuple[SeenFrame, ...] | NothingSeen]:
    """Turn omega once and keep what the on-axis camera sees, light and zoom as they are.

    After a pause the turn is made again, since the RunEngine stops it. Needs no open run.

    Args:
        bl: The beamline.
        spin: Which turn.
        rate_hz: Frames per second of the camera; what gives 36 on 360 deg when None.

    Returns:
        The frames exposed while the speed was constant, in the order of their times; or that there are none.

    Raises:
        LimitExceeded: If the goniometer has not the speed or the room.
        DeviceFault: If it does not turn evenly to its end, or the camera cannot be read.
    """
    rate = rate_for(spin) if rate_hz is None else rate_hz
    yield from again_after_pauses(lambda: _turn(bl, spin, rate))
    return angled(bl.viewer.recorder.frames, bl.goniometer.spin.track)


def angled(frames: Sequence[StampedFrame], track: AngleTrack) -> tuple[SeenFrame, ...] | NothingSeen:
    """The frames of a turn with their omega; older ones and later ones are left out."""
    seen = tuple(SeenFrame(frame, track.at(frame.time_s)) for frame in frames if track.covers(frame.time_s))
    evidence = {
        "frames": len(frames),
        "older_frames": sum(frame.time_s < track.time_s[0] for frame in frames),
        "late_frames": sum(frame.time_s > track.time_s[-1] for frame in frames),
        "repeated_frames": sum(np.array_equal(frame.image, frames[0].image) for frame in frames[1:]),
    }
    if frames:
        evidence["mean_grey"] = float(frames[-1].image.mean())
    if not frames:
        return NothingSeen("the camera gave no new frame during the turn; look whether it runs", evidence)
    if not seen:
        return NothingSeen(
            f"none of {len(frames)} frames of the camera was exposed during the turn; compare its clock with the goniometer's",
            evidence,
        )
    if len(seen) > 1 and all(np.array_equal(one.frame.image, seen[0].frame.image) for one in seen[1:]):
        # A real sensor's noise is never twice the same.
        return NothingSeen(
            f"all {len(seen)} frames of the turn are the same to the last bit; restart the camera", evidence
        )
    return seen


def _turn(bl: Beamline, spin: Spin, rate_hz: float) -> MsgGenerator[None]:
    """Record a turn; the recorder and the turn have ended whatever happens."""
    spinner = bl.goniometer.spin
    yield from prepare_and_wait(spinner, spin, "way to a turn", MOVE_TIMEOUT_S)
    yield from bpp.finalize_wrapper(_recorded(bl, spin, rate_hz), lambda: _end(bl))


def _recorded(bl: Beamline, spin: Spin, rate_hz: float) -> MsgGenerator[None]:
    yield from set_and_wait(RECORDER_TIMEOUT_S, bl.viewer.recorder, rate_hz)
    yield from set_and_wait(spin.duration_s + MOVE_TIMEOUT_S, bl.goniometer.spin, spin)


def _end(bl: Beamline) -> MsgGenerator[None]:
    yield Msg("stop", bl.goniometer.spin)
    yield from set_and_wait(RECORDER_TIMEOUT_S, bl.viewer.recorder, 0.0)
