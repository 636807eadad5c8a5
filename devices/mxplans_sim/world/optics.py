"""The on-axis viewer: a shadow picture of the specimen before the backlight.

Light that is bent out of the condenser's aperture is lost, which makes dark rims and bright middles; the rest is
absorbed on its way. Steps and constants: thickness maps, optical path O = sum of (n - 1) T, loss
0.03 + 0.97 exp(-|grad O|^2 / (2 (2.5 NA)^2)), absorption exp(-sum of mu T), defocus, camera noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from mxplans_sim.world.seeding import rng_for
from mxplans_sim.world.specimen import Loop, Specimen
from mxplans_sim.world.thickness import Array, Map, View, add_box, add_ellipsoid, add_fibre, fill_cylinder

Image = npt.NDArray[np.uint8]
Vector4 = tuple[float, float, float, float]

WIDTH, HEIGHT = 680, 512
FIBRE_RADIUS_MM = 0.010
_TWIST_MM = 0.22
_APERTURE = 2.5 * 0.08
_PATH = {"fibre": 0.35, "crystal": 0.06}
_ABSORPTION_PER_MM = {"fibre": 1.2, "liquid": 1.2, "crystal": 2.5}
_DARK = 4.0
_DEFOCUS = 0.02
_PIN_LENGTH_MM = 10.0


@dataclass(frozen=True)
class Zoom:
    """A zoom level; the beam mark's index is that of a pixel centre."""

    name: str
    um_per_px: float
    beam_x_px: float
    beam_y_px: float

    def view(self, beam_y_mm: float) -> View:
        """What the camera shows when the beam stands at x = 0 and this height."""
        return View(WIDTH, HEIGHT, self.um_per_px / 1000, self.beam_x_px, self.beam_y_px, beam_y_mm)


ZOOMS = (Zoom("Coarse", 2.4, 341.0, 254.0), Zoom("Fine", 1.2, 342.5, 252.5))


@dataclass(frozen=True)
class Shadow:
    """Thickness maps (mm) of one pose; `pin` is 1 where the metal is."""

    fibre: Map
    liquid: Map
    crystal: Map
    pin: Map


def rotation_x(omega_deg: float) -> Array:
    """Rotation about the omega axis: y' = y cos w - z sin w, z' = y sin w + z cos w."""
    c, s = math.cos(math.radians(omega_deg)), math.sin(math.radians(omega_deg))
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def cast_shadow(specimen: Specimen, pose: Vector4, view: View) -> Shadow:
    """Project a specimen at a pose (x, y, z in mm, omega in deg)."""
    shadow = Shadow(*(np.zeros((view.height, view.width), np.float32) for _ in range(4)))
    turn, motors = rotation_x(pose[3]), np.array(pose[:3])

    def lab(points: Array) -> Array:
        return np.asarray((np.atleast_2d(points) + motors) @ turn.T)

    loop = specimen.loop
    pin_centre = np.array(loop.neck_mm) * [0.0, 0.5, 0.5] if loop else np.zeros(3)
    begin = pin_centre + [specimen.pin_begins_mm, 0.0, 0.0]
    ends = lab(np.array([begin, begin + [_PIN_LENGTH_MM, 0.0, 0.0]]))
    fill_cylinder(shadow.pin, view, ends[0], ends[1], specimen.pin_radius_mm)
    if loop is not None:
        rotation = np.array(loop.rotation)
        for fibre in (ring(loop), *stem(loop, begin)):
            add_fibre(shadow.fibre, view, lab(fibre), FIBRE_RADIUS_MM)
        centre = np.array(loop.neck_mm) - 0.54 * loop.length_mm * rotation[:, 0]
        half = np.array([0.44 * loop.length_mm, 0.45 * loop.width_mm, loop.liquid_half_thickness_mm])
        add_ellipsoid(shadow.liquid, view, lab(centre)[0], turn @ rotation, half)
    for crystal in specimen.crystals:
        box = turn @ np.array(crystal.box_rotation)
        add_box(shadow.crystal, view, lab(np.array(crystal.centre_mm))[0], box, np.array(crystal.half_size_mm))
    return shadow


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


