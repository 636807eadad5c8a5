"""What of a specimen stands before the camera: the thickness of every body in the picture, and masks of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from mxplans_sim.world.placement import Placement
from mxplans_sim.world.polyhedron import Polyhedron
from mxplans_sim.world.specimen import Crystal, Loop, Pin, Specimen
from mxplans_sim.world.thickness import Array, Box, Map, Patch, View, cylinder, ellipsoid, fibre, filled, polyhedron

Mask = npt.NDArray[np.bool_]

FIBRE_RADIUS_MM = 0.010
RIM_RADIUS_MM = 0.03
_TWIST_MM = 0.22
_LEVEL_MM = 0.12
"""Fibres are cut into pieces that do not reach over more depth than this, so that each can be in or out of focus."""
_MASKS = {"crystal": ("crystal",), "loop_inside": ("inside",), "loop": ("loop", "inside"), "stem": ("stem",)}
_MASKS |= {"pin": ("pin",)}


@dataclass(frozen=True, eq=False)
class Body:
    """One body in the picture.

    Attributes:
        kind: loop, stem, rim (fibres), liquid, crystal, ice, pin (opaque), inside (of the loop: nothing to the light).
        depth_mm: Along the beam, from the spindle's axis.
        box: Rows and columns that hold it.
        map: Thickness in mm, of these rows and columns; up to 1 for what is opaque or nothing.
    """

    kind: str
    depth_mm: float
    box: Box
    map: Map


@dataclass(frozen=True, eq=False)
class Shadow:
    """All bodies of a specimen that a picture shows."""

    view: View
    bodies: tuple[Body, ...]

    def of(self, *kinds: str) -> Map:
        """The sum of the maps of some kinds, of the whole picture."""
        total = np.zeros((self.view.height, self.view.width), np.float32)
        for body in self.bodies:
            if body.kind in kinds:
                total[body.box] += body.map
        return total


def masks(shadow: Shadow) -> Mapping[str, Mask]:
    """Where something is: crystal, loop_inside, loop (with its inside), stem, pin and foreground (all there is)."""
    found = {name: shadow.of(*kinds) > 0 for name, kinds in _MASKS.items()}
    found["loop_inside"] &= shadow.of("loop") == 0
    found["foreground"] = shadow.of(*{body.kind for body in shadow.bodies}) > 0
    return found


def cast_shadow(specimen: Specimen, placement: Placement, view: View) -> Shadow:
    """Project a specimen that stands at a placement."""
    return Shadow(view, tuple(_bodies(specimen, placement, view)))


def _bodies(specimen: Specimen, placement: Placement, view: View) -> Iterator[Body]:
    if specimen.pin is not None:
        yield from _pin(specimen.pin, placement, view)
    loop = specimen.loop
    if loop is not None:
        outline = ring(loop)
        yield from _fibre("loop", outline, FIBRE_RADIUS_MM, placement, view)
        for strand in () if specimen.pin is None else stem(loop, specimen.pin):
            yield from _fibre("stem", strand, FIBRE_RADIUS_MM, placement, view)
        yield from _placed("inside", filled(view, placement.lab(outline)), placement, outline.mean(axis=0))
        if loop.liquid_half_thickness_mm:
            centre, rotation, half_axes = film(loop)
            yield from _liquid(centre, rotation, half_axes, placement, view)
    for drop in specimen.drops:
        half_axes = np.array(drop.half_axes_mm)
        yield from _liquid(np.array(drop.centre_mm), np.array(drop.rotation), half_axes, placement, view)
    for crystal in specimen.crystals:
        body = _body(crystal).moved(placement.rotation, placement.shift_mm)
        yield from _placed("crystal", polyhedron(view, body), placement, np.array(crystal.centre_mm))
    for ice in specimen.ice:
        centre = np.array(ice.centre_mm)
        ball = ellipsoid(view, placement.lab(centre)[0], np.eye(3), np.full(3, ice.radius_mm))
        yield from _placed("ice", ball, placement, centre)
    for rim in specimen.rims:
        angle = np.linspace(0, 2 * np.pi, 181)
        circle = np.column_stack([np.cos(angle), np.sin(angle), np.zeros_like(angle)]) * rim.radius_mm
        yield from _fibre("rim", circle + np.array(rim.centre_mm), RIM_RADIUS_MM, placement, view)


@lru_cache(maxsize=256)
def _body(crystal: Crystal) -> Polyhedron:
    return crystal.body


def _placed(kind: str, patch: Patch | None, placement: Placement, middle_mm: Array) -> Iterator[Body]:
    if patch is not None:
        yield Body(kind, float(placement.lab(middle_mm)[0, 2]), patch.box, patch.map)


def _liquid(centre: Array, rotation: Array, half_axes: Array, placement: Placement, view: View) -> Iterator[Body]:
    patch = ellipsoid(view, placement.lab(centre)[0], placement.rotation @ rotation, half_axes)
    return _placed("liquid", patch, placement, centre)


def _fibre(kind: str, points: Array, radius_mm: float, placement: Placement, view: View) -> Iterator[Body]:
    """A fibre, in pieces of about one depth each."""
    line = placement.lab(points)
    number = 1 + int(np.ptp(line[:, 2]) / _LEVEL_MM)
    ends = np.linspace(0, len(line) - 1, number + 1).astype(int)
    for first, last in pairwise(ends):
        piece = line[first : last + 1]
        patch = fibre(view, piece, radius_mm)
        if patch is not None:
            yield Body(kind, float(piece[:, 2].mean()), patch.box, patch.map)


def _pin(pin: Pin, placement: Placement, view: View) -> Iterator[Body]:
    path = placement.lab(np.array(pin.path_mm))
    for begin, end in pairwise(path):
        patch = cylinder(view, begin, end, pin.radius_mm)
        if patch is not None:
            yield Body("pin", float(begin[2]), patch.box, patch.map)
    for knee in path[1:-1]:
        patch = ellipsoid(view, knee, np.eye(3), np.full(3, pin.radius_mm))
        if patch is not None:
            yield Body("pin", float(knee[2]), patch.box, patch.map / np.float32(2 * pin.radius_mm))


def film(loop: Loop) -> tuple[Array, Array, Array]:
    """The liquid in a loop, an ellipsoid: centre (3,), axes as columns (3, 3), half axes in mm (3,)."""
    rotation = np.array(loop.rotation)
    centre = np.array(loop.neck_mm) - 0.54 * loop.length_mm * rotation[:, 0]
    half_axes = np.array([0.44 * loop.length_mm, 0.45 * loop.width_mm, loop.liquid_half_thickness_mm])
    return centre, rotation, half_axes


def ring(loop: Loop) -> Array:
    """The loop's fibre, goniometer frame: a teardrop from the neck to the tip and back."""
    t = np.linspace(0.0, 2 * np.pi, 91)
    local = np.column_stack(
        [
            -0.5 * loop.length_mm * (1 - np.cos(t)),
            0.47 * loop.width_mm * np.sin(t) * (1 - 0.35 * np.cos(t)),
            0.02 * loop.length_mm * np.sin(2 * t),
        ]
    )
    return np.asarray(np.array(loop.neck_mm) + local @ np.array(loop.rotation).T)


def stem(loop: Loop, pin: Pin) -> tuple[Array, Array]:
    """The two twisted fibres between the neck and the pin, along a bent line that leaves the pin straight."""
    neck, along = np.array(loop.neck_mm), np.array(loop.rotation)[:, 0]
    begin, behind = np.array(pin.path_mm[0]), np.array(pin.path_mm[1])
    outward = (begin - behind) / np.linalg.norm(begin - behind)
    way = float(np.linalg.norm(begin - neck))
    u = np.linspace(0.0, 1.0, 61)[:, None]
    corner = [neck, neck + 0.4 * way * along, begin + 0.4 * way * outward, begin]
    line = (
        (1 - u) ** 3 * corner[0] + 3 * u * (1 - u) ** 2 * corner[1] + 3 * u**2 * (1 - u) * corner[2] + u**3 * corner[3]
    )
    turn = 2 * np.pi * way * u / _TWIST_MM
    across = np.linalg.svd(outward[None])[2][1:]
    helix = 1.2 * FIBRE_RADIUS_MM * (np.cos(turn) * across[0] + np.sin(turn) * across[1])
    return line + helix, line - helix
