"""A record as one MXLIMS message: the experiment that was asked for, with what became of it.

The message of a record is a pure function of it: identifiers that are made here follow from those of the experiment and
its runs, so that exporting twice gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mxplans.model.checks import require_sound
from mxplans.model.message import parse_message
from mxplans_lims.executed import executed_sweeps
from mxplans_lims.names import finite, named
from mxplans_lims.records import SampleRecord
from mxplans_lims.targets.mxlims._experiment import experiment
from mxplans_lims.targets.mxlims._samples import sample_objects
from mxplans_lims.targets.mxlims._sweeps import result, templates
from mxplans_lims.targets.mxlims._volume_scans import VolumeScans


def to_message(record: SampleRecord) -> dict[str, Any]:
    """Make the message of a record, whatever its end; of one that is still running, as far as it has come.

    Its sweeps are first the templates, then the sweeps as they were executed, in the order of time: one for each grid,
    and one for all scans of a requested sweep, whatever was taken in between.

    Raises:
        InvalidMessage: If the record does not make a consistent message, which is a fault of the plans.
    """
    objects, sample, place = sample_objects(record)
    sweeps = executed_sweeps(record)
    volumes = VolumeScans(record, sweeps, sample, place)
    message: dict[str, Any] = finite(
        {
            "version": record.mxlims_version,
            **objects,
            **named("MxExperiment", experiment(record, sample, place)),
            **named("VolumeScan", *volumes.objects()),
            **named("CollectionSweep", *templates(record), *(result(each, volumes, place) for each in sweeps)),
        }
    )
    origin = f"record of experiment {record.item_uid}"
    require_sound(parse_message(_without_runs(message), origin), origin)
    return message


def _without_runs(message: Mapping[str, Any]) -> dict[str, Any]:
    """What there is to check: of the runs of an interleaved experiment there are thousands, all plain values of records."""
    sweeps = {
        key: {**sweep, "extensions": {domain: _but_runs(said) for domain, said in sweep["extensions"].items()}}
        if "extensions" in sweep
        else sweep
        for key, sweep in message.get("CollectionSweep", {}).items()
    }
    return {**message, **({"CollectionSweep": sweeps} if sweeps else {})}


def _but_runs(said: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in said.items() if key != "runs"}


def written(message: Mapping[str, Any]) -> str:
    """A message as files hold it; the same message gives the same text, in whatever order its parts are known."""
    return json.dumps(message, indent=2, allow_nan=False, sort_keys=True) + "\n"
