"""Figures as JSON lines, the memory of a process with all that it started, and ports."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

LISTEN = "0A"
"""State of a TCP socket in /proc/net/tcp that takes connections."""


class Meter:
    """Prints figures and remembers whether all were good."""

    def __init__(self) -> None:
        self.good = True

    def figure(self, name: str, value: float, unit: str, goal: str = "", ok: bool = True) -> None:
        """Print one figure."""
        self.good = self.good and ok
        print(json.dumps({"name": name, "value": round(value, 3), "unit": unit, "goal": goal, "ok": ok}), flush=True)


def descendants(pid: int) -> set[int]:
    """A process and all that it started."""
    parents: dict[int, list[int]] = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it has just ended
        parents[int(fields[1])].append(int(stat.parent.name))
    found, todo = set(), [pid]
    while todo:
        here = todo.pop()
        found.add(here)
        todo += parents[here]
    return found


def memory_mb(pid: int) -> float:
    """Proportional set size of a process and its descendants: shared pages count once."""
    total_kb = 0
    for process in descendants(pid):
        try:
            for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total_kb += int(line.split()[1])
        except OSError:
            continue  # it has just ended
    return total_kb / 1024


def ports_in_use() -> set[int]:
    """Ports that somebody listens on, TCP, or has for datagrams, UDP."""
    found = set()
    for name in ("tcp", "udp"):
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            if name == "udp" or state == LISTEN:
                found.add(int(local.rpartition(":")[2], 16))
    return found
