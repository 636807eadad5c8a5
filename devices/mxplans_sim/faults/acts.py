"""What acting faults do to the world, the detector and the proxies."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mxplans_sim.faults.engine import Faults
from mxplans_sim.faults.kind import Value
from mxplans_sim.faults.present import Present
from mxplans_sim.servers.simplon.faults import HttpFault, SimplonFaults
from mxplans_sim.world.goniometer import TRANSLATIONS
from mxplans_sim.world.ring import TOP_UP
from mxplans_sim.world.state import World

Parameters = Mapping[str, Value]
TakeBack = Callable[[], None] | None


def teach_world(faults: Faults, world: World) -> None:
    """Faults of source, goniometer and people."""
    ring, present = world.beam.ring, Present(world)
    told: list[asyncio.Task[None]] = []
    faults.attend(present.context)
    for changed in (world.robot.changed, world.scanner.changed):
        changed.subscribe(faults.look)

    def top_up(_: Parameters) -> TakeBack:
        ring.run(TOP_UP)
        return lambda: ring.run(ring.settings.mode)

    def request(parameters: Parameters) -> TakeBack:
        world.baton.request(str(parameters["user"]))
        return lambda: world.baton.request("")

    def nudge(parameters: Parameters) -> TakeBack:
        for name in TRANSLATIONS:
            world.axes[name].nudge(float(parameters["um"]) / 1000)
        told.append(asyncio.get_running_loop().create_task(tell()))
        return None

    async def tell() -> None:
        """Let those who watch the axes see that these have lost their home."""
        for name in TRANSLATIONS:
            await world.axes[name].changed.notify()
        told.clear()

    faults.on("beam_dump", lambda parameters: ring.dump(float(parameters["duration_s"])))
    faults.on("user_beam_ends", lambda parameters: ring.end_user_beam(float(parameters["in_s"])))
    faults.on("topup_soon", lambda parameters: ring.top_up_in(float(parameters["in_s"])))
    faults.on("topup_gap", top_up)
    faults.on("pin_sensor_flaps", lambda parameters: _flap(world, parameters))
    faults.on("beam_jump", lambda parameters: world.beam.feedback.kick(float(parameters["ev"])))
    faults.on("operator_request", request)
    faults.on("gonio_nudged", nudge)
    faults.on("process_killed", _kill)


def _flap(world: World, parameters: Parameters) -> TakeBack:
    """Let the pin sensor change its mind."""

    async def flap() -> None:
        try:
            for _ in range(int(parameters["changes"])):
                world.robot.sensor_says = not world.robot.pin_sensed
                await world.robot.changed.notify()
                await world.clock.sleep(float(parameters["period_s"]))
        finally:
            world.robot.sensor_says = None
        await world.robot.changed.notify()

    task = asyncio.get_running_loop().create_task(flap())
    return lambda: _cancel(task)


def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()


def _kill(parameters: Parameters) -> TakeBack:
    """End a process, or let it stand.

    Raises:
        ValueError: If it is this one, or not the one that is meant.
        OSError: If there is none, or it is somebody else's.
    """
    pid, command = int(parameters["pid"]), str(parameters["command"])
    if pid == os.getpid():
        raise ValueError(f"process {pid} is the virtual beamline itself; give the number of another one")
    told = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    if command not in told:
        raise ValueError(f"process {pid} is {told[:80]!r}, its command line must hold {command!r}; nothing is killed")
    number = signal.Signals[f"SIG{parameters['signal']}"]
    os.kill(pid, number)
    return (lambda: os.kill(pid, signal.SIGCONT)) if number == signal.SIGSTOP else None


def _forget(entries: dict[str, Any], name: str) -> None:
    entries.pop(name, None)


def teach_detector(faults: Faults, detector: SimplonFaults) -> None:
    """Faults of the detector and its file writer."""

    def count(attribute: str, parameter: str) -> Callable[[Parameters], TakeBack]:
        def act(parameters: Parameters) -> TakeBack:
            setattr(detector, attribute, getattr(detector, attribute) + int(parameters[parameter]))
            return lambda: setattr(detector, attribute, 0)

        return act

    def switch(attribute: str, value: Callable[[Parameters], Value], off: Value) -> Callable[[Parameters], TakeBack]:
        def act(parameters: Parameters) -> TakeBack:
            setattr(detector, attribute, value(parameters))
            return lambda: setattr(detector, attribute, off)

        return act

    def ignore(parameters: Parameters) -> TakeBack:
        name = str(parameters["parameter"])
        detector.ignored.add(name)
        return lambda: detector.ignored.discard(name)

    def clamp(parameters: Parameters) -> TakeBack:
        name = str(parameters["parameter"])
        detector.clamped[name] = float(parameters["low"]), float(parameters["high"])
        return lambda: _forget(detector.clamped, name)

    def fail(parameters: Parameters) -> TakeBack:
        path = str(parameters["path"])
        detector.http[path] = HttpFault(int(parameters["status"]), int(parameters["times"]))
        return lambda: _forget(detector.http, path)

    faults.on("detector_stuck_armed", count("stuck_disarms", "times"))
    faults.on("detector_fails_to_arm", count("failed_arms", "times"))
    faults.on("detector_fails_after_interrupt", count("failed_arms_after_interrupt", "times"))
    faults.on("frames_lost", count("lost_frames", "frames"))
    faults.on("writer_stalled", switch("writer_stalled", lambda _: True, False))
    faults.on("writer_slow", switch("writer_delay_s", lambda parameters: parameters["delay_s"], 0.0))
    faults.on("detector_deaf", switch("deaf", lambda _: True, False))
    faults.on("writer_fails", switch("writer_error", lambda parameters: parameters["error"], ""))
    faults.on("detector_slow", switch("delay_s", lambda parameters: parameters["delay_s"], 0.0))
    faults.on("spots_late", switch("spots_delay_s", lambda parameters: parameters["delay_s"], 0.0))
    faults.on("spots_dropped", switch("spots", lambda _: "dropped", ""))
    faults.on("spots_empty", switch("spots", lambda _: "empty", ""))
    faults.on("spots_wrong_series", switch("spots", lambda _: "other_series", ""))
    faults.on("detector_ignores", ignore)
    faults.on("detector_clamps", clamp)
    faults.on("detector_http_error", fail)
