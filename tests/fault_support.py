"""Nights in virtual time in which something goes wrong, begun two at a time and looked at one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from night_support import SIM, Night, short_shipment

IMAGES = 20
THIN = {"nx": 256, "ny": 256, "pixel_um": 300, "frames": "thin", "bit_depth": 16}
"""Real files of small frames that hold spots without background: quick, and the faults are the same."""
FINISH_S = 280.0
"""Real seconds for a night, on a machine that has other things to do."""
SAFE = {"shutter": "Closed", "scan_runs": False}
"""Of the truth's end; an axis that was told to stop may still brake."""


@dataclass(frozen=True)
class Row:
    """One way in which a night goes wrong, and what must come of it.

    Attributes:
        name: Number of the fault in the catalogue, and what it is.
        faults: Rules of the world file.
        pins: Of the demonstration's shipment.
        failure: Texts in what the night says of its end; none when it ends well.
        verdicts: By sample, of those that came to one.
        mounted: What hangs on the goniometer in the end.
        spent_s: Simulated seconds that the whole takes at least and at most.
        says: A text that the reason of each verdict other than COLLECTED has.
        dark: Whether the record must say of every scan that there was no beam.
    """

    name: str
    faults: Sequence[Mapping[str, Any]]
    pins: Sequence[int] = (1,)
    failure: Sequence[str] = ()
    verdicts: Mapping[str, str] = field(default_factory=dict)
    mounted: str = ""
    spent_s: tuple[float, float] = (0.0, 4000.0)
    says: str = ""
    dark: bool = False


def rule(kind: str, /, sample: str = "", step: str = "", where: Mapping[str, str] | None = None, **more: Any) -> Any:
    """A rule; what is not a part of every rule is a parameter of its kind."""
    parts = {"sample": sample, "step": step, "where": dict(where or {})}
    own = {name: more.pop(name) for name in ("nth", "count", "at_s", "after_s", "for_s") if name in more}
    return {"kind": kind, "parameters": more, **own, **{name: value for name, value in parts.items() if value}}


class Nights:
    """Runs the nights of rows in their order, two at a time, so that the next is done when the last is looked at."""

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        self._folder = folder
        self._pool = ThreadPoolExecutor(2)
        self._running: dict[str, Future[tuple[int, Night]]] = {
            row.name: self._pool.submit(self._run, number, row) for number, row in enumerate(rows)
        }

    def of(self, row: Row) -> tuple[int, Night]:
        """Exit code and what is left of the night."""
        return self._running[row.name].result()

    def close(self) -> None:
        """Wait for those that run, begin no more."""
        self._pool.shutdown(cancel_futures=True)

    def _run(self, number: int, row: Row) -> tuple[int, Night]:
        folder = self._folder / str(number)
        folder.mkdir()
        world = yaml.safe_load((SIM / "world.yaml").read_text())
        world["detector"] |= THIN
        world["faults"] = list(row.faults)
        (folder / "world.yaml").write_text(yaml.safe_dump(world))
        profile = yaml.safe_load((SIM / "beamline.yaml").read_text())
        del profile["archive"]  # another process, which takes up what there is afterwards
        profile["experiment"]["sweep"]["number_images"] = IMAGES
        (folder / "beamline.yaml").write_text(yaml.safe_dump(profile, sort_keys=False))
        shipment = short_shipment(folder, *row.pins)
        night = Night(folder / "beamline.yaml", shipment, folder / "night", "--virtual-time")
        return night.finish(timeout_s=FINISH_S), night
