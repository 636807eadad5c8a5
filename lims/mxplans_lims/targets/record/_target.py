"""The target that is always there: the message of an experiment beside its frames, and `metadata.json` with them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from mxplans_lims.delivery import Delivery, Step, TargetSettings
from mxplans_lims.executed import ExecutedSweep, executed_sweeps
from mxplans_lims.targets._files import unwritable, write_whole
from mxplans_lims.targets.mxlims import written
from mxplans_lims.targets.record._metadata import described
from mxplans_lims.targets.record._metadata_file import METADATA, tell

_MESSAGE = "message"
_METADATA = "metadata"


class RecordSettings(TargetSettings):
    """Nothing to choose: it stands beside the data."""


class RecordTarget:
    """Writes files of an experiment that is over; what stood there of the same experiment is replaced.

    `<experiment uuid>.mxlims.json` goes where all its frames are: their folder, or the one that holds their folders.
    A `metadata.json` goes into each folder that has frames. Without frames both go into `lims/<experiment uuid>` of the
    night's folder.
    """

    Settings: ClassVar[type[TargetSettings]] = RecordSettings

    def __init__(self, name: str, settings: RecordSettings) -> None:
        self.name = name

    def steps(self, delivery: Delivery) -> Sequence[Step]:
        """The message, then each folder; nothing as long as the experiment goes on, since its folders may change."""
        record, out = delivery.record, delivery.out
        if not record.complete:
            return []
        nowhere = out / "lims" / record.item_uid
        folders: dict[Path, list[ExecutedSweep]] = {}
        for sweep in executed_sweeps(record):
            folders.setdefault(_folder_of(sweep), []).append(sweep)
        path = (_common(list(folders)) if folders else nowhere) / f"{record.item_uid}.mxlims.json"
        message = Step(_MESSAGE, {"item": record.item_uid, "path": str(path), "message": delivery.message})
        return [
            message,
            *(
                Step(
                    f"{_METADATA}/{os.path.relpath(folder, out)}",
                    {
                        "item": record.item_uid,
                        "folder": str(folder),
                        "metadata": described(record, sweeps, folder, path, out),
                    },
                )
                for folder, sweeps in (folders or {nowhere: []}).items()
            ),
        ]

    def send(self, step: Step, ids: Mapping[str, str]) -> Mapping[str, str]:
        """Write a file; the identifier is its path.

        Raises:
            TargetUnreachable: If the disk is full or the folder cannot be written.
            TargetRefused: If there is a `metadata.json` of something else.
        """
        item = str(step.payload["item"])
        if step.key != _MESSAGE:
            folder = Path(step.payload["folder"])
            tell(folder, item, step.payload["metadata"])
            return {step.key: str(folder / METADATA)}
        path = Path(step.payload["path"])
        write_whole(path, written(step.payload["message"]))
        before = ids.get(step.key)
        if before is not None and Path(before) != path:
            _take_away(Path(before), item)
        return {step.key: str(path)}

    def close(self) -> None:
        """Nothing is open."""


def _folder_of(sweep: ExecutedSweep) -> Path:
    return Path(next(file.path for scan in sweep.scans for file in scan.files)).parent


def _common(folders: Sequence[Path]) -> Path:
    """The folder of all frames, or the one that holds their folders; of folders far apart the last."""
    if len(folders) > 1 and all(folder.parent == folders[0].parent for folder in folders):
        return folders[0].parent
    return folders[-1]


def _take_away(message: Path, item: str) -> None:
    """An earlier attempt had no frames, or in one folder only: what stands there is no longer what is known."""
    try:
        if (message.parent / METADATA).exists():
            tell(message.parent, item, None)
        message.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # something else is in it
            message.parent.rmdir()
    except OSError as error:
        raise unwritable(message, error) from error
