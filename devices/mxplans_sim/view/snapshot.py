"""The present state of the world as plain values (JSON), for whoever watches; reading it changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mxplans_sim.world.actuator import Actuator
from mxplans_sim.world.goniometer import ABOVE_OMEGA, TRANSLATIONS
from mxplans_sim.world.kinematics import Axis
from mxplans_sim.world.ring import NO_TOP_UP_S
from mxplans_sim.world.specimen import EYE, Loop, Matrix, Specimen, Vector
from mxplans_sim.world.state import World
from mxplans_sim.world.surroundings import Surroundings

if TYPE_CHECKING:
    from mxplans_sim.servers.simplon.armed import LastImage
    from mxplans_sim.servers.simplon.detector import VirtualDetector

Facts = dict[str, Any]


def snapshot(world: World, detector: VirtualDetector | None = None) -> Facts:
    """All that is shown of the world now.

    Args:
        world: The world.
        detector: The virtual detector, if there is one.
    """
    scanner = world.scanner
    return {
        "time": {"simulated_s": round(world.clock.now_s(), 3), "speed_up": world.clock.speed_up},
        "sample": world.sample_name,
        "motors": [_motor(axis) for axis in (*world.axes.values(), world.distance, world.camera.controls.focus)],
        "actuators": [_actuator(thing) for thing in _actuators(world)],
        "goniometer": _goniometer(world),
        "specimen": None if world.specimen is None else _specimen(world.specimen),
        "dose_mgy": 0.0 if world.specimen is None else round(world.dose.most_mgy(world.specimen.name), 4),
        "camera": _camera(world),
        "dewar": _dewar(world),
        "robot": _robot(world),
        "beam": _beam(world),
        "scan": {"running": scanner.running, "points": scanner.points, "error": scanner.error},
        "detector": _detector(world, detector),
        "surroundings": _surroundings(world.surroundings),
    }


def _motor(axis: Axis) -> Facts:
    return {
        "name": axis.name,
        "position": round(axis.position, 5),
        "unit": "mm" if axis.name in (*TRANSLATIONS, "distance", "focus") else "deg",
        "limits": list(axis.limits),
        "moving": axis.moving,
    }


def _actuators(world: World) -> list[Actuator]:
    around = world.surroundings
    own = [thing for thing in vars(world).values() if isinstance(thing, Actuator)]
    return [*own, around.beamstop, around.hutch.shutter, around.hutch.door]


def _actuator(thing: Actuator) -> Facts:
    return {"name": thing.name, "state": thing.state, "target": thing.target, "moving": thing.moving}


def _goniometer(world: World) -> Facts:
    """The chain from the spindle upwards (image frame, all motors at 0), and where a specimen stands now."""
    settings, placement = world.gonio.settings, world.placement
    axes = {"omega": (1.0, 0.0, 0.0), "chi": settings.chi_axis, "kappa": settings.kappa_axis, "phi": settings.phi_axis}
    points = {"kappa": settings.kappa_point_mm, "phi": settings.phi_point_mm} if settings.kind == "mini-kappa" else {}
    signs = {"omega": settings.omega_sign}
    return {
        "kind": settings.kind,
        "chain": [
            {
                "name": name,
                "axis": list(axes[name]),
                "point_mm": list(points.get(name, (0.0, 0.0, 0.0))),
                "angle_deg": round(signs.get(name, 1) * world.axes[name].position, 4),
                "limits_deg": list(world.axes[name].limits),
            }
            for name in ("omega", *ABOVE_OMEGA[settings.kind])
        ],
        "rotation": placement.rotation.round(6).tolist(),
        "shift_mm": placement.shift_mm.round(5).tolist(),
    }


def _specimen(specimen: Specimen) -> Facts:
    """Bodies in the specimen's frame; rotations are lists of rows. The same as long as nobody changes the pin."""
    pin, loop = specimen.pin, specimen.loop
    return {
        "name": specimen.name,
        "pin": None if pin is None else {"path_mm": [list(point) for point in pin.path_mm], "radius_mm": pin.radius_mm},
        "loop": None if loop is None else _loop(loop),
        "crystals": [
            _body(crystal.centre_mm, crystal.half_size_mm, crystal.box_rotation) for crystal in specimen.crystals
        ],
        "drops": [_body(drop.centre_mm, drop.half_axes_mm, drop.rotation) for drop in specimen.drops],
        "ice": [_body(ball.centre_mm, (ball.radius_mm,) * 3, EYE) for ball in specimen.ice],
    }


