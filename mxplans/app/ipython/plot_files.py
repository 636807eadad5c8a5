"""A figure of each run as a file: hinted values of any run, scores of a grid."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

GRID_STREAM = "mx_grid"
POINTS_MIN = 2
"""One point is no curve."""
CURVES_MOST = 6


class PlotFiles:
    """Takes the documents of one run, and writes its figures when it ends.

    Args:
        folder: Made when the first figure is written.
        tell: Is told the path of each.
    """

    def __init__(self, folder: Path, tell: Callable[[Path], None]) -> None:
        self._folder = folder
        self._tell = tell
        self._start: Mapping[str, Any] = {}
        self._descriptors: dict[str, Mapping[str, Any]] = {}
        self._events: dict[str, list[Mapping[str, Any]]] = {}

    def __call__(self, name: str, doc: Mapping[str, Any]) -> None:
        """Take one document."""
        if name == "start":
            self._start = doc
        elif name == "descriptor":
            self._descriptors[doc["uid"]] = doc
        elif name == "event":
            self._events.setdefault(doc["descriptor"], []).append(doc)
        elif name == "stop":
            self._write()

    def _write(self) -> None:
        for uid, events in self._events.items():
            descriptor = self._descriptors[uid]
            if descriptor["name"] == GRID_STREAM:
                for event in events:
                    self._grid(np.asarray(event["data"]["grid_score"], dtype=float))
            elif len(events) >= POINTS_MIN:
                self._curves(descriptor, events)

    def _grid(self, score: Any) -> None:
        figure = _figure()
        axes = figure.subplots()
        box = self._start.get("mxplans", {}).get("grid", {})
        aspect = box.get("row_step_um", 1.0) / box.get("step_um", 1.0)
        figure.colorbar(axes.imshow(score, aspect=aspect), ax=axes, label="score")
        axes.set(xlabel="column", ylabel="row", title=self._title("grid"))
        self._save(figure, "grid")

    def _curves(self, descriptor: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> None:
        along = self._along(descriptor)
        interesting = [name for name in hinted(descriptor) if name != along]
        names = (interesting or [name for name in numbers(descriptor) if name != along])[:CURVES_MOST]
        if not names:
            return
        figure = _figure()
        rows = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
        x = [event["data"][along] if along else event["time"] - self._start["time"] for event in events]
        for axes, name in zip(rows, names, strict=True):
            axes.plot(x, [event["data"][name] for event in events], "o-")
            axes.set_ylabel(_with_unit(descriptor, name))
        rows[-1].set_xlabel(_with_unit(descriptor, along) if along else "time, s")
        rows[0].set_title(self._title(descriptor["name"]))
        self._save(figure, descriptor["name"])

    def _along(self, descriptor: Mapping[str, Any]) -> str | None:
        """What the plan moved in this stream; None where it only let time pass."""
        for fields, stream in self._start.get("hints", {}).get("dimensions", ()):
            found = [field for field in fields if field in descriptor["data_keys"]]
            if stream == descriptor["name"] and found:
                return str(found[0])
        return None

    def _title(self, what: str) -> str:
        return f"{self._start.get('sample_name', '')} {self._start.get('plan_name', '')} {what}".strip()

    def _save(self, figure: Any, what: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{self._start.get('scan_id', 0):04d}_{self._start['uid'][:8]}_{what}.png"
        figure.savefig(path)
        self._tell(path)


def hinted(descriptor: Mapping[str, Any]) -> list[str]:
    """Numbers of a stream that its devices call interesting.

    >>> keys = {"a": {"dtype": "number", "shape": []}, "b": {"dtype": "string", "shape": []}}
    >>> hinted({"hints": {"d": {"fields": ["a", "b"]}}, "data_keys": keys})
    ['a']
    """
    told = [name for hints in descriptor.get("hints", {}).values() for name in hints.get("fields", ())]
    plain = numbers(descriptor)
    return [name for name in told if name in plain]


def numbers(descriptor: Mapping[str, Any]) -> list[str]:
    """Keys of a stream whose values are single numbers."""
    keys = descriptor["data_keys"]
    return [name for name, key in keys.items() if key["dtype"] in ("number", "integer") and not key["shape"]]


def _with_unit(descriptor: Mapping[str, Any], name: str) -> str:
    unit = descriptor["data_keys"][name].get("units")
    return f"{name}, {unit}" if unit else name


def _figure() -> Any:
    """Without pyplot, which knows windows: this one is a file and nothing else."""
    from matplotlib.figure import Figure

    return Figure(figsize=(7, 5), layout="constrained")
