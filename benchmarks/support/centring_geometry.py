"""Hulls, registered points and kappa: how near they are to the truth, which the virtual beamline's own geometry knows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt

from mxplans.centring.hull import HullNotFound
from mxplans.centring.hull_carve import HullView, carve
from mxplans.centring.kappa_calibration import CentredTip, calibrate_kappa
from mxplans.centring.registration import Registered, Sighting, register
from mxplans.geometry import REST, Camera, GoniometerGeometry, Orientation
from mxplans.model import Pose
from mxplans_sim.settings import GoniometerSettings
from mxplans_sim.world.goniometer import Goniometer, turn
from mxplans_sim.world.placement import Placement
from mxplans_sim.world.thickness import View
from support.meter import Meter

Array = npt.NDArray[np.float64]

WORLD = GoniometerSettings.model_validate({"kind": "mini-kappa"})
CHAIN = Goniometer(WORLD, seed=1)
TRUE = GoniometerGeometry(
    kind="mini-kappa",
    kappa_axis=WORLD.kappa_axis,
    phi_axis=WORLD.phi_axis,
    kappa_point_mm=WORLD.kappa_point_mm,
    phi_point_mm=WORLD.phi_point_mm,
)
NOMINAL = GoniometerGeometry(
    kind="mini-kappa",
    kappa_axis=(0.87, -0.35, -0.25),
    phi_axis=(1.0, 0.05, -0.06),
    kappa_point_mm=(1.5, -0.3, 0.5),
    phi_point_mm=(0.1, 0.0, 0.0),
)
BOXES = 30
HULL_VIEWS = 12
HULL_STEP_UM = 4.0
UM_PER_PX = 1.5
SIZE_PX = 400
JITTER_PX = 1.0
CLICK_PX = 2.0
TRIALS = 1000
CLICKS: dict[str, tuple[Sequence[tuple[float, float]], bool]] = {
    "0_90": ([(0, 0), (90, 0)], False),
    "0_30": ([(0, 0), (30, 0)], False),
    "0_60_120": ([(0, 0), (60, 0), (120, 0)], False),
    "0_90_180_axis": ([(0, 0), (90, 0), (180, 0)], True),
    "6_axis": ([(60 * number, 0) for number in range(6)], True),
    "kappa_0_30": ([(0, 0), (0, 30)], False),
}
"""Omega and kappa of the clicks, deg, and whether the height of the omega axis is unknown."""
TIPS = [(kappa, 0.0) for kappa in (0.0, 60.0, 120.0, 180.0, 240.0)] + [(0.0, 60.0 * number) for number in range(1, 6)]
ROUND_TRIPS = 200


def centring_geometry(meter: Meter, seeds: Sequence[int] = (0,)) -> None:
    """Measure all three for each seed."""
    for seed in seeds:
        named = partial(_named, seed, len(seeds) > 1)
        hulls(meter, seed, named("hull"))
        registered_points(meter, seed, named("points"))
        kappa(meter, seed, named("kappa"))


def _named(seed: int, several: bool, name: str) -> str:
    return f"{name}_seed_{seed}" if several else name


def placement(pose: Pose, orientation: Orientation = REST) -> Placement:
    """Where the virtual beamline has the sample."""
    motors = {"x": pose.x_mm, "y": pose.y_mm, "z": pose.z_mm, "omega": pose.omega_deg}
    return CHAIN.placement(motors | {"kappa": orientation.kappa_deg, "phi": orientation.phi_deg})


def view(um_per_px: float, offset_mm: float = 0.0) -> View:
    """The virtual camera."""
    return View(SIZE_PX, SIZE_PX, um_per_px / 1000, SIZE_PX / 2, SIZE_PX / 2, offset_mm)


def hulls(meter: Meter, seed: int, name: str) -> None:
    """Random boxes, 12 silhouettes each with errors of the outline."""
    rng = np.random.default_rng([seed, 1])
    errors_um, ratios, taken_s, not_found = [], [], [], 0
    for _ in range(BOXES):
        rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        halves = np.array([60.0, 35.0, 20.0]) * rng.uniform(0.6, 1.4, 3)
        middle = rng.uniform(-60, 60, 3)
        corners = np.array(np.meshgrid(*[[-1, 1]] * 3)).reshape(3, -1).T * halves @ rotation.T + middle
        views = [silhouette(corners, omega, rng) for omega in np.arange(HULL_VIEWS) * 180 / HULL_VIEWS]
        begin = time.perf_counter()
        hull = carve(views, TRUE, step_um=HULL_STEP_UM)
        taken_s.append(time.perf_counter() - begin)
        if isinstance(hull, HullNotFound):
            not_found += 1
            continue
        errors_um.append(float(np.linalg.norm(hull.centroid_mm * 1000 - middle)))
        ratios.append(hull.volume_um3 / float(8 * halves.prod()))
    meter.figure(f"{name}_not_found", not_found, "boxes", f"= 0 of {BOXES}", not_found == 0)
    median_um, p90_um = np.percentile(errors_um, [50, 90])
    meter.figure(f"{name}_centroid_median", float(median_um), "um", "<= 2", bool(median_um <= 2))
    meter.figure(f"{name}_centroid_p90", float(p90_um), "um", "<= 2", bool(p90_um <= 2))
    low, high = min(ratios), max(ratios)
    meter.figure(f"{name}_volume_over_true_least", low, "", "1.0 to 1.6", 1.0 <= low <= 1.6)
    meter.figure(f"{name}_volume_over_true_most", high, "", "1.0 to 1.6", 1.0 <= high <= 1.6)
    meter.figure(f"{name}_of_{HULL_VIEWS}_views_most", max(taken_s), "s", "<= 0.7", max(taken_s) <= 0.7)


def silhouette(corners_um: Array, omega_deg: float, rng: np.random.Generator) -> HullView:
    """Mask of a box; corners of its outline wander, and all of it."""
    pose = TRUE.pose_for([0.0, 0.0, 0.0], omega_deg)
    seen = view(UM_PER_PX).pixels(placement(pose).lab(corners_um / 1000))
    outline = cv2.convexHull(seen.astype(np.float32))[:, 0]
    away = outline - outline.mean(axis=0)
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    outline = outline + away * rng.normal(0, JITTER_PX, (len(outline), 1)) + rng.normal(0, JITTER_PX / 2, 2)
    mask = np.zeros((SIZE_PX, SIZE_PX), np.uint8)
    cv2.fillPoly(mask, [np.round(outline * 16).astype(np.int32)], 1, cv2.LINE_8, 4)
    return HullView(mask.astype(bool), Camera(UM_PER_PX, SIZE_PX / 2, SIZE_PX / 2), pose)


def registered_points(meter: Meter, seed: int, name: str) -> None:
    """Clicks with errors: the scatter over what is predicted, the worst of x, y and z."""
    rng = np.random.default_rng([seed, 2])
    for case, (places, fit) in CLICKS.items():
        point, offset_mm = rng.uniform(-0.2, 0.2, 3), float(rng.uniform(-0.03, 0.03)) if fit else 0.0
        at = [(TRUE.pose_for(point, omega, Orientation(kappa_deg=kappa)), kappa) for omega, kappa in places]
        exact = [_exact(point, pose, kappa, offset_mm) for pose, kappa in at]
        errors_um = []
        for _ in range(TRIALS):
            clicks = [
                _click(pixel + rng.normal(0, CLICK_PX, 2), *place) for pixel, place in zip(exact, at, strict=True)
            ]
            found = register(clicks, TRUE, fit_axis_offset=fit)
            # A line would be no point, however far: it misses the goal.
            errors_um.append((found.point_mm - point) * 1000 if isinstance(found, Registered) else np.full(3, np.inf))
        predicted_um = np.sqrt(np.diag(found.covariance_mm2)) * 1000
        ratios = np.sqrt(np.mean(np.square(errors_um), axis=0)) / predicted_um
        worst = float(ratios[np.abs(ratios - 1).argmax()])
        meter.figure(f"{name}_rms_over_predicted_{case}", worst, "", "0.9 to 1.1", 0.9 <= worst <= 1.1)


def _click(pixel: Array, pose: Pose, kappa_deg: float) -> Sighting:
    x_px, y_px = (float(value) for value in pixel)
    camera = Camera(1.0, SIZE_PX / 2, SIZE_PX / 2)
    return Sighting(x_px, y_px, camera, pose, Orientation(kappa_deg=kappa_deg), CLICK_PX)


def _exact(point: Array, pose: Pose, kappa_deg: float, offset_mm: float) -> Array:
    seen = placement(pose, Orientation(kappa_deg=kappa_deg)).lab(point)
    return np.asarray(view(1.0, offset_mm).pixels(seen)[0])


def kappa(meter: Meter, seed: int, name: str) -> None:
    """Axes from tips, exact and with the errors of a centring; how far a point then leaves the beam."""
    rng = np.random.default_rng([seed, 3])
    for case, sigma_um in (("", 0.0), ("_of_tips_1_um", 1.0)):
        found = calibrate_kappa([_tip(rng, *place, sigma_um) for place in TIPS], NOMINAL)
        there_um, back_um = zip(*(_trip(rng, found.geometry) for _ in range(ROUND_TRIPS)), strict=True)
        there, back = float(np.percentile(there_um, 90)), max(back_um)
        meter.figure(f"{name}_there{case}_p90", there, "um", "" if sigma_um else "< 1", bool(sigma_um) or there < 1)
        meter.figure(f"{name}_round_trip{case}_most", back, "um", "< 1", back < 1)


def _tip(rng: np.random.Generator, kappa_deg: float, phi_deg: float, sigma_um: float) -> CentredTip:
    """A tip that was centred, by the virtual chain."""
    omega_deg, orientation = float(rng.uniform(-180, 180)), Orientation(kappa_deg=kappa_deg, phi_deg=phi_deg)
    still = placement(Pose(x_mm=0, y_mm=0, z_mm=0, omega_deg=omega_deg), orientation).lab(np.array([0.1, 0.25, -0.2]))
    x, y, z = turn(np.array([1.0, 0.0, 0.0]), -omega_deg) @ -still[0] + rng.normal(0, sigma_um / 1000, 3)
    return CentredTip(Pose(x_mm=x, y_mm=y, z_mm=z, omega_deg=omega_deg), orientation)


def _trip(rng: np.random.Generator, geometry: GoniometerGeometry) -> tuple[float, float]:
    """How far what is in the beam is from it, um, after kappa and phi went somewhere, and after they came back."""
    here, there = (
        Orientation(kappa_deg=float(rng.uniform(0, 240)), phi_deg=float(rng.uniform(-180, 180))) for _ in range(2)
    )
    x, y, z = rng.uniform(-0.3, 0.3, 3)
    pose = Pose(x_mm=x, y_mm=y, z_mm=z, omega_deg=float(rng.uniform(-180, 180)))
    before = placement(pose, here)
    point = -before.rotation.T @ before.shift_mm
    moved = geometry.corrected(pose, here, there)
    back = geometry.corrected(moved, there, here)
    off = [placement(moved, there).lab(point)[0], placement(back, here).lab(point)[0]]
    first_um, second_um = (float(np.linalg.norm(one)) * 1000 for one in off)
    return first_um, second_um
