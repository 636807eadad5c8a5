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
    """End one experiment now, if it is running, and begin no other."""


class Wish(BaseModel):
    """One wish: the last one counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Mode
    who: str
    reason: str = ""
    time_s: float
    item_uuid: str | None = None
    """With ABORT: the experiment that was meant; it may have ended before the wish is read."""

    def aborts(self, item_uuid: str | None) -> bool:
        """Whether an experiment is to be ended."""
        return self.mode is Mode.ABORT and item_uuid is not None and item_uuid == self.item_uuid


def make_wish(path: Path, mode: Mode, who: str, reason: str = "", item_uuid: str | None = None) -> Wish:
    """Write a wish.

    Args:
        path: Of its file.
        mode: What is wanted.
        who: Wants it.
        reason: For people.
        item_uuid: With ABORT: the experiment to end.
    """
    wish = Wish(mode=mode, who=who, reason=reason, time_s=time.time(), item_uuid=item_uuid)
    write_private(path, wish.model_dump(mode="json"))
    return wish


def present_wish(path: Path) -> Wish:
    """The wish that counts; a queue that nobody has started stands."""
    content = read_private(path)
    if content is None:
        return Wish(mode=Mode.STOP, who="mxplans serve", reason="not started yet", time_s=0.0)
    return Wish.model_validate(content)