def _loop(loop: Loop) -> Facts:
    return {
        "neck_mm": list(loop.neck_mm),
        "length_mm": loop.length_mm,
        "width_mm": loop.width_mm,
        "rotation": [list(row) for row in loop.rotation],
        "liquid_half_thickness_mm": loop.liquid_half_thickness_mm,
    }


def _body(centre_mm: Vector, half_size_mm: Vector, rotation: Matrix) -> Facts:
    return {
        "centre_mm": list(centre_mm),
        "half_size_mm": list(half_size_mm),
        "rotation": [list(row) for row in rotation],
    }


def _camera(world: World) -> Facts:
    level, settings = world.camera.level, world.camera.settings
    return {
        "width_px": settings.width_px,
        "height_px": settings.height_px,
        "zoom": level.name,
        "um_per_px": level.um_per_px,
        "beam_px": [level.beam_x_px, level.beam_y_px],
    }


def _dewar(world: World) -> list[Facts]:
    def state(place: tuple[int, int]) -> str:
        if world.robot.mounted == place:
            return "mounted"
        return "missing" if world.storage.specimen(place) is None else "in dewar"

    return [
        {"puck": place[0], "pin": place[1], "sample": pin.name, "barcode": pin.barcode, "state": state(place)}
        for place, pin in sorted(world.storage.dewar.items())
    ]


def _robot(world: World) -> Facts:
    robot = world.robot
    return {
        "program": robot.program,
        "in_hutch": robot.in_hutch,
        "mounted": None if robot.mounted is None else list(robot.mounted),
        "pin_sensed": robot.pin_sensed,
        "gripper_k": round(robot.gripper_k, 1),
    }


def _beam(world: World) -> Facts:
    beam, ring = world.beam, world.beam.ring
    countdown_s = ring.top_up_countdown_s()
    return {
        "energy_ev": round(beam.energy_ev, 2),
        "flux_hz": beam.flux_hz,
        "flux_at_sample_hz": world.flux_hz,
        "transmission_frac": beam.transmission_frac,
        "size_um": list(beam.fwhm_um),
        "profile": beam.profile,
        "in_place": beam.feedback.stable,
        "ring_current_ma": round(beam.ring_current_ma, 3),
        "ring_mode": ring.mode(),
        "top_up_in_s": None if countdown_s == NO_TOP_UP_S else round(countdown_s, 1),
        "user_beam_ends_in_s": round(ring.user_countdown_s(), 1),
    }


def _surroundings(surroundings: Surroundings) -> Facts:
    hutch, cryo = surroundings.hutch, surroundings.cryo
    return {
        "search": hutch.search_state,
        "interlock_set": hutch.interlock_set,
        "beam_in_hutch": hutch.beam_in,
        "light_curtain_clear": hutch.light_curtain_clear,
        "cryo_state": cryo.state,
        "cryo_k": round(cryo.temperature_k, 1),
    }


def _detector(world: World, detector: VirtualDetector | None) -> Facts:
    settings = world.settings.detector
    facts: Facts = {
        "columns": settings.nx,
        "rows": settings.ny,
        "pixel_um": settings.pixel_um,
        "beam_px": [settings.beam_x_px, settings.beam_y_px],
        "distance_mm": round(world.distance.position, 3),
        "state": "" if detector is None else detector.state,
        "frame": "" if detector is None or detector.last is None else frame_name(detector.last),
        "series": None,
    }
    if detector is not None and detector.series:
        number = max(detector.series)
        state = detector.series[number]
        facts["series"] = {
            "id": number,
            "images": state.series.images,
            "exposed": state.exposure.exposed,
            "drawn": len(state.spots),
        }
    return facts


def frame_name(last: LastImage) -> str:
    """Series and image number of a frame."""
    return f"{last.series.number}:{last.number}"
