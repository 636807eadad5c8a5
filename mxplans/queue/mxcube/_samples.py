"""Whose task it is: the sample's name and place, from a sample of MXCuBE or from a task that names it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mxplans.model import SampleLocation
from mxplans.model.queue import file_name
from mxplans.queue.mxcube._fields import SAMPLE, defaults
from mxplans.queue.mxcube._problems import Problems

RESERVED = ("sample_order", "format_version", "add_results")
"""Keys of an answer that no sample may have as its id."""

_PLACE = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):(\d{1,4})")


@dataclass(frozen=True)
class Sample:
    """A sample as posted, and what the queue calls it."""

    identity: str
    """MXCuBE's `sampleID`."""
    name: str
    location: SampleLocation | None
    posted: Mapping[str, Any]
    """Its fields without the tasks; none for a task that came alone."""

    @property
    def safe_identity(self) -> str:
        """The id as it may stand in a file's name."""
        return re.sub(r"[^A-Za-z0-9_-]+", "-", self.identity).strip("-")[:20]

    @property
    def templates(self) -> dict[str, str]:
        """What the templates of a prefix stand for."""
        return {"PREFIX": self.posted.get("defaultPrefix") or self.name, "POSITION": self.safe_identity}


def sample_of(
    identity: str, posted: Mapping[str, Any], path: str, pucks_per_cell: int | None, problems: Problems
) -> Sample:
    """The sample with an id, from what was posted of it."""
    if identity in RESERVED or not identity:
        problems.add(f"{path}.sampleID", identity, "text that is none of the answer's own keys", "name the sample")
    place = posted.get("location") or identity
    location = location_of(place, f"{path}.location", pucks_per_cell, problems)
    return Sample(identity, file_name(posted.get("sampleName") or identity), location, posted)


def location_of(place: str, path: str, pucks_per_cell: int | None, problems: Problems) -> SampleLocation | None:
    """Puck and pin of "cell:puck:pin" or "puck:pin"; None for a sample that is in no sample changer.

    >>> location_of("1:05", "location", None, Problems()), location_of("2:1:5", "location", 3, Problems())
    (SampleLocation(puck=1, pin=5), SampleLocation(puck=4, pin=5))
    """
    found = _PLACE.fullmatch(place)
    if found is None:
        return None
    cell, puck, pin = (0 if part is None else int(part) for part in found.groups())
    if not puck or not pin:
        problems.add(path, place, "puck and pin from 1", "correct it")
        return None
    if cell and (pucks_per_cell is None or puck > pucks_per_cell):
        allowed = "puck:pin" if pucks_per_cell is None else f"a puck of 1 to {pucks_per_cell} in its cell"
        problems.add(path, place, allowed, "say how many pucks a cell holds, or correct it")
        return None
    if cell and pucks_per_cell is not None:
        puck += (cell - 1) * pucks_per_cell
    return SampleLocation(puck=puck, pin=pin)


def sample_node(name: str, location: SampleLocation | None) -> dict[str, Any]:
    """What an answer says of a sample of which only name and place are known."""
    node = defaults(SAMPLE)
    node["sampleName"] = name
    node["sampleID"] = f"{location.puck}:{location.pin:02d}" if location else name
    node["location"] = f"{location.puck}:{location.pin:02d}" if location else ""
    node["puck_no"] = location.puck if location else 1
    return node
