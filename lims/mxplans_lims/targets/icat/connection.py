"""What this target wants of ICAT, through pyicat-plus: is a dataset registered, register it, it has more files now.

The packages of ICAT are an extra and take seconds to load: they are loaded when they are used.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from typing import Any

from mxplans.errors import InvalidInput, TargetRefused, TargetUnreachable
from mxplans_lims.secret import keep_out_of_logs

_PACKAGES = ("icat_esrf_definitions", "pyicat_plus", "stompest")
_TALKERS = ("pyicat_plus.client._internal.investigation", "urllib3.connectionpool", "urllib3.util.retry")
"""What logs addresses of ICAT+ when it is away: the token is a part of them."""


def require_packages() -> None:
    """The packages of ICAT are there: asked before anything is sent, without loading them.

    Raises:
        InvalidInput: If one is not installed.
    """
    for package in _PACKAGES:
        if find_spec(package) is None:
            raise InvalidInput(
                f"package {package} is not installed; a target of type icat needs it: pip install 'mxplans[icat]'"
            )


@dataclass(frozen=True)
class Investigation:
    """A beam time: which datasets belong to it."""

    beamline: str
    proposal: str
    date: datetime


class IcatConnection:
    """Queue and REST interface of one ICAT.

    Args:
        queue_urls: Brokers, `host:port`.
        rest_url: Of ICAT+.
        token: For ICAT+.
        timeout_s: For each answer.
    """

    def __init__(self, queue_urls: tuple[str, ...], rest_url: str, token: str, timeout_s: float) -> None:
        from pyicat_plus.client.main import IcatClient

        keep_out_of_logs(token, *_TALKERS)
        self._rest_url = rest_url
        self._queue_urls = queue_urls
        self._client = IcatClient(
            metadata_urls=list(queue_urls),
            add_files_urls=list(queue_urls),
            elogbook_url=rest_url,
            elogbook_token=token,
            queue_timeout=timeout_s,
            feedback_timeout=timeout_s,
        )

    def registered(self, investigation: Investigation) -> Mapping[str, str]:
        """ICAT's identifier of each dataset of a beam time, by folder, which is what pyicat-plus knows a dataset by.

        Raises:
            TargetUnreachable: If ICAT+ does not answer.
            TargetRefused: If there is no such beam time: its datasets would be dropped in silence.
        """
        where = {"beamline": investigation.beamline, "proposal": investigation.proposal, "date": investigation.date}
        info = self._client.investigation_info(**where)
        if info is None:
            raise TargetUnreachable(f"ICAT+ at {self._rest_url} does not answer; it is asked again")
        if not info:
            raise TargetRefused(
                f"ICAT has no investigation of proposal {investigation.proposal!r} at {investigation.beamline!r}: allowed "
                "is one that the user office has made; correct the proposal of the shipment, or have it made, then retry"
            )
        found = self._client.registered_datasets(**where)
        if found is None:
            raise TargetUnreachable(f"ICAT+ at {self._rest_url} does not list the datasets; it is asked again")
        return {each.dataset_id.path: str(each.icat_dataset_id) for each in found}

    def register(self, investigation: Investigation, name: str, folder: str, fields: Mapping[str, Any]) -> None:
        """Put a dataset into the queue of the ingester.

        Raises:
            TargetUnreachable: If no broker takes it.
            TargetRefused: If pyicat-plus finds it not to be valid.
        """
        with self._told_in_our_words():
            self._client.store_dataset(
                investigation.beamline, investigation.proposal, name, folder, dict(fields), strict=True
            )

    def more_files(self, dataset_id: str) -> None:
        """Have the files of a registered dataset counted again.

        Raises:
            TargetUnreachable: If no broker takes it.
        """
        with self._told_in_our_words():
            self._client.add_files(dataset_id=int(dataset_id))

    def close(self) -> None:
        """Let go of the broker."""
        self._client.disconnect()

    @contextlib.contextmanager
    def _told_in_our_words(self) -> Iterator[None]:
        from pyicat_plus.errors import IcatMetadataSerializationError, IcatMetadataValidationError
        from stompest.error import StompError

        try:
            yield
        except (IcatMetadataSerializationError, IcatMetadataValidationError, AssertionError) as error:
            raise TargetRefused(f"ICAT does not take the dataset: {error}") from error
        except (StompError, OSError) as error:
            raise TargetUnreachable(
                f"no broker of {', '.join(self._queue_urls)} takes messages: {error}; it is tried again"
            ) from error


def check_fields(beamline: str, proposal: str, name: str, folder: str, fields: Mapping[str, Any]) -> dict[str, str]:
    """Fields as ICAT has them, complete and seen to be valid without asking anybody.

    Raises:
        TargetRefused: If one is unknown, or its value has the wrong type or unit.
    """
    from icat_esrf_definitions.models import IcatDatasetParameters

    whole = {**fields, "datasetName": name, "location": folder, "proposal": proposal, "beamlineID": beamline}
    try:
        model = IcatDatasetParameters.from_icat_dict(whole)
    except ValueError as error:  # as pydantic says it as well
        raise TargetRefused(f"dataset {folder} is not valid by ICAT's definitions: {error}") from error
    checked: dict[str, str] = model.finalize().to_icat_dict()
    return {key: checked[key] for key in checked if key in fields}
