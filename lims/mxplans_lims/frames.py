"""Frames of an item from a catalogue: one array for each sweep, in image order."""

from __future__ import annotations

from typing import Any

from mxplans.errors import InvalidInput


def sweeps_of(catalogue: Any, item_uid: str) -> dict[str, Any]:
    """Streams of the sweeps of a queue item, by name, as its last attempt left them.

    Args:
        catalogue: Tiled client of a catalogue that `mxplans_lims.archive` filled.
        item_uid: The queue item.

    Raises:
        InvalidInput: If the catalogue holds no run of this item that has ended.
    """
    from tiled.queries import Eq

    found = catalogue.search(Eq("start.mxplans.item_uid", item_uid)).search(Eq("start.mxplans.role", "sample"))
    runs = [run for run in found.values() if "stop" in run.metadata]
    if not runs:
        raise InvalidInput(
            f"the catalogue holds no run of item {item_uid} that has ended; look at `mxplans lims status`"
        )
    last = max(runs, key=lambda run: float(run.metadata["start"]["time"]))
    return {name: last[name] for name in last if "sweep" in last[name].metadata.get("configuration", {})}


def open_frames(catalogue: Any, item_uid: str, sweep: str, data_key: str = "detector_image") -> Any:
    """The frames of a sweep, image by image, whatever was taken in between.

    Args:
        catalogue: Tiled client of a catalogue that `mxplans_lims.archive` filled.
        item_uid: The queue item.
        sweep: Name of the stream (`sweep_` and the prefix), the prefix, or the uuid of the executed sweep.
        data_key: Of the detector.

    Returns:
        A Tiled array client (images, slow to fast; y; x): has `shape` and `dtype`, reads only what is asked for
        (`frames[17]`, `frames[100:110]`).

    Raises:
        InvalidInput: If there is no such sweep.
    """
    streams = sweeps_of(catalogue, item_uid)
    for name, stream in streams.items():
        uuid = stream.metadata["configuration"]["sweep"]["data"]["sweep_uuid"]
        if sweep in (name, name.removeprefix("sweep_"), uuid):
            return stream[data_key]
    raise InvalidInput(f"item {item_uid} has no sweep {sweep}; it has {', '.join(streams) or 'none with frames'}")
