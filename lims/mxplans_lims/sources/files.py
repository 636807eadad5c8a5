"""A folder of MXLIMS messages as a source of samples."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from mxplans.errors import InvalidMessage, TargetUnreachable
from mxplans.model.checks import require_sound
from mxplans.model.message import read_message
from mxplans_lims.sources.source import SourceSettings, Waiting, Work

_ENDED = ("Completed", "Failed", "Aborted")


class FileSettings(SourceSettings):
    """Which folder."""

    folder: Path = Field(description="Holds messages as *.json")


class FileSource:
    """Messages of a folder in which something is left to do: no experiment at all, or one that has not ended.

    Args:
        settings: Which folder.
    """

    Settings: type[SourceSettings] = FileSettings

    def __init__(self, settings: FileSettings) -> None:
        self._folder = settings.folder

    def waiting(self) -> Waiting:
        """What the files hold, by their names.

        Raises:
            TargetUnreachable: If the folder cannot be read.
        """
        try:
            paths = sorted(path for path in self._folder.iterdir() if path.suffix == ".json")
        except OSError as error:
            raise TargetUnreachable(
                f"folder {self._folder} cannot be read: {error.strerror}; make it, or name another"
            ) from error
        work, refused = [], []
        for path in paths:
            try:
                message = read_message(path)
                require_sound(message, str(path))
            except InvalidMessage as error:
                refused.append(str(error))
                continue
            experiments = message.mx_experiments.values()
            if not experiments or any(experiment.job_status not in _ENDED for experiment in experiments):
                work.append(Work(path.stem, message.to_json()))
        return Waiting(tuple(work), tuple(refused))
