"""Light on its way past a specimen: bent, absorbed, scattered, out of focus.

Light that is bent out of the condenser's aperture is lost, which makes dark rims and bright middles; the rest is
absorbed on its way. Optical path O = sum of (n - 1) T, loss 0.03 + 0.97 exp(-|grad O|^2 / (2 (2.5 NA)^2)), absorption
exp(-sum of mu T). What is lost from behind comes back from the front: bright rims, and diffuse light of fibres and ice.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from mxplans_sim.world.shadow import FIBRE_RADIUS_MM, Body, Shadow
from mxplans_sim.world.thickness import Box, Map, View, size_px

_APERTURE = 2.5 * 0.08
_LIQUID, _CRYSTAL_IN_LIQUID, _ICE = 0.35, 0.06, 0.31
"""Refractive index over that of air; of a crystal over that of the liquid around it."""
_ABSORPTION_PER_MM = {"fibre": 1.2, "liquid": 1.2, "crystal": 2.5, "ice": 8.0}
_OPAQUE = 0.985
_SMOOTH_PX = 1.2
_SHARP_PX = 0.8
"""Blur of what is in focus."""
_FIBRES = ("loop", "stem", "rim")
_STEPS_PER_OCTAVE = 3
"""How finely different blurs are told apart."""


@dataclass(frozen=True)
class Lens:
    """What is in focus.

    Attributes:
        focus_mm: Depth of the sharp plane.
        blur_frac: Blur (standard deviation) over the distance from it.
    """

    focus_mm: float
    blur_frac: float

    def blur_step(self, depth_mm: float, mm_per_px: float) -> int:
        """Blur of a depth, as a step of a geometric scale."""
        blur_px = math.hypot(_SHARP_PX, self.blur_frac * (depth_mm - self.focus_mm) / mm_per_px)
        return round(_STEPS_PER_OCTAVE * math.log2(blur_px / _SHARP_PX))


@dataclass(frozen=True, eq=False)
class Layer:
    """Bodies of about the same blur.

    Attributes:
        box: Rows and columns outside of which the layer does nothing.
        passed: Part of the light from behind that goes through.
        returned: Part of the light from the front that comes back; None when nobody asked.
    """

    box: Box
    passed: Map
    returned: Map | None


def layers(shadow: Shadow, lens: Lens, front: bool) -> Iterable[Layer]:
    """What a specimen does to the light, one layer for each blur.

    Args:
        shadow: Its bodies.
        lens: Tells which of them are sharp.
        front: Whether there is light from the front.
    """
    view = shadow.view
    groups: dict[int, list[Body]] = {}
    for body in shadow.bodies:
        if body.kind != "inside":
            groups.setdefault(lens.blur_step(body.depth_mm, view.mm_per_px), []).append(body)
    liquids = [body for body in shadow.bodies if body.kind == "liquid"]
    for step, bodies in sorted(groups.items()):
        blur_px = _SHARP_PX * 2 ** (step / _STEPS_PER_OCTAVE)
        yield _layer(view, bodies, liquids, blur_px, front)


def _layer(view: View, bodies: list[Body], liquids: list[Body], blur_px: float, front: bool) -> Layer:
    box = _around(view, bodies, round(4 * (blur_px + _SMOOTH_PX)))
    shown = {body.kind for body in bodies}
    maps = {kind: _summed(bodies, box, kinds) for kind, kinds in _KINDS.items() if shown & set(kinds)}
    bent = _bent(view, maps, _summed(liquids, box, ("liquid",)) if "crystal" in maps else None)
    passed = bent * np.float32(0.97)
    passed += np.float32(0.03)
    clear = [kind for kind in maps if kind in _ABSORPTION_PER_MM]
    if clear:
        absorbed = maps[clear[0]] * np.float32(-_ABSORPTION_PER_MM[clear[0]])
        for kind in clear[1:]:
            absorbed -= maps[kind] * np.float32(_ABSORPTION_PER_MM[kind])
        passed *= cv2.exp(absorbed, absorbed)
    if "pin" in maps:
        passed *= np.where(maps["pin"] > 0, np.float32(1 - _OPAQUE), np.float32(1))
    returned = _blurred(_returned(maps, bent), blur_px) if front else None
    return Layer(box, _blurred(passed, blur_px), returned)


def _returned(maps: Mapping[str, Map], bent: Map) -> Map:
    """Light from the front that comes back from rims, fibres, ice and metal."""
    light = np.float32(0.45) * (1 - bent)
    if "fibre" in maps:
        light += np.minimum(maps["fibre"] * np.float32(0.2 / FIBRE_RADIUS_MM), np.float32(0.5))
    if "ice" in maps:
        light += np.float32(0.9) * (1 - cv2.exp(np.float32(-2 * _ABSORPTION_PER_MM["ice"]) * maps["ice"]))
    np.minimum(light, 1, out=light)
    if "pin" in maps:
        metal = np.float32(0.15) + np.float32(0.65) * np.minimum(maps["pin"], 1)
        light = np.where(maps["pin"] > 0, metal, light)
    return np.asarray(light, dtype=np.float32)


_KINDS: Mapping[str, tuple[str, ...]] = {
    "fibre": _FIBRES,
    "liquid": ("liquid",),
    "crystal": ("crystal",),
    "ice": ("ice",),
    "pin": ("pin",),
}


def _bent(view: View, maps: Mapping[str, Map], liquid: Map | None) -> Map:
    """What refraction leaves in the aperture: 1 where all surfaces are upright to the light.

    Args:
        view: The picture.
        maps: Thickness by kind.
        liquid: All the liquid that a crystal may be in; None without crystals.
    """
    wet = [maps[kind] for kind in ("fibre", "liquid") if kind in maps]
    path: Map = np.zeros_like(next(iter(maps.values())))
    for thickness in wet:
        np.maximum(path, thickness, out=path)
    path *= np.float32(_LIQUID)
    if liquid is not None:
        path += np.float32(_LIQUID + _CRYSTAL_IN_LIQUID) * maps["crystal"]
        path -= np.float32(_LIQUID) * np.minimum(maps["crystal"], liquid)
    if "ice" in maps:
        path += np.float32(_ICE) * maps["ice"]
    path = _blurred(path, _SMOOTH_PX)
    scale = 1 / (8 * view.mm_per_px)
    gradient_x = cv2.Sobel(path, cv2.CV_32F, 1, 0, ksize=3, scale=scale)
    gradient_y = cv2.Sobel(path, cv2.CV_32F, 0, 1, ksize=3, scale=scale)
    squared: Map = np.multiply(gradient_x, gradient_x, dtype=np.float32)
    squared += np.multiply(gradient_y, gradient_y, dtype=np.float32)
    squared *= np.float32(-0.5 / _APERTURE**2)
    return np.asarray(cv2.exp(squared, squared), dtype=np.float32)


def _around(view: View, bodies: list[Body], margin: int) -> Box:
    """Rows and columns of all bodies, with a margin in which they fade."""
    rows, columns = zip(*(body.box for body in bodies), strict=True)
    return (
        slice(max(min(r.start for r in rows) - margin, 0), min(max(r.stop for r in rows) + margin, view.height)),
        slice(max(min(c.start for c in columns) - margin, 0), min(max(c.stop for c in columns) + margin, view.width)),
    )


def _summed(bodies: list[Body], box: Box, kinds: tuple[str, ...]) -> Map:
    """Sum of the maps of some kinds within a box; bodies may reach beyond it."""
    total = np.zeros(size_px(box), np.float32)
    for body in bodies:
        if body.kind not in kinds:
            continue
        top, left = max(body.box[0].start, box[0].start), max(body.box[1].start, box[1].start)
        bottom, right = min(body.box[0].stop, box[0].stop), min(body.box[1].stop, box[1].stop)
        if top < bottom and left < right:
            there = _offset(box, top, bottom, left, right)
            total[there] += body.map[_offset(body.box, top, bottom, left, right)]
    return total


def _offset(box: Box, top: int, bottom: int, left: int, right: int) -> Box:
    return slice(top - box[0].start, bottom - box[0].start), slice(left - box[1].start, right - box[1].start)


def _blurred(values: Map, blur_px: float) -> Map:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), blur_px), dtype=np.float32)
