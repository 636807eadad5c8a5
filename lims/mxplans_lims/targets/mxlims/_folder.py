"""A folder of messages, one file for each experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from mxplans_lims.delivery import Delivery, Step, TargetSettings
from mxplans_lims.targets._files import write_whole
from mxplans_lims.targets.mxlims._message import written

_KEY = "message"


class MxlimsSettings(TargetSettings):
    """Where the messages go."""

    folder: Path | None = Field(
        default=None, description="Made when missing; None: lims/messages of the night's folder"
    )


class MxlimsTarget:
    """Writes `<experiment uuid>.json`, also of an experiment that is still running; what stood there is replaced."""

    Settings: ClassVar[type[TargetSettings]] = MxlimsSettings

    def __init__(self, name: str, settings: MxlimsSettings) -> None:
        self.name = name
        self._folder = settings.folder

    def steps(self, delivery: Delivery) -> Sequence[Step]:
        """The message."""
        folder = self._folder or delivery.out / "lims" / "messages"
        path = folder / f"{delivery.record.item_uid}.json"
        return [Step(_KEY, {"path": str(path), "message": delivery.message})]

    def send(self, step: Step, ids: Mapping[str, str]) -> Mapping[str, str]:
        """Write it; the identifier is its path.

        Raises:
            TargetUnreachable: If the disk is full or the folder cannot be written.
        """
        path = Path(step.payload["path"])
        write_whole(path, written(step.payload["message"]))
        return {step.key: str(path)}

    def close(self) -> None:
        """Nothing is open."""
