"""ISPyB through its SQLAlchemy tables, on MariaDB or SQLite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from mxplans_lims.delivery import Delivery, Step, TargetSettings
from mxplans_lims.secret import Secret
from mxplans_lims.targets.ispyb.database import Database, checked_url
from mxplans_lims.targets.ispyb.lookup import resolve
from mxplans_lims.targets.ispyb.row import RESOLVE, rows_of
from mxplans_lims.targets.ispyb.rows import ispyb_rows
from mxplans_lims.targets.ispyb.site import SiteSettings
from mxplans_lims.targets.ispyb.writing import write


class IspybSettings(SiteSettings):
    """What a profile says of an ISPyB database."""

    url: Annotated[str, AfterValidator(checked_url)] = Field(
        description="mysql+pymysql://user@host:port/database, or sqlite:///path; never with a password"
    )
    password: Secret | None = Field(default=None, description="Where the user's password stands")
    connect_timeout_s: int = Field(default=10, ge=1, le=600, description="Until a connection stands")
    answer_timeout_s: int = Field(default=30, ge=1, le=600, description="Until a statement is answered")
    tls: Path | None = Field(default=None, description="Certificates of authorities; None goes unencrypted")


class IspybTarget:
    """Writes the rows of an experiment, one transaction for each step.

    Args:
        name: As in the profile.
        settings: Which database, and how its site says things.
    """

    Settings: type[TargetSettings] = IspybSettings

    def __init__(self, name: str, settings: IspybSettings) -> None:
        self.name = name
        self.place = settings.url
        self._site = settings.site
        self._database = Database(
            settings.url, settings.password, settings.connect_timeout_s, settings.answer_timeout_s, settings.tls
        )

    def steps(self, delivery: Delivery) -> Sequence[Step]:
        """Rows of an experiment as far as it has come: pure.

        Raises:
            TargetRefused: If the experiment names no proposal.
        """
        return ispyb_rows(delivery.record, delivery.out, self._site)

    def send(self, step: Step, ids: Mapping[str, str]) -> Mapping[str, str]:
        """Write the rows of a step, those that are there already in their place.

        Raises:
            TargetUnreachable: If the database does not answer or does not let us in.
            TargetRefused: If a value does not fit, or proposal or session do not exist.
        """
        with self._database.transaction() as connection:
            if step.key == RESOLVE:
                return resolve(connection, step.payload)
            return write(connection, step.key, rows_of(step), ids)

    def close(self) -> None:
        """Close the connection."""
        self._database.close()
