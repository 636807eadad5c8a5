"""A sample changer in the manner of the BART robot: one program at a time, error codes when it ends."""

from __future__ import annotations

from typing import Any

from ophyd import Component, Device
from pydantic import Field

from mxplans.errors import RobotFault, SampleProblem
from mxplans.model.acquisition import SampleLocation
from mxplans.model.device_settings import DeviceSettings, PvPrefix, TimeoutS
from mxplans_devices._jobs import FaultStatus, Task, Worker
from mxplans_devices._signals import ReadOnly, Setting

NO_PIN = 25
"""Error code of a position without a pin."""


class Load(Device):
    """Mounts the pin of a `SampleLocation`."""

    def set(self, value: SampleLocation) -> FaultStatus:
        """Start to mount."""
        return self.parent.start_load(value)  # type: ignore[no-any-return]

    def stop(self, *, success: bool = False) -> None:
        """Abort what the robot does."""
        self.parent.stop(success=success)


class Unload(Device):
    """Puts the mounted pin back."""

    def trigger(self) -> FaultStatus:
        """Start to put it back."""
        return self.parent.start_unload()  # type: ignore[no-any-return]

    def stop(self, *, success: bool = False) -> None:
        """Abort what the robot does."""
        self.parent.stop(success=success)


class SampleChanger(Device):
    """The robot; data keys `<name>_pin_mounted`, `_current_puck`, `_current_pin`, `_barcode`.

    Args:
        prefix: Prefix of its process variables.
        name: Role.
        timeout_s: Real seconds until a load or unload has failed.
        idle_timeout_s: Real seconds to wait for a program that runs already.
    """

    class Settings(DeviceSettings):
        """Settings of a `SampleChanger`."""

        prefix: PvPrefix = Field(description="Prefix of its process variables")
        timeout_s: TimeoutS = Field(default=180.0, description="Real seconds until a load or unload has failed")
        idle_timeout_s: TimeoutS = Field(
            default=300.0, description="Real seconds to wait for a program that runs already"
        )

    load = Component(Load, "", kind="omitted")
    unload = Component(Unload, "", kind="omitted")
    pin_mounted = Component(ReadOnly, "PIN_MOUNTED", kind="normal")
    current_puck = Component(ReadOnly, "CURRENT_PUCK_RBV", kind="normal")
    current_pin = Component(ReadOnly, "CURRENT_PIN_RBV", kind="normal")
    barcode = Component(ReadOnly, "BARCODE", string=True, kind="normal")
    next_puck = Component(Setting, "NEXT_PUCK", kind="omitted")
    next_pin = Component(Setting, "NEXT_PIN", kind="omitted")
    load_program = Component(Setting, "LOAD.PROC", kind="omitted")
    unload_program = Component(Setting, "UNLD.PROC", kind="omitted")
    running = Component(ReadOnly, "PROGRAM_RUNNING", auto_monitor=True, kind="omitted")
    error_code = Component(ReadOnly, "PRG_ERR_CODE", kind="omitted")
    error_message = Component(ReadOnly, "PRG_ERR_MSG", string=True, kind="omitted")
    reset = Component(Setting, "RESET", kind="omitted")
    abort = Component(Setting, "ABORT", kind="omitted")

    def __init__(
        self, prefix: str = "", *, name: str, timeout_s: float = 180.0, idle_timeout_s: float = 300.0, **kwargs: Any
    ) -> None:
        super().__init__(prefix, name=name, **kwargs)
        self._timeout_s = timeout_s
        self._idle_timeout_s = idle_timeout_s
        self._worker = Worker(self, RobotFault)

    def start_load(self, location: SampleLocation) -> FaultStatus:
        """Start to mount; fails with `SampleProblem` when there is no pin, otherwise with `RobotFault`."""
        return self._worker.start(
            lambda task: self._load(task, location),
            f"load of puck {location.puck} pin {location.pin}",
            self._timeout_s + self._idle_timeout_s,
        )

    def start_unload(self) -> FaultStatus:
        """Start to put the mounted pin back; fails with `RobotFault`."""
        return self._worker.start(self._unload, "unload", self._timeout_s + self._idle_timeout_s)

    def stop(self, *, success: bool = False) -> None:
        """Abort the program that this device has started."""
        if self._worker.interrupt():
            self.abort.put(1, use_complete=False)

    def _load(self, task: Task, location: SampleLocation) -> None:
        self._make_ready(task)
        task.wait(self.next_puck.set(location.puck), self.next_pin.set(location.pin))
        wanted = (location.puck, location.pin)
        self._run_program(task, self.load_program, lambda: self._current() == wanted)

    def _unload(self, task: Task) -> None:
        self._make_ready(task)
        self._run_program(task, self.unload_program, lambda: not self._now(self.pin_mounted))

    def _make_ready(self, task: Task) -> None:
        task.until(
            lambda: not self._now(self.running),
            "another program still runs; let it end or abort it at the robot",
            timeout_s=self._idle_timeout_s,
            period_s=0.05,
        )
        if self._now(self.error_code):
            task.wait(self.reset.set(1))
            task.until(lambda: not self._now(self.error_code), lambda: f"RESET left {self._error()}", timeout_s=10.0)

    def _run_program(self, task: Task, program: Any, reached: Any) -> None:
        """Run one program; it is over when it does not run and has reached its end or has an error."""
        command = program.set(1)
        task.until(
            lambda: bool(command.done and not self._now(self.running) and (reached() or self._now(self.error_code))),
            lambda: f"running {self._now(self.running)}, puck and pin {self._current()}, {self._error()}",
            timeout_s=self._timeout_s,
        )
        code = self._now(self.error_code)
        if code == NO_PIN:
            raise SampleProblem(f"{self.name}: {task.what} found no pin: {self._error()}")
        if code:
            raise RobotFault(
                f"{self.name}: {task.what} ended with {self._error()}; see to the robot and reset it before going on",
                code,
            )

    def _now(self, signal: Any) -> int:
        return int(signal.get(use_monitor=False))

    def _current(self) -> tuple[int, int]:
        return self._now(self.current_puck), self._now(self.current_pin)

    def _error(self) -> str:
        return f"code {self._now(self.error_code)} ({self.error_message.get(use_monitor=False)})"
