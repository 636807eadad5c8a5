"""Asks a source for work and writes one message for each container."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mxplans.errors import InvalidInput, InvalidMessage
from mxplans_lims.sources.source import SampleSource, Waiting

GROUP = "mxplans.sample_sources"


def source_of(name: str, settings: Mapping[str, Any]) -> SampleSource:
    """Make a source.

    Raises:
        InvalidInput: If there is none of that name, or its settings are wrong.
    """
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in found:
        raise InvalidInput(
            f"sample source {name!r} is not known; allowed is one of {', '.join(sorted(found))}: correct the name, or "
            "install the package that brings it"
        )
    kind: type[SampleSource] = found[name].load()
    try:
        return kind(kind.Settings(**settings))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "settings"
        raise InvalidInput(f"sample source {name}: {place}: {first['msg']}; correct the settings") from error


def fetch(name: str, settings: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write what waits, one message for each container; one that was written before is replaced by what stands there now.

    Args:
        name: Of the source, as its entry point.
        settings: Of the source.
        folder: Where the messages go; made where it is missing.

    Returns:
        The files, by name.

    Raises:
        TargetUnreachable: If the source does not answer now.
        InvalidInput: If the source is not known or its settings are wrong.
        InvalidMessage: If a container cannot be taken; all others have been written.
    """
    waiting = source_of(name, settings).waiting()
    paths = _written(waiting, folder)
    if waiting.refused:
        told = "; ".join(waiting.refused)
        raise InvalidMessage(
            f"{len(waiting.refused)} of {len(waiting.refused) + len(paths)} containers cannot be taken: {told}. "
            f"The others are in {folder}"
        )
    return paths


def _written(waiting: Waiting, folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for work in waiting.work:
        path = folder / f"{work.name}.json"
        partial = path.with_suffix(".json.partial")
        partial.write_text(json.dumps(work.message, indent=2, allow_nan=False) + "\n", encoding="utf-8")
        partial.replace(path)
        paths.append(path)
    return paths
