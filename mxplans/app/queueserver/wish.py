"""What people want of the queue: that it runs, pauses or stands. It outlives every process."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from mxplans.app.queueserver.private_files import read_private, write_private


class Mode(StrEnum):
    """What the queue shall do."""

    RUN = "run"
    PAUSE = "pause"
    """Halt the running experiment at its next checkpoint, begin no other."""
    STOP = "stop"
    """Finish the running experiment, begin no other."""
    ABORT = "abort"
    """End the running experiment now, begin no other."""


class Wish(BaseModel):
    """One wish: the last one counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Mode
    who: str
    reason: str = ""
    time_s: float


def make_wish(path: Path, mode: Mode, who: str, reason: str = "") -> Wish:
    """Write a wish."""
    wish = Wish(mode=mode, who=who, reason=reason, time_s=time.time())
    write_private(path, wish.model_dump(mode="json"))
    return wish


def present_wish(path: Path) -> Wish:
    """The wish that counts; a queue that nobody has started stands."""
    content = read_private(path)
    if content is None:
        return Wish(mode=Mode.STOP, who="mxplans serve", reason="not started yet", time_s=0.0)
    return Wish.model_validate(content)
