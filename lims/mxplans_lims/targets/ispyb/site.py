"""What a site's ISPyB does its own way, and the experiment that rows are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from mxplans_lims.delivery import TargetSettings
from mxplans_lims.records import SampleRecord
from mxplans_lims.targets.ispyb.units import local_text


@dataclass(frozen=True)
class Site:
    """How a site's ISPyB differs from others.

    Attributes:
        zone: Of its naive times.
        beamline: As ISPyB names it; None takes what the documents say.
        session: Number of the session where a shipment names none; None looks it up by the time.
        experiment_types: Its words for values of `experimentType`, where they are others: an ESRF database has no Mesh3D.
    """

    zone: ZoneInfo
    beamline: str | None = None
    experiment_types: Mapping[str, str] = field(default_factory=dict)
    session: int | None = None


def known_zone(name: str) -> str:
    """A name of a time zone that this machine knows.

    Raises:
        ValueError: If it does not.
    """
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone; allowed is an IANA name, as Europe/Paris or Etc/UTC") from error
    return name


class SiteSettings(TargetSettings):
    """What a profile says of a site, whichever way its ISPyB is written to."""

    timezone: Annotated[str, AfterValidator(known_zone)] = Field(
        description="Of the times in the database, which say none: an IANA name, as Europe/Paris"
    )
    beamline_name: str | None = Field(default=None, description="As ISPyB has it; None takes that of the documents")
    session: int | None = Field(
        default=None,
        gt=0,
        description="Number of the session where a shipment names none; None takes the one that the beamline has then",
    )
    experiment_types: dict[str, str] = Field(
        default={}, description="Words of this site for values of experimentType, as Mesh3D: Mesh"
    )

    @property
    def site(self) -> Site:
        """How its ISPyB differs from others."""
        return Site(ZoneInfo(self.timezone), self.beamline_name, self.experiment_types, self.session)


@dataclass(frozen=True)
class Told:
    """An experiment that is told to a site.

    Attributes:
        record: What is known of it.
        out: The folder that snapshots are named relative to.
        site: Where it is told.
    """

    record: SampleRecord
    out: Path
    site: Site

    def time(self, when: datetime | None) -> str | None:
        """A time as the columns hold it."""
        return None if when is None else local_text(when, self.site.zone)

    def path(self, path: str | None) -> str | None:
        """A file by its full path."""
        return None if path is None else str(self.out / path)
