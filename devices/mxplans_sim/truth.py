"""What really happened, for tests and for the report of a demonstration: the world's side of the story, as JSON."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

from mxplans_sim.clock import Clock
from mxplans_sim.world.sample_class import truth_class
from mxplans_sim.world.specimen import Specimen


class Truth:
    """Collects facts and writes them to a file, which is always whole.

    Args:
        path: Where to write; None writes nothing.
        clock: Stamps the events.

    Attributes:
        samples: What stands in the dewar, by name.
        events: What happened, in its order.
        totals: Seconds of robot and exposure, by name of the sample.
        at_end: In which state the beamline was left, before the servers' own end made anything safe.
    """

    def __init__(self, path: Path | None, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self.samples: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        self.totals: dict[str, dict[str, float]] = {}
        self.at_end: dict[str, Any] = {}

    def add_sample(self, specimen: Specimen | None, name: str, place: tuple[int, int], empty: bool) -> None:
        """Note what stands in a place of the dewar; no specimen is a missing pin."""
        facts: dict[str, Any] = {"puck": place[0], "pin": place[1], "missing": specimen is None, "empty": empty}
        facts["class"] = truth_class(specimen)
        if specimen is not None:
            facts["mount"] = dataclasses.asdict(specimen.mount)
            loop = specimen.loop
            facts["diffracts"] = any(crystal.strength > 0 for crystal in specimen.crystals)
            facts["crystals"] = [
                {**dataclasses.asdict(crystal), "size_um": [2000 * half for half in crystal.half_size_mm]}
                for crystal in specimen.crystals
            ]
            facts["loop"] = None if loop is None else {**dataclasses.asdict(loop), "tip_mm": tip_mm(specimen)}
        self.samples[name] = facts
        self.totals[name] = {"robot_s": 0.0, "exposure_s": 0.0}

    def record(self, kind: str, **facts: Any) -> None:
        """Note an event now."""
        self.events.append({"time_s": round(self._clock.now_s(), 4), "kind": kind, **facts})

    def spend(self, name: str, kind: str, duration_s: float) -> None:
        """Add to `robot_s` or `exposure_s` of a sample; time without a sample is not counted."""
        if name in self.totals:
            self.totals[name][kind] = round(self.totals[name][kind] + duration_s, 6)

    def write(self) -> None:
        """Replace the file by the present state."""
        if self._path is None:
            return
        content = {
            "samples": self.samples,
            "events": self.events,
            "totals": self.totals,
            "at_end": self.at_end,
            "simulated_s": round(self._clock.now_s(), 4),
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_name(self._path.name + ".new")
        with fresh.open("w", encoding="utf-8") as stream:
            json.dump(content, stream, indent=1)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(self._path)


def tip_mm(specimen: Specimen) -> list[float] | None:
    """End of the loop, goniometer frame."""
    if specimen.loop is None:
        return None
    loop = specimen.loop
    return [neck - loop.length_mm * row[0] for neck, row in zip(loop.neck_mm, loop.rotation, strict=True)]
