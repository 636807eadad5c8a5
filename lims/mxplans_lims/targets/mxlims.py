"""A record as one MXLIMS message: the experiment that was asked for, with what became of it.

The message of a record is a pure function of it: identifiers that are made here follow from the runs' uids, so that
exporting twice gives the same bytes.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mxplans.model.checks import require_sound
from mxplans.model.message import parse_message
from mxplans_lims.records import SampleRecord
from mxplans_lims.targets._experiment import ExperimentPart
from mxplans_lims.targets._samples import sample_objects

__all__ = ["MxlimsTarget", "to_message"]


def to_message(record: SampleRecord) -> dict[str, Any]:
    """Make the message of a record, whatever its end.

    Raises:
        InvalidMessage: If the record does not make a consistent message, which is a fault of the plans.
    """
    objects, sample_ref, place_ref = sample_objects(record)
    part = ExperimentPart(record, sample_ref, place_ref)
    message: dict[str, Any] = _finite({"version": record.mxlims_version, **objects, **part.objects()})
    origin = f"record of experiment {record.item_uid}"
    require_sound(parse_message(message, origin), origin)
    return message


class MxlimsTarget:
    """Writes one message per sample into a folder."""

    name = "mxlims"

    def export(self, record: SampleRecord, folder: Path) -> Path:
        """Write `<experiment uuid>.json`, whole or not at all; an earlier one of the same experiment is replaced.

        Returns:
            The file.
        """
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{record.item_uid}.json"
        partial = path.with_suffix(".json.partial")
        with partial.open("w", encoding="utf-8") as file:
            file.write(json.dumps(to_message(record), indent=2, allow_nan=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        return path


def _finite(value: Any) -> Any:
    """JSON has no word for what is not a number: leave it out; in a list, where places count, null stands for it."""
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items() if not _is_nonfinite(inner)}
    if isinstance(value, list | tuple):
        return [None if _is_nonfinite(inner) else _finite(inner) for inner in value]
    return value


def _is_nonfinite(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