def stem(loop: Loop, pin_begin: Array) -> tuple[Array, Array]:
    """The two twisted fibres between the neck and the pin, along a bent line that leaves the pin straight."""
    neck, along = np.array(loop.neck_mm), np.array(loop.rotation)[:, 0]
    way = pin_begin[0] - neck[0]
    u = np.linspace(0.0, 1.0, 61)[:, None]
    corner = [neck, neck + 0.4 * way * along, pin_begin - [0.4 * way, 0.0, 0.0], pin_begin]
    line = (
        (1 - u) ** 3 * corner[0] + 3 * u * (1 - u) ** 2 * corner[1] + 3 * u**2 * (1 - u) * corner[2] + u**3 * corner[3]
    )
    turn = 2 * np.pi * way * u / _TWIST_MM
    helix = 1.2 * FIBRE_RADIUS_MM * np.concatenate([np.zeros_like(u), np.cos(turn), np.sin(turn)], axis=1)
    return line + helix, line - helix


class Viewer:
    """The camera and its light.

    Args:
        seed: Of dust and noise.
    """

    def __init__(self, seed: int) -> None:
        self._background = _background(rng_for(seed, "viewer background"))
        self._noise = rng_for(seed, "viewer noise")

    def expose(self, specimen: Specimen | None, pose: Vector4, zoom: Zoom, beam_y_mm: float, lit: bool) -> Image:
        """One picture, (HEIGHT, WIDTH); `lit` says whether the backlight is in."""
        light = self._background
        if specimen is not None:
            shadow = cast_shadow(specimen, pose, zoom.view(beam_y_mm))
            light = light * _transmitted(shadow, zoom.um_per_px / 1000)
            depth = _depth_mm(specimen, pose)
            blur_px = math.hypot(0.8, _DEFOCUS * depth / (zoom.um_per_px / 1000))
            light = cv2.GaussianBlur(light, (0, 0), blur_px).astype(np.float32)
        if not lit:
            light = light * np.float32(0.01)
        grain = self._noise.standard_normal(light.shape, dtype=np.float32)
        light = light + _DARK + grain * (np.float32(1.5) + np.float32(0.08) * cv2.sqrt(light))
        return np.clip(light, 0, 255).astype(np.uint8)


def _depth_mm(specimen: Specimen, pose: Vector4) -> float:
    """Distance of the loop from the plane of focus, which holds the omega axis."""
    if specimen.loop is None:
        return 0.0
    middle = np.array(specimen.loop.neck_mm) - 0.5 * specimen.loop.length_mm * np.array(specimen.loop.rotation)[:, 0]
    return float(abs((rotation_x(pose[3]) @ (middle + np.array(pose[:3])))[2]))


def _transmitted(shadow: Shadow, mm_per_px: float) -> Map:
    """Fraction of the light that reaches the camera."""
    path = _PATH["fibre"] * np.maximum(shadow.fibre, shadow.liquid) + _PATH["crystal"] * shadow.crystal
    path = cv2.GaussianBlur(path.astype(np.float32), (0, 0), 1.2)
    scale = 1 / (8 * mm_per_px)
    gradient_x = cv2.Sobel(path, cv2.CV_32F, 1, 0, ksize=3, scale=scale)
    gradient_y = cv2.Sobel(path, cv2.CV_32F, 0, 1, ksize=3, scale=scale)
    bent = cv2.exp((gradient_x * gradient_x + gradient_y * gradient_y) * np.float32(-0.5 / _APERTURE**2))
    absorbed = cv2.exp(
        -np.float32(_ABSORPTION_PER_MM["fibre"]) * shadow.fibre
        - np.float32(_ABSORPTION_PER_MM["liquid"]) * shadow.liquid
        - np.float32(_ABSORPTION_PER_MM["crystal"]) * shadow.crystal
    )
    passed = (np.float32(0.03) + np.float32(0.97) * bent) * absorbed
    return np.asarray(passed * (1 - np.float32(0.985) * shadow.pin), dtype=np.float32)


def _background(rng: np.random.Generator) -> Map:
    """The empty field: vignetting and fixed specks of dust."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    light = 215 * np.exp(-(((x - 0.52 * WIDTH) / WIDTH) ** 2 + ((y - 0.5 * HEIGHT) / WIDTH) ** 2) / 0.35)
    for _ in range(8):
        column, row, radius = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(1.5, 4)
        light *= 1 - rng.uniform(0.03, 0.12) * np.exp(-((x - column) ** 2 + (y - row) ** 2) / (2 * radius**2))
    return np.asarray(light, dtype=np.float32)
