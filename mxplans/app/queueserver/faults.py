"""What the worker says of a failure of the beamline: one file, until the supervisor has read it."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from mxplans.app.queueserver.private_files import read_private, write_private


class Fault(BaseModel):
    """A plan that failed, and not because of its sample."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    item_uuid: str
    reason: str


def report_fault(path: Path, item_uuid: str, reason: str) -> None:
    """Tell the supervisor."""
    write_private(path, Fault(item_uuid=item_uuid, reason=reason).model_dump())


def take_fault(path: Path) -> Fault | None:
    """The fault that was reported since the last call."""
    content = read_private(path)
    path.unlink(missing_ok=True)
    return Fault.model_validate(content) if content is not None else None
