"""The present state of the world as plain values (JSON), for whoever watches; reading it changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mxplans_sim.world.actuator import Actuator
from mxplans_sim.world.goniometer import ABOVE_OMEGA, TRANSLATIONS
from mxplans_sim.world.kinematics import Axis
from mxplans_sim.world.specimen import Specimen
from mxplans_sim.world.state import World

if TYPE_CHECKING:
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
        "motors": [_motor(axis) for axis in (*world.axes.values(), world.distance)],
        "actuators": [_actuator(thing) for thing in vars(world).values() if isinstance(thing, Actuator)],
        "goniometer": _goniometer(world),
        "specimen": None if world.specimen is None else _specimen(world.specimen),
        "camera": _camera(world),
        "dewar": _dewar(world),
        "robot": _robot(world),
        "beam": _beam(world),
        "scan": {"running": scanner.running, "points": scanner.points, "error": scanner.error},
        "detector": _detector(world, detector),
    }


def _motor(axis: Axis) -> Facts:
    return {
        "name": axis.name,
        "position": round(axis.position, 5),
        "unit": "mm" if axis.name in (*TRANSLATIONS, "distance") else "deg",
        "limits": list(axis.limits),
        "moving": axis.moving,
    }


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
    loop = specimen.loop
    return {
        "name": specimen.name,
        "pin_begins_mm": specimen.pin_begins_mm,
        "pin_radius_mm": specimen.pin_radius_mm,
        "loop": None
        if loop is None
        else {
            "neck_mm": list(loop.neck_mm),
            "length_mm": loop.length_mm,
            "width_mm": loop.width_mm,
            "rotation": [list(row) for row in loop.rotation],
            "liquid_half_thickness_mm": loop.liquid_half_thickness_mm,
        },
        "crystals": [
            {
                "centre_mm": list(crystal.centre_mm),
                "half_size_mm": list(crystal.half_size_mm),
                "rotation": [list(row) for row in crystal.box_rotation],
            }
            for crystal in specimen.crystals
        ],
    }


def _camera(world: World) -> Facts:
    level, (width, height) = world.camera.level, world.camera.size_px
    return {
        "width_px": width,
        "height_px": height,
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
    beam = world.beam
    return {
        "energy_ev": round(beam.energy_ev, 2),
        "flux_hz": beam.flux_hz,
        "flux_at_sample_hz": world.flux_hz,
        "transmission_frac": beam.transmission_frac,
        "size_um": list(beam.fwhm_um),
        "ring_current_ma": round(beam.ring_current_ma, 3),
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
