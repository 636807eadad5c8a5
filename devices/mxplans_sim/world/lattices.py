"""Crystal forms that are known: cell, space group and habit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from mxplans_sim.world.polyhedron import Polyhedron, bipyramid, prism
from mxplans_sim.world.specimen import Faces, Vector

Cell = tuple[float, float, float, float, float, float]


class Form(NamedTuple):
    """How molecules are packed.

    Attributes:
        cell: a, b, c (A), alpha, beta, gamma (deg).
        space_group: Hermann-Mauguin name.
        shape: box, prism (six sides) or bipyramid (four sides).
    """

    cell: Cell
    space_group: str
    shape: str


FORMS: Mapping[str, Form] = {
    "lysozyme": Form((79.1, 79.1, 37.9, 90.0, 90.0, 90.0), "P 43 21 2", "box"),
    "thermolysin": Form((92.6, 92.6, 128.9, 90.0, 90.0, 120.0), "P 61 2 2", "prism"),
    "insulin": Form((78.0, 78.0, 78.0, 90.0, 90.0, 90.0), "I 21 3", "box"),
    "proteinase k": Form((67.9, 67.9, 102.4, 90.0, 90.0, 90.0), "P 43 21 2", "bipyramid"),
    "trypsin": Form((54.8, 58.6, 67.4, 90.0, 90.0, 90.0), "P 21 21 21", "box"),
    "myoglobin": Form((64.2, 30.8, 34.8, 90.0, 105.8, 90.0), "P 1 21 1", "box"),
}
SALT = Form((5.64, 5.64, 5.64, 90.0, 90.0, 90.0), "F m -3 m", "box")
_ACRONYMS = {"lys": "lysozyme", "hewl": "lysozyme", "the": "thermolysin", "tln": "thermolysin", "ins": "insulin"}
_ACRONYMS |= {"pro": "proteinase k", "pk": "proteinase k", "try": "trypsin", "myo": "myoglobin"}


def form_of(acronym: str) -> Form | None:
    """The form of a protein by its acronym; None if it is not known."""
    lowered = acronym.lower()
    return next((FORMS[name] for start, name in _ACRONYMS.items() if lowered.startswith(start)), None)


def form_for(acronym: str, rng: np.random.Generator) -> Form:
    """The form of a protein by its acronym; one of the known ones at random for any other."""
    choice = list(FORMS.values())[int(rng.integers(len(FORMS)))]
    return form_of(acronym) or choice


def faces_of(shape: str, half_size_mm: Vector) -> Faces | None:
    """Faces of a crystal that just fits into a box; None for the box itself.

    Raises:
        ValueError: If the shape is not known.
    """
    half = np.array(half_size_mm)
    if shape == "box":
        return None
    if shape == "prism":
        return _faces(prism(half))
    if shape == "bipyramid":
        return _faces(bipyramid(half))
    raise ValueError(f"no crystal has the shape {shape!r}; choose box, prism or bipyramid")


def _faces(body: Polyhedron) -> Faces:
    normals = tuple((float(x), float(y), float(z)) for x, y, z in body.normals)
    return Faces(normals, tuple(float(height) for height in body.heights_mm))
