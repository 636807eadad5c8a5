"""ISPyB's tables as a source of samples: containers that were queued, with the diffraction plans of their samples."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from mxplans.errors import InvalidMessage
from mxplans.model.queue import file_name
from mxplans_lims.secret import Secret
from mxplans_lims.sources._containers import label_of, message_of
from mxplans_lims.sources._queries import ContainerRows, waiting_containers
from mxplans_lims.sources.source import SourceSettings, Waiting, Work
from mxplans_lims.targets.ispyb.database import Database, checked_url


class IspybSourceSettings(SourceSettings):
    """Which database, and which of its containers."""

    url: Annotated[str, AfterValidator(checked_url)] = Field(
        description="mysql+pymysql://user@host:port/database, or sqlite:///path; never with a password"
    )
    password: Secret | None = Field(default=None, description="Where the user's password stands")
    beamline_name: str | None = Field(
        default=None, description="Only containers whose beamlineLocation it is; None takes all that wait"
    )
    connect_timeout_s: int = Field(default=10, ge=1, le=600, description="Until a connection stands")
    answer_timeout_s: int = Field(default=30, ge=1, le=600, description="Until a statement is answered")
    tls: Path | None = Field(default=None, description="Certificates of authorities; None goes unencrypted")


class IspybSource:
    """Reads what waits; nothing is written: a container is done when the site says so in `ContainerQueue`.

    Args:
        settings: Which database.
    """

    Settings: type[SourceSettings] = IspybSourceSettings

    def __init__(self, settings: IspybSourceSettings) -> None:
        self._beamline = settings.beamline_name
        self._database = Database(
            settings.url, settings.password, settings.connect_timeout_s, settings.answer_timeout_s, settings.tls
        )

    def waiting(self) -> Waiting:
        """One message for each container that was queued and is not completed.

        Raises:
            TargetUnreachable: If the database does not answer or does not let us in, or its tables are of another version.
        """
        try:
            with self._database.transaction() as connection:
                containers = waiting_containers(connection, self._beamline)
        finally:
            self._database.close()
        work, refused = [], []
        for rows in containers:
            try:
                work.append(Work(_name_of(rows), message_of(rows)))
            except InvalidMessage as error:
                refused.append(str(error))
        return Waiting(tuple(work), tuple(refused))


def _name_of(rows: ContainerRows) -> str:
    """The same for the same entry of the queue."""
    return file_name(f"{label_of(rows).removeprefix('container ')}-{rows.queue['containerQueueId']}")
