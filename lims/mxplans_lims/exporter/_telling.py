"""From documents of an experiment to the steps of each target."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable
from pathlib import Path

from mxplans.errors import MxplansError
from mxplans_lims.delivery import Delivery
from mxplans_lims.exporter._targets import Targets
from mxplans_lims.fold import fold
from mxplans_lims.journal import Document
from mxplans_lims.outbox import Spelled, spell
from mxplans_lims.targets.mxlims import to_message

log = logging.getLogger(__name__)

FOLD = "(fold)"
"""Stands for a target where the documents of an experiment make no record."""

MISCONFIGURED = "target misconfigured: "
"""Begins the reason why an experiment was not told to a target that cannot be used now."""


class Teller:
    """Says what experiments mean to each target.

    Args:
        targets: Of the night.
        out: Its folder.
    """

    def __init__(self, targets: Targets, out: Path) -> None:
        self._targets = targets
        self._out = out

    def final(self, item_uid: str, documents: Iterable[Document]) -> dict[str, tuple[Spelled, ...] | str]:
        """Steps of an experiment whose run is over, by target; a text says why there are none."""
        try:
            delivery = self._delivery(item_uid, documents, live=False)
        except Exception as error:
            # One night's odd documents must not keep the next experiment from its LIMS.
            log.exception("experiment %s makes no record", item_uid)
            return {FOLD: _reason(error)}
        told: dict[str, tuple[Spelled, ...] | str] = {FOLD: ()}
        for name in self._targets.usable:
            told[name] = self._steps(name, delivery)
        for name, reason in self._targets.broken.items():
            told[name] = f"{MISCONFIGURED}{reason}"
        return told

    def live(self, item_uid: str, documents: Iterable[Document]) -> dict[str, tuple[Spelled, ...] | str]:
        """Steps of an experiment that is still running. What cannot be told yet may be told at its end."""
        try:
            delivery = self._delivery(item_uid, documents, live=True)
        except Exception as error:  # noqa: BLE001  the same is said of the whole experiment when it is over
            log.info("experiment %s makes no record yet: %s", item_uid, _reason(error))
            return {}
        told = {name: self._steps(name, delivery) for name in self._targets.usable}
        return {name: steps for name, steps in told.items() if not isinstance(steps, str)}

    def _delivery(self, item_uid: str, documents: Iterable[Document], live: bool) -> Delivery:
        records = {record.item_uid: record for record in fold(documents, live=live)}
        if item_uid not in records:
            raise MxplansError(f"the journal has no documents of experiment {item_uid} where it had them; replay it")
        record = records[item_uid]
        return Delivery(record, to_message(record), self._out)

    def _steps(self, name: str, delivery: Delivery) -> tuple[Spelled, ...] | str:
        try:
            return spell(self._targets.usable[name].steps(delivery))
        except MxplansError as error:
            log.warning("experiment %s cannot be told to %s: %s", delivery.record.item_uid, name, error)
            return str(error)
        except Exception as error:
            log.exception("experiment %s cannot be told to %s", delivery.record.item_uid, name)
            return _reason(error)


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, MxplansError) else traceback.format_exception_only(error)[-1].strip()
