"""The target: one NXmx file beside the frames of each executed sweep."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from mxplans.errors import AnswerPending
from mxplans_lims.delivery import Delivery, Step
from mxplans_lims.executed import ExecutedSweep, executed_sweeps
from mxplans_lims.nxmx.content import content
from mxplans_lims.nxmx.images import in_order
from mxplans_lims.nxmx.settings import NxmxSettings
from mxplans_lims.nxmx.writer import AGAIN_S, write_file, written_from
from mxplans_lims.records import SampleRecord

_AWAIT = "await_master"


def nexus_path(sweep: ExecutedSweep) -> Path:
    """Where the NXmx file of a sweep stands, or will: in the folder of its first frames.

    It is called as its frames are, with the first eight characters of the sweep's uuid behind it, the same in each fold.
    """
    first = PurePosixPath(next(file.path for scan in sweep.in_image_order for file in scan.files))
    prefix = sweep.asked.get("prefix") or re.sub(r"_data_\d+$", "", first.stem)
    return Path(first.parent / f"{re.sub(r'[^A-Za-z0-9_.-]', '_', prefix)}_{sweep.uuid[:8]}.nxs")


class NxmxTarget:
    """Writes NXmx files, one for each sweep, beside its frames; see `mxplans_lims.delivery.Target`."""

    Settings = NxmxSettings

    def __init__(self, name: str, settings: NxmxSettings) -> None:
        self.name = name
        self._settings = settings

    def steps(self, delivery: Delivery) -> Sequence[Step]:
        """A step for each sweep that is over, named `nxmx/<uuid of the sweep>`."""
        record = delivery.record
        return [
            Step(f"nxmx/{sweep.uuid}", self._payload(record, sweep))
            for sweep in executed_sweeps(record)
            if _is_over(record, sweep)
        ]

    def send(self, step: Step, ids: Mapping[str, str]) -> Mapping[str, str]:
        """Write the file, unless it stands there already; the identifier is its path.

        Raises:
            TargetUnreachable: If the folder cannot be written.
            AnswerPending: If frames cannot be read, or the master file is yet to come.
            TargetRefused: If the frames are not what the documents say.
        """
        path, digest = Path(step.payload["path"]), _digest(step.payload)
        if written_from(path) != digest:
            _require_master(path, step.payload)
            write_file(path, step.payload, digest)
        return {step.key: str(path)}

    def close(self) -> None:
        """Nothing is held open."""

    def _payload(self, record: SampleRecord, sweep: ExecutedSweep) -> dict[str, Any]:
        path, images, facts = nexus_path(sweep), in_order(sweep.scans), sweep.detector
        master = facts.master
        return {
            "path": str(path),
            "images": images.number,
            "taken": images.taken,
            "frame": {"height_px": facts.height_px, "width_px": facts.width_px},
            "master": None if master is None else _relative(master, path),
            # The detector writes it when its series is over, which other sweeps may share.
            _AWAIT: master is not None and not record.complete,
            "sources": [
                {
                    "path": _relative(source.path, path),
                    "dataset": source.dataset,
                    "begin": source.begin,
                    "number": source.number,
                    "first": source.first,
                }
                for source in images.sources
            ],
            "content": content(record, sweep, images, self._settings),
        }


def _is_over(record: SampleRecord, sweep: ExecutedSweep) -> bool:
    """Whether no frame of it comes any more: the experiment is over, or it has all that were asked for."""
    asked = int(sweep.asked.get("numberImages") or 0)
    return record.complete or (sweep.end is not None and sweep.succeeded and 0 < asked <= sweep.frames)


def _relative(file: str, path: Path) -> str:
    """Way from the folder of `path` to a file, so that both can be moved together."""
    return Path(os.path.relpath(file, path.parent)).as_posix()


def _require_master(path: Path, payload: Mapping[str, Any]) -> None:
    if payload[_AWAIT] and not (path.parent / payload["master"]).is_file():
        raise AnswerPending(
            f"{path.parent / payload['master']} is not there yet, which holds the mask; it comes with the end of the series",
            retry_s=AGAIN_S,
        )


def _digest(payload: Mapping[str, Any]) -> str:
    """Of all that makes a difference to the file."""
    told = {name: value for name, value in payload.items() if name != _AWAIT}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
