"""A sample changer of the ISARA kind, with a double gripper that starts and ends its exchanges in the soaking position."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any, Literal

from ophyd import Component, Device
from pydantic import Field

from mxplans.errors import DeviceFault, MxplansError, RobotFault, SampleProblem
from mxplans.model.acquisition import SampleLocation
from mxplans.model.device_settings import Address, DeviceSettings, TimeoutS
from mxplans_devices._jobs import FaultStatus, Task, Worker
from mxplans_devices._signals import Known
from mxplans_devices.md3.phases import TRANSFER, MD3Phase
from mxplans_devices.protocols.isara import IsaraClient, IsaraState, Place, Watch
from mxplans_devices.sample_changer import Load, Unload

NO_PIN = (2130, 4130)
"""Errors of a place without a pin."""
SOAK = "SOAK"
RESET_TIMEOUT_S = 10.0
PERIOD_S = 0.1
"""Real seconds between two looks at the robot."""


class IsaraSampleChanger(Device):
    """The robot; data keys `<name>_pin_mounted`, `_current_puck`, `_current_pin`, `_barcode`.

    `pin_mounted` is what the goniometer's sensor says, puck and pin are what the robot remembers. Where the two
    contradict each other the robot first fetches what it remembers, which is safe whoever is right.

    Args:
        prefix: Unused.
        name: Role.
        operate: Host and port for orders.
        monitor: Host and port for questions.
        md3_address: Exporter of the diffractometer, which is brought into the phase for the robot before it comes.
        tool: Number of the gripper.
        timeout_s: Real seconds until a load or unload has failed.
        idle_timeout_s: Real seconds to wait for a path that runs already.
        sensor_timeout_s: Real seconds until the sensor must agree with the robot.
        watch_s: Real seconds after which what is read may be old.
        answer_timeout_s: Real seconds to wait for a reply.
    """

    class Settings(DeviceSettings):
        """Settings of an `IsaraSampleChanger`."""

        operate: Address = Field(description="Host and port for orders")
        monitor: Address = Field(description="Host and port for questions")
        md3_address: Literal[""] | Address = Field(
            default="",
            description="Exporter of the diffractometer, which is brought into the phase for the robot before it comes",
        )
        tool: int = Field(default=3, ge=0, description="Number of the gripper")
        timeout_s: TimeoutS = Field(default=180.0, description="Real seconds until a load or unload has failed")
        idle_timeout_s: TimeoutS = Field(default=300.0, description="Real seconds to wait for a path that runs already")
        sensor_timeout_s: TimeoutS = Field(
            default=10.0, description="Real seconds until the sensor must agree with the robot"
        )
        watch_s: TimeoutS = Field(default=2.0, description="Real seconds after which what is read may be old")
        answer_timeout_s: TimeoutS = Field(default=10.0, description="Real seconds to wait for a reply")

    load = Component(Load, "", kind="omitted")
    unload = Component(Unload, "", kind="omitted")
    pin_mounted = Component(Known, value=0, kind="normal")
    current_puck = Component(Known, value=0, kind="normal")
    current_pin = Component(Known, value=0, kind="normal")
    barcode = Component(Known, value="", kind="normal")

    def __init__(
        self,
        prefix: str = "",
        *,
        name: str,
        operate: str,
        monitor: str,
        md3_address: str = "",
        tool: int = 3,
        timeout_s: float = 180.0,
        idle_timeout_s: float = 300.0,
        sensor_timeout_s: float = 10.0,
        watch_s: float = 2.0,
        answer_timeout_s: float = 10.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(prefix, name=name, **kwargs)
        self._client = IsaraClient(operate, monitor, timeout_s=answer_timeout_s)
        self._phase = MD3Phase(name=f"{name}_phase", address=md3_address) if md3_address else None
        self._tool = tool
        self._timeout_s = timeout_s
        self._idle_timeout_s = idle_timeout_s
        self._sensor_timeout_s = sensor_timeout_s
        self._watch_s = watch_s
        self._watch: Watch | None = None
        self._worker = Worker(self, RobotFault)

    def wait_for_connection(self, all_signals: bool = False, timeout: float = 10.0) -> None:
        """Connect, and look at the robot from now on.

        Raises:
            DeviceFault: If robot or diffractometer do not answer.
        """
        self.look()
        if self._phase is not None:
            self._phase.wait_for_connection()
        if self._watch is None:
            self._watch = Watch(f"watch of {self.name}", self._watch_s, self.look)

    def destroy(self) -> None:
        """End the connections."""
        if self._watch is not None:
            self._watch.end()
        self._client.close()
        if self._phase is not None:
            self._phase.destroy()
        super().destroy()

    def look(self) -> None:
        """Read state and sensor now."""
        state = self._client.state()
        puck, pin = state.on_diffractometer or (0, 0)
        self.current_puck.put(puck)
        self.current_pin.put(pin)
        self.barcode.put(state.barcode)
        self.pin_mounted.put(int(self._client.sensed()))

    def start_load(self, location: SampleLocation) -> FaultStatus:
        """Start to mount; fails with `SampleProblem` when there is no pin, otherwise with `RobotFault`."""
        place = (location.puck, location.pin)
        return self._start(lambda task: self._load(task, place), f"load of puck {place[0]} pin {place[1]}")

    def start_unload(self) -> FaultStatus:
        """Start to put the mounted pin back; fails with `RobotFault`."""
        return self._start(self._unload, "unload")

    def stop(self, *, success: bool = False) -> None:
        """Abort the path that this device has started."""
        if self._worker.busy:
            try:
                self._client.post("abort")
            finally:
                self._worker.interrupt(timeout_s=0.0)

    def _start(self, work: Callable[[Task], None], what: str) -> FaultStatus:
        def looking(task: Task) -> None:
            try:
                work(task)
            except MxplansError:
                with contextlib.suppress(DeviceFault):
                    self.look()
                raise
            self.look()

        return self._worker.start(looking, what, self._timeout_s + self._idle_timeout_s)

    def _load(self, task: Task, place: Place) -> None:
        self._make_ready(task)
        remembered, sensed = self._client.state().on_diffractometer, self._client.sensed()
        if remembered is not None and sensed:
            raise RobotFault(f"{self.name}: puck {remembered[0]} pin {remembered[1]} is mounted; unload it first")
        if sensed:
            raise RobotFault(
                f"{self.name}: the sensor sees a pin on the goniometer that the robot knows nothing of; "
                "take it off, or tell the robot with setdiffr"
            )
        if remembered is not None:
            self._fetch(task)
        puck, pin = place
        self._run(task, f"put,{self._tool},{puck},{pin},1", place)
        self._require_sensor(task, True)

    def _unload(self, task: Task) -> None:
        self._make_ready(task)
        self._fetch(task)
        self._require_sensor(task, False)

    def _fetch(self, task: Task) -> None:
        self._run(task, f"get,{self._tool}", None)

    def _make_ready(self, task: Task) -> None:
        """Wait for a path that runs; power, no fault, the diffractometer ready, the gripper cold."""
        state = self._idle(task)
        if not state.remote:
            raise RobotFault(f"{self.name} is not in remote mode; turn the key of its controller")
        if state.faulty or state.error:
            self._client.order("reset")
            task.until(
                lambda: not self._is_bad(), lambda: f"reset left {self._client.state().message!r}", RESET_TIMEOUT_S
            )
        if not state.powered:
            self._client.order("on")
            task.until(
                lambda: self._client.state().powered, "the arm gets no power; look at its doors", RESET_TIMEOUT_S
            )
        if self._phase is not None:
            task.wait(self._phase.set(TRANSFER))
        if self._client.state().position != SOAK:
            self._client.order(f"traj(soak,{self._tool})")
            self._idle(task)
            if (position := self._client.state().position) != SOAK:
                raise RobotFault(f"{self.name}: the arm is at {position!r} and not in the soaking position; see to it")

    def _idle(self, task: Task) -> IsaraState:
        task.until(
            lambda: not self._client.state().running,
            lambda: f"path {self._client.state().path!r} still runs; let it end or abort it at the robot",
            timeout_s=self._idle_timeout_s,
            period_s=PERIOD_S,
        )
        return self._client.state()

    def _is_bad(self) -> bool:
        state = self._client.state()
        return state.faulty or state.error != 0

    def _run(self, task: Task, path: str, end: Place | None) -> None:
        """Run a path to the diffractometer; `end` is what must be remembered there afterwards."""
        self._client.order(f"traj({path})")
        last = self._client.state()

        def over() -> bool:
            nonlocal last
            last = self._client.state()
            return not last.running and (last.on_diffractometer == end or last.error != 0 or last.faulty)

        task.until(
            over,
            lambda: f"running {last.running}, on the goniometer {last.on_diffractometer}, {last.message!r}",
            timeout_s=self._timeout_s,
            period_s=PERIOD_S,
        )
        if last.error in NO_PIN:
            self._client.order("reset")
            raise SampleProblem(f"{self.name}: {task.what} found no pin: {last.message}")
        if last.error or last.faulty:
            raise RobotFault(
                f"{self.name}: {task.what} ended with {last.message!r} at {last.position}; "
                "see to the robot and reset it before going on",
                last.error,
            )

    def _require_sensor(self, task: Task, sensed: bool) -> None:
        """Wait until the sensor says what the robot says.

        Raises:
            SampleProblem: If there is no pin after a load.
            RobotFault: If there is one after an unload.
        """
        end_s = time.monotonic() + self._sensor_timeout_s
        task.until(
            lambda: self._client.sensed() == sensed or time.monotonic() > end_s,
            "the sensor is silent",
            period_s=PERIOD_S,
        )
        if self._client.sensed() == sensed:
            return
        if sensed:
            raise SampleProblem(
                f"{self.name}: {task.what} ended, and {self._sensor_timeout_s:g} s later the goniometer's sensor sees no pin"
            )
        raise RobotFault(f"{self.name}: {task.what} ended and the sensor still sees a pin; look at the goniometer")
