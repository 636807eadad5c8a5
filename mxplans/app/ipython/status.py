"""The panel of `bl.status()`: devices, beam, sample, archive, LIMS, disk."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from mxplans.app.ipython.readings import Reading, Role

READINGS_MOST = 8
LOW_DISK_GB = 20.0
"""A few data sets of a large detector."""


@dataclass(frozen=True)
class Status:
    """How everything does.

    Attributes:
        title: Of the beamline.
        roles: Its devices.
        sample: What hangs on the goniometer, in words.
        engine: State of the RunEngine.
        services: Processes of the profile, each with what there is to say.
        records: Journal, archive and exporter, each with what there is to say.
        problems: Names among both that do not work.
        out: Folder of the session.
        free_gb: On its disk.
    """

    title: str
    roles: tuple[Role, ...]
    sample: str
    engine: str
    services: Mapping[str, str]
    records: Mapping[str, str]
    problems: frozenset[str]
    out: Path
    free_gb: float

    @property
    def down(self) -> tuple[str, ...]:
        """Names of roles and processes that cannot be used."""
        return (*(role.name for role in self.roles if role.problem is not None), *sorted(self.problems))

    @property
    def beam(self) -> str:
        """Ring current and energy in words; what is not known is left out."""
        beam = next((role for role in self.roles if role.name == "beam"), None)
        wanted = ("ring_current", "energy", "flux")
        known = [reading for reading in (beam.readings if beam else ()) if reading.name in wanted]
        return ", ".join(f"{reading.name.replace('_', ' ')} {reading.shown}" for reading in known) or "not known"


def free_gb(folder: Path) -> float:
    """Free space on a folder's disk."""
    return shutil.disk_usage(folder).free / 1e9


def only_in_memory(journal: Any) -> str | None:
    """What a journal cannot write down, in words; None if all is on the disk.

    Args:
        journal: Its state, with `waiting`, `lost` and `reason`.
    """
    if journal.status == "ok" and not journal.lost:
        return None
    lost = f", {journal.lost} are lost" if journal.lost else ""
    return f"has {journal.waiting} documents in memory only{lost}: {journal.reason or 'see session.log'}; make room on the disk"


def sample_of(roles: Sequence[Role], name: str | None) -> str:
    """What hangs, by the sample changer and by what the session knows.

    Args:
        roles: Its readings among them.
        name: Of the sample, as far as the session knows it.
    """
    robot = next((role for role in roles if role.name == "sample_changer"), None)
    if robot is None or robot.problem is not None:
        return f"{name or 'not known'} (the sample changer does not say)"
    if not robot.value("pin_mounted") and not robot.value("current_pin"):
        return "none"
    puck, pin = (robot.value(key) for key in ("current_puck", "current_pin"))
    place = f"puck {puck:g} pin {pin:g}" if isinstance(puck, float) and isinstance(pin, float) else "place not known"
    return f"{name or 'name not known'}, {place}"


def panel(status: Status) -> Panel:
    """For a terminal."""
    lines = Table.grid(padding=(0, 2))
    for name, said in _lines(status):
        lines.add_row(Text(name, "bold"), said)
    return Panel(Group(_devices(status.roles), lines), title=Text(status.title), expand=False)


def _lines(status: Status) -> list[tuple[str, Text]]:
    disk = Text(f"{status.free_gb:.0f} GB free for {status.out}", "red" if status.free_gb < LOW_DISK_GB else "")
    processes = [
        (name, Text(said, "red" if name in status.problems else "green"))
        for name, said in (*status.services.items(), *status.records.items())
    ]
    return [
        ("beam", Text(status.beam)),
        ("sample", Text(status.sample)),
        ("RunEngine", Text(status.engine, "" if status.engine == "idle" else "yellow")),
        *processes,
        ("disk", disk),
    ]


def _devices(roles: Sequence[Role]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("role", "device", "state", "reads"):
        table.add_column(heading)
    for role in roles:
        state = Text("connected", "green") if role.problem is None else Text("down", "red")
        told = _told(role.readings) if role.problem is None else Text(role.problem, "red")
        table.add_row(Text(role.name), Text(role.kind), state, told)
    return table


def _told(readings: Sequence[Reading]) -> Text:
    more = len(readings) - READINGS_MOST
    return Text(", ".join(map(str, readings[:READINGS_MOST])) + (f", {more} more" if more > 0 else ""))
