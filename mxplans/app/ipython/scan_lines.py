"""The live table of our own runs: a line for each scan, and what became of a sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

HEAD = f"{'scan':>5} {'what':<9} {'sample':<18} {'images':>6} {'width':>10} {'exposure':>9} {'ended':<8} {'took':>8}"
COLOURS = {"success": "green", "abort": "yellow", "fail": "red"}


class ScanLines:
    """Prints a line when a run of ours ends; takes documents of runs that lie within each other.

    Args:
        console: To print on.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._runs: dict[str, dict[str, Any]] = {}
        self._verdicts: dict[str, str] = {}
        self._headed = False

    def __call__(self, name: str, doc: Mapping[str, Any]) -> None:
        """Take one document."""
        if name == "start":
            self._runs[doc["uid"]] = dict(doc)
        elif name == "descriptor" and doc.get("name") == "mx_verdict":
            self._verdicts[doc["uid"]] = doc["run_start"]
        elif name == "event" and doc["descriptor"] in self._verdicts:
            start = self._runs.get(self._verdicts.pop(doc["descriptor"]), {})
            told = f"{start.get('sample_name')}: {doc['data']['verdict']}, {doc['data']['verdict_reason']}"
            self._console.print(Text(told, "bold"))
        elif name == "stop" and (begun := self._runs.pop(doc["run_start"], None)) is not None:
            self._line(begun, doc)

    def _line(self, start: Mapping[str, Any], stop: Mapping[str, Any]) -> None:
        ours = start["mxplans"]
        if "scan" not in ours:
            return
        if not self._headed:
            self._console.print(Text(HEAD, "bold"))
            self._headed = True
        sweep, state = ours["sweep"], stop["exit_status"]
        width = sweep.get("imageWidth")
        unit = "mm" if ours["role"] == "grid" else "deg"
        line = Text(f"{start.get('scan_id', ''):>5} {ours['role']:<9} {start['sample_name']:<18} ")
        line.append(f"{ours['scan'].get('numberImages', ''):>6} ")
        line.append(f"{'-' if width is None else f'{width:g} {unit}':>10} {sweep['exposureTime']:>7g} s ")
        line.append(f"{state:<8} ", COLOURS.get(state, ""))
        line.append(f"{stop['time'] - start['time']:>6.1f} s")
        self._console.print(line)
        if stop.get("reason"):
            self._console.print(Text(f"      {stop['reason']}", "yellow"))
