"""Boxes before a virtual camera: their silhouettes by the virtual beamline's own geometry, with errors of the outline."""

import cv2
import numpy as np

from mxplans.centring.hull_carve import HullView
from mxplans.geometry import REST, Camera, GoniometerGeometry
from mxplans_sim.settings import GoniometerSettings
from mxplans_sim.world.goniometer import ABOVE_OMEGA, Goniometer
from mxplans_sim.world.thickness import View

WORLD = {"kind": "mini-kappa", "kappa_point_mm": (0.4, 0.2, -0.1), "phi_point_mm": (0.0, 0.05, 0.03)}
GEOMETRY = GoniometerGeometry.model_validate(WORLD)
CAMERA = Camera(1.5, 200.0, 190.0)
SIZE_PX = 400


def random_box(rng):
    """Corners (8, 3), middle (3,) and volume of a crystal-like box, um: about 120 x 70 x 40."""
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    halves = np.array([60.0, 35.0, 20.0]) * rng.uniform(0.6, 1.4, 3)
    middle = rng.uniform(-60, 60, 3)
    corners = np.array(np.meshgrid(*[[-1, 1]] * 3)).reshape(3, -1).T * halves
    return corners @ turn.T + middle, middle, 8 * halves.prod()


def silhouette(corners_um, pose, orientation=REST, rng=None, jitter_px=1.0, world=WORLD):
    """Mask of a convex body; the outline's corners wander by `jitter_px`, all of it by half of that."""
    chain = Goniometer(GoniometerSettings.model_validate(world), seed=1)
    motors = {"x": pose.x_mm, "y": pose.y_mm, "z": pose.z_mm, "omega": pose.omega_deg}
    above = {axis: getattr(orientation, f"{axis}_deg") for axis in ABOVE_OMEGA[world["kind"]]}
    lab = chain.placement(motors | above).lab(corners_um / 1000)
    view = View(SIZE_PX, SIZE_PX, CAMERA.um_per_px / 1000, CAMERA.beam_x_px, CAMERA.beam_y_px, 0.0)
    outline = cv2.convexHull(view.pixels(lab).astype(np.float32))[:, 0]
    if rng is not None:
        away = outline - outline.mean(axis=0)
        away /= np.linalg.norm(away, axis=1, keepdims=True)
        outline = outline + away * rng.normal(0, jitter_px, (len(outline), 1)) + rng.normal(0, jitter_px / 2, 2)
    mask = np.zeros((SIZE_PX, SIZE_PX), np.uint8)
    cv2.fillPoly(mask, [np.round(outline * 16).astype(np.int32)], 1, cv2.LINE_8, 4)
    return mask.astype(bool)


def views_of(corners_um, places, rng=None):
    """Silhouettes at (omega, orientation) of `places`, the sample's origin kept in the beam."""
    poses = [(GEOMETRY.pose_for([0, 0, 0], omega, at), at) for omega, at in places]
    return [HullView(silhouette(corners_um, pose, at, rng), CAMERA, pose, at) for pose, at in poses]


def half_turn(number):
    return [(omega, REST) for omega in np.arange(number) * (180 / number if number > 2 else 90)]
