"""How much a file may ask for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds within which a configuration file is read; real ones stay a factor of ten below.

    Attributes:
        size_bytes: Of the file.
        depth: Of mappings and sequences, or elements, within each other.
        nodes: Of the file, what anchors repeat counted each time it is repeated; and of its lines.
    """

    size_bytes: int = 4_000_000
    depth: int = 64
    nodes: int = 200_000


LIMITS = Limits()
