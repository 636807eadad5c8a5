"""The names on the wire, and what stands behind each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from mxplans_sim.servers.exporter.diffractometer import READY, Diffractometer
from mxplans_sim.servers.exporter.interface import Interface, Method, Property
from mxplans_sim.servers.exporter.organs import BACKLIGHT, POSITIONS
from mxplans_sim.servers.exporter.values import Refused, Value

NAME = "MD3"
VERSION = "1.0"
_MEMORIES: tuple[tuple[str, str, Any], ...] = (
    ("int", "ScanNumberOfFrames", 1),
    ("int", "ScanNumberOfPasses", 1),
    ("double", "ScanStartAngle", 0.0),
    ("double", "ScanRange", 1.0),
    ("double", "ScanExposureTime", 1.0),
    ("boolean", "DetectorGatePulseEnabled", True),
    ("double", "DetectorGatePulseReadoutTime", 0.01),
)
"""Values that are only kept, with what they are at the start."""


class Surface:
    """Builds the interface of a controller.

    Args:
        diffractometer: The controller.
    """

    def __init__(self, diffractometer: Diffractometer) -> None:
        self._md = diffractometer
        self._world = diffractometer.world
        controls = diffractometer.world.camera.controls
        self._lamps = {"BackLight": controls.back, "FrontLight": controls.front}
        self._memory: dict[str, Any] = {name: value for _, name, value in _MEMORIES}

    def interface(self) -> Interface:
        """All properties and methods."""
        properties = {entry.name: entry for entry in self._properties()}
        methods = {method.name: method for method in self._methods()}
        return Interface(NAME, properties, methods)

    def _properties(self) -> Iterator[Property]:
        md = self._md
        yield Property("State", "String", lambda: md.state)
        yield Property("HardwareState", "String", lambda: READY)
        yield Property("Status", "String", lambda: md.status)
        yield Property("CurrentPhase", "String", lambda: md.phase)
        yield Property("HeadType", "String", lambda: md.settings.head_type)
        yield Property("KappaIsEnabled", "boolean", lambda: "Kappa" in md.motors.driven)
        yield Property("Version", "String", lambda: VERSION)
        yield Property("SampleIsLoaded", "boolean", lambda: self._world.robot.pin_sensed)
        yield Property("LastTaskInfo", "String[]", self._last_task)
        yield from self._motor_properties()
        yield from self._organ_properties()
        yield from self._camera_properties()
        for kind, name, _ in _MEMORIES:
            yield Property(name, kind, lambda name=name: self._memory[name], self._keep(name))  # type: ignore[misc]

    def _motor_properties(self) -> Iterator[Property]:
        motors = self._md.motors.by_name
        yield Property("MotorStates", "String[]", lambda: [f"{name}={m.state}" for name, m in motors.items()])
        yield Property("MotorPositions", "String[]", lambda: [f"{name}={m.position:.6f}" for name, m in motors.items()])
        for name, motor in motors.items():
            yield Property(f"{name}Position", "double", lambda motor=motor: motor.position, self._mover(name))  # type: ignore[misc]
            yield Property(f"{name}State", "String", lambda motor=motor: motor.state)  # type: ignore[misc]

    def _organ_properties(self) -> Iterator[Property]:
        md, world = self._md, self._world
        for name in POSITIONS:
            yield Property(f"{name}Position", "String", lambda name=name: md.organs.position(name), self._placer(name))  # type: ignore[misc]
        yield Property("FastShutterIsOpen", "boolean", lambda: world.shutter.state == "Open", self._set_shutter)
        yield Property("BackLightIsOn", "boolean", lambda: world.backlight_in, self._set_backlight)
        front = world.camera.controls.front
        yield Property("FrontLightIsOn", "boolean", lambda: front.is_on, self._set_lamp(front.switch))
        for name, lamp in self._lamps.items():
            yield Property(f"{name}Factor", "double", lambda lamp=lamp: lamp.factor, self._set_lamp(lamp.set_factor))  # type: ignore[misc]
            yield Property(f"{name}Level", "double", lambda lamp=lamp: lamp.level, self._set_lamp(lamp.set_level))  # type: ignore[misc]
        sizes = [round(aperture.size_um) for aperture in world.beam.apertures.values()]
        yield Property("ApertureDiameters", "int[]", lambda: sizes)
        yield Property(
            "CurrentApertureDiameterIndex",
            "int",
            lambda: world.aperture.states.index(world.aperture.state),
            self._set_aperture,
        )
        yield Property("BeamSizeHorizontal", "double", lambda: world.beam.fwhm_um[0] / 1000)
        yield Property("BeamSizeVertical", "double", lambda: world.beam.fwhm_um[1] / 1000)

    def _camera_properties(self) -> Iterator[Property]:
        world = self._world
        yield Property("CoaxialCameraZoomValue", "int", self._zoom, self._set_zoom)
        yield Property("CoaxCamScaleX", "double", lambda: world.camera.level.um_per_px / 1000)
        yield Property("CoaxCamScaleY", "double", lambda: world.camera.level.um_per_px / 1000)
        yield Property("BeamPositionHorizontal", "double", lambda: float(world.camera.level.beam_x_px))
        yield Property("BeamPositionVertical", "double", lambda: float(world.camera.level.beam_y_px))

    def _methods(self) -> Iterator[Method]:
        md, motors = self._md, self._md.motors
        motor = (("String", "motor"),)
        yield Method("getState", "String", (), _now(lambda: md.state))
        yield Method("getMotorState", "String", motor, _now(lambda name: motors.find(name).state))
        yield Method("getMotorPosition", "double", motor, _now(lambda name: motors.find(name).position))
        yield Method("getMotorLimits", "double[]", motor, _now(lambda name: motors.find(name).limits))
        yield Method("getMotorDynamicLimits", "double[]", motor, _now(lambda name: motors.find(name).limits))
        yield Method("getMotorMaxSpeed", "double", motor, _now(lambda name: motors.find(name).top_speed))
        yield Method("setMotorPosition", "void", (*motor, ("double", "position")), self._move)
        yield Method("startSimultaneousMoveMotors", "int", (("String", "positions"),), self._start_moves)
        yield Method("startHomingMotor", "int", motor, md.start_homing)
        yield Method("abort", "void", (), md.abort)
        yield Method("restart", "void", (), md.restart)
        yield Method("startSetPhase", "int", (("String", "phase"),), md.start_phase)
        yield Method("getCurrentPhase", "String", (), _now(lambda: md.phase))
        yield Method("saveCentringPositions", "void", (), _now(md.save_centring))
        yield Method("getHeadType", "String", (), _now(lambda: md.settings.head_type))
        yield Method("getTaskInfo", "String[]", (("int", "id"),), _now(lambda number: md.tasks.find(number).info()))
        yield Method("getLastTaskInfo", "String[]", (), _now(self._last_task))
        yield Method("isTaskRunning", "boolean", (("int", "id"),), _now(md.tasks.is_running))
        yield Method("getZoomRange", "int[]", (), _now(lambda: [1, len(self._world.zoom.states)]))
        yield Method("getCoaxialCameraZoomValue", "int", (), _now(self._zoom))
        yield Method("setCoaxialCameraZoomValue", "void", (("int", "zoom"),), self._set_zoom)
        for name, lamp in self._lamps.items():
            yield Method(f"get{name}Factor", "double", (), _now(lambda lamp=lamp: lamp.factor))
            yield Method(f"set{name}Factor", "void", (("double", "factor"),), self._set_lamp(lamp.set_factor))
        yield from self._scan_methods()

    def _scan_methods(self) -> Iterator[Method]:
        sweep = (("double", "start_angle"), ("double", "scan_range"), ("double", "exposure_time"))
        ends = tuple(("double", f"{end}_{axis}") for end in ("start", "stop") for axis in ("y", "z", "cx", "cy"))
        passes = ("int", "number_of_passes")
        frame = ("int", "frame_number")
        yield Method("startScanEx", "int", (frame, *sweep, passes), self._start_scan)
        yield Method("startScanEx2", "int", (frame, ("int", "number_of_images"), *sweep, passes), self._start_scan_2)
        yield Method("startScan4DEx", "int", (*sweep, *ends), self._start_helical)
        ranges = (("double", "omega_range"), ("double", "line_range"), ("double", "total_uturn_range"))
        start = tuple(("double", f"start_{axis}") for axis in ("omega", "y", "z", "cx", "cy"))
        counts = (("int", "number_of_lines"), ("int", "frames_per_line"), ("double", "exposure_time"))
        choices = (("boolean", "invert_direction"), ("boolean", "use_centring_table"), ("boolean", "shutterless"))
        yield Method("startRasterScanEx", "int", (*ranges, *start, *counts, *choices), self._start_raster)

    def _last_task(self) -> Value:
        return self._md.tasks.find(self._md.tasks.last).info() if self._md.tasks.last else None

    def _zoom(self) -> int:
        return self._world.zoom.states.index(self._world.zoom.state) + 1

    def _keep(self, name: str) -> Callable[[Any], Awaitable[None]]:
        async def keep(value: Any) -> None:
            self._memory[name] = value
            await self._md.changed.notify()

        return keep

    def _set_lamp(self, put: Callable[[Any], Awaitable[None]]) -> Callable[[Any], Awaitable[None]]:
        async def light(value: Any) -> None:
            try:
                await put(value)
            except ValueError as error:
                raise Refused(str(error)) from error
            await self._md.changed.notify()

        return light

    def _mover(self, name: str) -> Callable[[Any], Awaitable[None]]:
        return lambda target: self._move(name, target)

    async def _move(self, name: str, target: float) -> None:
        await self._md.move({name: target})

    async def _start_moves(self, text: str) -> int:
        """Positions as `Omega=1.5,CentringX=0.1`, with commas or semicolons."""
        targets: dict[str, float] = {}
        for part in filter(None, (part.strip() for part in text.replace(";", ",").split(","))):
            name, equals, number = part.partition("=")
            try:
                targets[name.strip()] = float(number)
            except ValueError:
                equals = ""
            if not equals:
                raise Refused(f"{part[:80]!r} is not a position, write motor=number, motor=number")
        if not targets:
            raise Refused("no positions are given, write motor=number, motor=number")
        return await self._md.start_move(targets)

    def _placer(self, name: str) -> Callable[[Any], Awaitable[None]]:
        async def place(position: str) -> None:
            self._md.organs.check(name, position)
            await self._md.set_organ(self._md.organs.by_name[name], position)

        return place

    async def _set_shutter(self, is_open: bool) -> None:
        if self._world.scanner.running:
            raise Refused("a scan has the shutter, abort it or wait for its end")
        await self._md.set_organ(self._world.shutter, "Open" if is_open else "Closed")

    async def _set_backlight(self, is_on: bool) -> None:
        await self._md.set_organ(self._md.organs.by_name[BACKLIGHT], "In" if is_on else "Out")

    async def _set_aperture(self, index: int) -> None:
        states = self._world.aperture.states
        if not 0 <= index < len(states):
            raise Refused(f"no aperture {index}, allowed are 0 to {len(states) - 1}")
        await self._md.set_organ(self._world.aperture, states[index])

    async def _set_zoom(self, level: int) -> None:
        states = self._world.zoom.states
        if not 1 <= level <= len(states):
            raise Refused(f"no zoom {level}, allowed are 1 to {len(states)}")
        await self._md.set_organ(self._world.zoom, states[level - 1])

    def _triggers(self, frames: int) -> int:
        """Pulses for the detector during an exposure: one per frame when the gate is on, otherwise one in all."""
        return frames if self._memory["DetectorGatePulseEnabled"] else min(frames, 1)

    async def _start_scan(self, frame: int, start: float, travel: float, exposure_s: float, passes: int) -> int:
        return await self._start_scan_2(frame, self._memory["ScanNumberOfFrames"], start, travel, exposure_s, passes)

    async def _start_scan_2(
        self, frame: int, images: int, start: float, travel: float, exposure_s: float, passes: int
    ) -> int:
        scan = self._md.scans.standard(self._triggers(images), start, travel, exposure_s, passes)
        return await self._md.start_scan("Scan Omega", scan)

    async def _start_helical(self, start: float, travel: float, exposure_s: float, *ends: float) -> int:
        frames = self._triggers(self._memory["ScanNumberOfFrames"])
        y0, z0, cx0, cy0, y1, z1, cx1, cy1 = ends
        scan = self._md.scans.helical(frames, start, travel, exposure_s, (y0, z0, cx0, cy0), (y1, z1, cx1, cy1))
        return await self._md.start_scan("Scan 4D", scan)

    async def _start_raster(self, travel: float, line_mm: float, turns_mm: float, *rest: Any) -> int:
        omega, y, z, cx, cy, lines, frames, exposure_s, snake, table, _ = rest
        start = (omega, y, z, cx, cy)
        triggers = self._triggers(frames)
        scan = self._md.scans.raster(travel, line_mm, turns_mm, start, lines, triggers, exposure_s, snake, table)
        return await self._md.start_scan("Raster Scan", scan)


def _now(read: Callable[..., Value]) -> Callable[..., Awaitable[Value]]:
    """A method that only gives a value."""

    async def call(*arguments: Any) -> Value:
        return read(*arguments)

    return call
