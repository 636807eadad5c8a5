"""The goniometer in 3D. The specimen stands where the world says; the mechanics around it are drawn after its axes.

Everything about the sample is magnified; the detector is drawn nearer and smaller by one factor, so that the angle
under which it is seen from the sample is true.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from nicegui import ui
from nicegui.elements.scene.objects.group import Group
from nicegui.elements.scene.scene import Scene
from nicegui.elements.scene.scene_object3d import Object3D

from mxplans_sim.view.page.control import Facts
from mxplans_sim.view.page.panel import framed
from mxplans_sim.view.page.solids import METAL, Matrix, cylinder, rod, specimen
from mxplans_sim.world.goniometer import turn

Vector = npt.NDArray[np.float64]

UNITS_PER_MM = 8.0
"""Scene units per mm about the sample."""
DETECTOR_UNITS_PER_MM = 0.25
SIZE_PX = (640, 480)
UPRIGHT: Matrix = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]
"""The scene's z points up; the image frame's y points down, its z along the beam."""
BACKGROUND = "#1b2028"
HEAD_AT, RAIL_AT, SPINDLE_AT = 18.0, 27.0, 34.0
"""Along the spindle: where the pin ends, where the arms meet, where the spindle begins."""
COLOURS = ("#4cc9f0", "#b5e48c", "#f28fb0")
"""Of the axes, from the spindle upwards."""
BEAM_ON, BEAM_OFF = "#ffb000", "#77643a"


class StagePanel:
    """The panel."""

    def __init__(self) -> None:
        self._turning: list[Group] = []
        self._built: tuple[object, ...] | None = None
        self._specimen: Facts | None = None
        with framed("stage", "Goniometer"):
            camera = ui.scene.perspective_camera(fov=32, near=1, far=600)
            self._scene = ui.scene(*SIZE_PX, grid=False, background_color=BACKGROUND, camera=camera)
            self._scene.classes("scene").props('role="img" aria-label="Goniometer in 3D; drag to turn the view"')
            self._scene.move_camera(-26, -72, 36, 12, 6, -2, duration=0)
            self._caption = ui.label("").classes("caption")

    def update(self, world: Facts) -> None:
        """Turn what has turned; build anew when the goniometer or the specimen is another."""
        gonio = world["goniometer"]
        chain = gonio["chain"]
        fixed = (gonio["kind"], *((link["name"], link["axis"], link["point_mm"]) for link in chain))
        if fixed != self._built:
            self._build(chain, world["detector"])
            self._built = fixed
        for group, link in zip(self._turning, chain, strict=True):
            _turn(group, link)
        self._stand(gonio, world["specimen"])
        self._shine(world)
        positions = {motor["name"]: motor["position"] for motor in world["motors"]}
        angles = " · ".join(f"{link['name']} {positions[link['name']] + 0.0:.2f}°" for link in chain)
        self._caption.set_text(f"{gonio['kind']} · {angles}")

    def _build(self, chain: Sequence[Facts], detector: Facts) -> None:
        self._scene.clear()
        self._specimen = None
        scene = self._scene
        with scene.group().rotate_R(UPRIGHT):
            self._beam = [rod(scene, (0, 0, -46), (0, 0, 0), 0.3), rod(scene, (0, 0, 0), (0, 0, 24), 0.12)]
            scene.text("beam", f"color:{BEAM_ON};font-size:11px").move(0, -2.5, -30)
            self._detector = _detector(scene, detector)
            self._turning = []
            _axis(scene, chain[0], 0, -14, SPINDLE_AT)
            with scene.group() as spindle:
                self._turning.append(spindle)
                _spindle(scene)
                _arms(scene, chain[1:], np.array([SPINDLE_AT - 2, 0.0, 0.0]), self._turning)
            with scene.group() as self._holder:
                cylinder(scene, 4.0, 4.0).material(METAL).move(HEAD_AT + 2)
                self._mounted = scene.group()

    def _stand(self, gonio: Facts, found: Facts | None) -> None:
        """Put the specimen, and the head that holds it, where they are."""
        self._holder.rotate_R(gonio["rotation"])
        self._holder.move(*(UNITS_PER_MM * value for value in gonio["shift_mm"]))
        if found != self._specimen:
            self._specimen = found
            for part in self._mounted.children:
                part.delete()
            if found is not None:
                with self._mounted:
                    specimen(self._scene, found, UNITS_PER_MM, HEAD_AT)

    def _shine(self, world: Facts) -> None:
        colour = BEAM_ON if world["beam"]["flux_at_sample_hz"] > 0 else BEAM_OFF
        for part in self._beam:
            part.material(colour)
        self._detector.move(0, 0, DETECTOR_UNITS_PER_MM * world["detector"]["distance_mm"])


def _turn(group: Group, link: Facts) -> None:
    """Turn about an axis that may miss the origin."""
    rotation = turn(np.array(link["axis"]), link["angle_deg"]).round(6)
    point = UNITS_PER_MM * np.array(link["point_mm"])
    group.rotate_R(rotation.tolist())
    group.move(*(point - rotation @ point).round(5).tolist())


def _detector(scene: Scene, detector: Facts) -> Object3D:
    """The sensitive area; it stands at the end of the beam."""
    mm = DETECTOR_UNITS_PER_MM * detector["pixel_um"] / 1000
    across, down = mm * detector["columns"], mm * detector["rows"]
    x = mm * (detector["columns"] / 2 - detector["beam_px"][0])
    y = mm * (detector["rows"] / 2 - detector["beam_px"][1])
    with scene.group() as plane:
        scene.box(across, down, 0.4).material("#3b4654").move(x, y, 0.25)
        scene.box(across + 1.5, down + 1.5, 2.0).material("#59636f").move(x, y, 1.5)
        scene.text("detector", "color:#c9d1da;font-size:11px").move(x, y - down / 2 - 2.5, 0)
    return plane


def _spindle(scene: Scene) -> None:
    """The spindle, with a mark that shows it turning."""
    cylinder(scene, 8.0, 18.0).material("#59636f").move(SPINDLE_AT + 9)
    cylinder(scene, 6.0, 2.0).material(METAL).move(SPINDLE_AT - 1)
    scene.box(16.0, 1.0, 1.6).material(COLOURS[0]).move(SPINDLE_AT + 9, -8.0, 0)


def _arms(scene: Scene, links: Sequence[Facts], begin: Vector, turning: list[Group]) -> None:
    """What stands on an axis: an arm to the next one, and all that turns about that."""
    if not links:
        rod(scene, begin, (HEAD_AT + 2, 0, 0), 1.5).material(METAL)
        return
    link, axis = links[0], np.array(links[0]["axis"])
    point = UNITS_PER_MM * np.array(link["point_mm"])
    place = RAIL_AT if len(links) > 1 else HEAD_AT + 5
    if abs(axis[0]) > 0.3:
        joint = point + axis * (place - point[0]) / axis[0]
        _axis(scene, link, len(turning), -10, 6)
        rod(scene, begin, joint, 1.4).material(METAL)
    else:
        joint = np.array([place, 0.0, 0.0])
        _rail(scene, link, joint)
        _axis(scene, link, len(turning), -14, 14)
    colour = COLOURS[len(turning)]
    with scene.group() as group:
        turning.append(group)
        scene.sphere(2.0).material(colour).move(*joint.tolist())
        _arms(scene, links[1:], joint, turning)


def _rail(scene: Scene, link: Facts, joint: Vector) -> None:
    """The way of a joint about an axis through the sample, from limit to limit, and what carries it."""
    axis, (low, high) = np.array(link["axis"]), link["limits_deg"]
    points = [turn(axis, angle) @ joint for angle in np.linspace(low, high, 13)]
    for one, other in pairwise(points):
        rod(scene, one, other, 0.7).material(METAL)
    for end in (points[0], points[-1]):
        rod(scene, (SPINDLE_AT - 2, 0, 0), end, 0.7).material(METAL)


def _axis(scene: Scene, link: Facts, number: int, begin: float, end: float) -> None:
    """A line along an axis with its name."""
    axis, point = np.array(link["axis"]), UNITS_PER_MM * np.array(link["point_mm"])
    first, last = point + begin * axis, point + end * axis
    rod(scene, first, last, 0.1).material(COLOURS[number])
    scene.text(link["name"], f"color:{COLOURS[number]};font-size:11px").move(*(first - 2 * axis).tolist())
