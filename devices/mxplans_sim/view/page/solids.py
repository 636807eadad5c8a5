"""Solids of the 3D view: rods and cylinders along any direction, and a specimen made of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from nicegui.elements.scene.scene import Scene
from nicegui.elements.scene.scene_object3d import Object3D

from mxplans_sim.view.page.control import Facts

Matrix = list[list[float]]
Vector = npt.NDArray[np.float64]
Point = Sequence[float] | Vector

METAL = "#aab4bf"
FIBRE, LIQUID, CRYSTAL, PIN, ICE = "#e8c27a", "#6fb7ff", "#ff5d73", "#c9d1da", "#ffffff"
ALONG_X: Matrix = [[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
"""A cylinder's own axis is y; this lays it along x."""


def along(direction: Point) -> Matrix:
    """A rotation that turns y into a direction.

    >>> along((0.0, 0.0, 2.0))
    [[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]
    """
    to = np.array(direction, dtype=float) / np.linalg.norm(direction)
    aside = np.array([1.0, 0.0, 0.0]) if abs(to[0]) < 0.9 else np.array([0.0, 0.0, 1.0])
    first = aside - (aside @ to) * to
    first /= np.linalg.norm(first)
    # Adding zero makes a negative zero positive.
    return [[float(value) for value in row] for row in np.column_stack([first, to, np.cross(first, to)]) + 0.0]


def cylinder(scene: Scene, radius: float, length: float) -> Object3D:
    """A cylinder along x about the origin."""
    return scene.cylinder(radius, radius, length, 40).rotate_R(ALONG_X)


def rod(scene: Scene, begin: Point, end: Point, radius: float) -> Object3D:
    """A thin cylinder between two points."""
    first, last = np.array(begin, dtype=float), np.array(end, dtype=float)
    solid = scene.cylinder(radius, radius, float(np.linalg.norm(last - first)), 16)
    return solid.rotate_R(along((last - first).tolist())).move(*((first + last) / 2).tolist())


def specimen(scene: Scene, found: Facts, scale: float, base_x: float) -> None:
    """Pin, stem, loop, liquid, crystals and ice in the specimen's frame.

    Args:
        scene: Where to draw.
        found: The specimen of a snapshot.
        scale: Scene units per mm.
        base_x: Where the pin is cut off, scene units.
    """
    pin, loop = found["pin"], found["loop"]
    if pin is not None:
        begin = scale * np.array(pin["path_mm"][0])
        _pin(scene, begin, scale * np.array(pin["path_mm"][1]), scale * pin["radius_mm"], base_x)
        if loop is not None:
            rod(scene, scale * np.array(loop["neck_mm"]), begin, 0.2).material(FIBRE)
    if loop is not None:
        _loop(scene, loop, scale)
    for crystal in found["crystals"]:
        size = [2 * scale * half for half in crystal["half_size_mm"]]
        _put(scene.box(*size).material(CRYSTAL), crystal, scale)
    for colour, bodies in ((LIQUID, found["drops"]), (ICE, found["ice"])):
        for body in bodies:
            ball = scene.sphere(1.0, 32, 16).material(colour, 0.35)
            _put(ball.scale(*(scale * half for half in body["half_size_mm"])), body, scale)


def _pin(scene: Scene, begin: Vector, end: Vector, radius: float, base_x: float) -> None:
    """From its tip along its own direction to where it is cut off."""
    along_it = (end - begin) / (end[0] - begin[0])
    rod(scene, begin, begin + along_it * max(base_x - begin[0], 1.0), radius).material(PIN)


def _put(solid: Object3D, body: Facts, scale: float) -> None:
    solid.rotate_R(body["rotation"]).move(*(scale * value for value in body["centre_mm"]))


def _loop(scene: Scene, loop: Facts, scale: float) -> None:
    length, width = scale * loop["length_mm"], scale * loop["width_mm"]
    middle = scale * np.array(loop["neck_mm"]) - 0.5 * length * np.array(loop["rotation"])[:, 0]
    with scene.group().rotate_R(loop["rotation"]).move(*middle.tolist()):
        scene.ring(0.88, 1.0, 48).material(FIBRE, 1.0, "both").scale(length / 2, width / 2, 1.0)
        liquid = scene.sphere(1.0, 32, 16).material(LIQUID, 0.25)
        liquid.scale(0.44 * length, 0.44 * width, scale * loop["liquid_half_thickness_mm"])
