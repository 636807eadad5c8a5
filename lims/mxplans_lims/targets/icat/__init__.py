"""ICAT: one dataset for each folder of frames, through pyicat-plus. It needs the extra `icat`.

The ingester behind the queue gives no answer, and registers a dataset twice that comes twice. So a dataset is looked
up first, the intention to send it is kept before it is sent, and it is done only when ICAT+ lists it.

Source: reference of pyicat-plus 3.1.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import Field

from mxplans.errors import AnswerPending, TargetRefused, TargetUnreachable
from mxplans_lims.delivery import Delivery, Step, TargetSettings
from mxplans_lims.secret import Secret
from mxplans_lims.targets.icat.connection import IcatConnection, Investigation, check_fields, require_packages
from mxplans_lims.targets.icat.datasets import Dataset, datasets, told

__all__ = ["IcatTarget"]

ASK_AGAIN_S = 2.0
"""The ingester needs about a second for a dataset."""
LIST_AGE_S = 1.0
"""How old a list of datasets may be: many that wait are looked up in the same one."""


class IcatSettings(TargetSettings):
    """Where ICAT is, and how patiently it is asked."""

    beamline: str = Field(min_length=1, description="Name of the instrument in ICAT")
    queue_urls: tuple[str, ...] = Field(min_length=1, description="Message brokers, host:port")
    rest_url: str = Field(pattern=r"^https?://[^\s/?#@]+([/?#]|$)", description="Of ICAT+; never with a password")
    token: Secret = Field(description="For ICAT+")
    timeout_s: float = Field(default=10.0, gt=0, le=300, description="Until broker or ICAT+ have answered")
    resend_after_s: float = Field(
        default=3600.0, ge=5, description="A dataset that ICAT does not list so long after it was sent is sent again"
    )


class IcatTarget:
    """Sends datasets, each once.

    Args:
        name: As in the profile.
        settings: Where ICAT is.
        now_s: The clock, for tests.

    Raises:
        InvalidInput: If a package that it needs is not installed.
    """

    Settings = IcatSettings

    def __init__(self, name: str, settings: IcatSettings, now_s: Callable[[], float] = time.time) -> None:
        require_packages()
        self.name = name
        self.place = settings.rest_url
        self._settings = settings
        self._now_s = now_s
        self._connection: IcatConnection | None = None
        self._intended: set[str] = set()
        self._listed: tuple[float, str, Mapping[str, str]] = (float("-inf"), "", {})

    def steps(self, delivery: Delivery) -> Sequence[Step]:
        """One step for each dataset, when the experiment is over: a dataset cannot be changed in ICAT.

        Raises:
            TargetRefused: If there is no proposal, or a dataset is not valid by ICAT's definitions.
        """
        record = delivery.record
        found = datasets(record) if record.complete else ()
        if found and not record.proposal:
            raise TargetRefused(
                f"{record.sample_name}: the shipment has no proposalCode, which ICAT needs; write it into the shipment"
            )
        return [self._step(each, str(record.proposal), record.start, delivery.out) for each in found]

    def send(self, step: Step, ids: Mapping[str, str]) -> Mapping[str, str]:
        """Register a dataset, and see that it is registered.

        Raises:
            AnswerPending: If it is about to be sent, or is sent and not listed yet.
            TargetUnreachable: If broker or ICAT+ do not answer.
            TargetRefused: If there is no such proposal at the beamline.
        """
        payload, sent_key = step.payload, f"sent/{step.key}"
        investigation = Investigation(
            self._settings.beamline, payload["proposal"], datetime.fromisoformat(payload["date"])
        )
        place = payload["location"]
        dataset_id = self._look_up(investigation, place)
        if dataset_id is not None:
            if step.key in ids:
                self._connected().more_files(dataset_id)
            return {step.key: dataset_id}
        sent_s = float(ids.get(sent_key, "-inf"))
        if step.key in self._intended:
            self._intended.discard(step.key)
            keep_pictures(payload)
            self._connected().register(investigation, payload["name"], place, payload["fields"])
            raise AnswerPending(f"dataset {place} is sent; ICAT does not list it yet", retry_s=ASK_AGAIN_S)
        if self._now_s() - sent_s < self._settings.resend_after_s:
            raise AnswerPending(
                f"dataset {place} was sent {self._now_s() - sent_s:.0f} s ago, ICAT does not list it yet; it is sent "
                f"again after {self._settings.resend_after_s:g} s",
                retry_s=ASK_AGAIN_S,
            )
        # The intention is kept before anything is sent: whoever finds it after a crash waits instead of sending twice.
        self._intended.add(step.key)
        raise AnswerPending(f"dataset {place} is about to be sent", {sent_key: repr(self._now_s())}, retry_s=0.0)

    def close(self) -> None:
        """Let go of the broker."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _step(self, dataset: Dataset, proposal: str, date: datetime, out: Path) -> Step:
        fields = check_fields(
            self._settings.beamline, proposal, dataset.name, str(dataset.folder), told(dataset.fields)
        )
        payload: dict[str, Any] = {
            "proposal": proposal,
            "date": date.isoformat(),
            "name": dataset.name,
            "location": str(dataset.folder),
            "fields": fields,
            "gallery": [str(out / picture) for picture in dataset.gallery],
        }
        return Step(f"dataset/{dataset.folder}", payload)

    def _look_up(self, investigation: Investigation, place: str) -> str | None:
        """ICAT's identifier of a dataset, None when it has none."""
        listed_s, proposal, listed = self._listed
        if place in listed and proposal == investigation.proposal:
            return listed[place]
        now_s = self._now_s()
        if proposal != investigation.proposal or not 0 <= now_s - listed_s <= LIST_AGE_S:
            listed = self._connected().registered(investigation)
            self._listed = (now_s, investigation.proposal, listed)
        return listed.get(place)

    def _connected(self) -> IcatConnection:
        if self._connection is None:
            settings = self._settings
            token = settings.token.read()
            self._connection = IcatConnection(settings.queue_urls, settings.rest_url, token, settings.timeout_s)
        return self._connection


def keep_pictures(payload: Mapping[str, Any]) -> None:
    """Copy the pictures of a dataset into its `gallery/`, where ICAT's portal shows them from; missing ones are left out.

    Raises:
        TargetUnreachable: If the folder cannot be written.
    """
    pictures = [Path(picture) for picture in payload["gallery"] if Path(picture).is_file()]
    gallery = Path(payload["location"]) / "gallery"
    try:
        for picture in pictures:
            gallery.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(picture, gallery / picture.name)
    except OSError as error:
        raise TargetUnreachable(
            f"pictures cannot be put into {gallery}: {error.strerror}; make it writable, it is tried again"
        ) from error
