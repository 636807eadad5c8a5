"""Sends the steps of records as the outbox does: in order, with identifiers, what is unchanged never again."""

import json
from typing import Any

from lims_records import delivery

from mxplans.errors import TargetUnreachable
from mxplans_lims.delivery import Target
from mxplans_lims.records import SampleRecord


class Sender:
    """Keeps the identifiers of one experiment at one target.

    Attributes:
        ids: By key.
        failures: Reasons of attempts that did not get through.
    """

    def __init__(self, target: Target) -> None:
        self.ids: dict[str, str] = {}
        self.failures: list[str] = []
        self._target = target
        self._done: dict[str, str] = {}

    def send(self, record: SampleRecord, tries: int = 3) -> None:
        """Send what is new or has changed; what is unreachable is tried again."""
        for step in self._target.steps(delivery(record)):
            payload = json.dumps(step.payload, sort_keys=True)
            if self._done.get(step.key) != payload:
                self._try(step, tries)
                self._done[step.key] = payload

    def _try(self, step: Any, tries: int) -> None:
        for left in reversed(range(tries)):
            try:
                self.ids.update(self._target.send(step, self.ids))
                return
            except TargetUnreachable as error:
                self.failures.append(str(error))
                if not left:
                    raise
