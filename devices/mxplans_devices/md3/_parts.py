"""What the devices of a micro-diffractometer have in common: a client, values that follow events, and patience."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

from ophyd import Device
from pydantic import Field

from mxplans.errors import DeviceFault
from mxplans.model.device_settings import Address, DeviceSettings, TimeoutS
from mxplans_devices._jobs import FaultStatus, Task, Worker
from mxplans_devices._signals import Known
from mxplans_devices.protocols.exporter import ExporterClient, TaskInfo, Value

BUSY = ("Moving", "Running", "Initializing", "Starting")
ASK_S = 1.0
"""Real seconds after which the server is asked although its events say that it still works."""
REST_TIMEOUT_S = 10.0
"""Real seconds in which everything must stand after a stop."""


class Followed(Known):
    """A value that follows a property of the exporter, by its events and whenever the device looks.

    Args:
        exporter: Name of the property.
        convert: From its value to that of the signal; None leaves the signal as it is.
    """

    def __init__(
        self, *args: Any, exporter: str, convert: Callable[[Value], Any] = lambda value: value, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.exporter = exporter
        self._convert = convert

    def follow(self, exporter: str, convert: Callable[[Value], Any], units: str | None = None) -> None:
        """Follow another property, for what is known only to the device."""
        self.exporter, self._convert, self._units = exporter, convert, units

    def take(self, value: Value) -> None:
        """A value of the property has come."""
        converted = self._convert(value)
        if converted is not None:
            self.put(converted)


class ExporterSettings(DeviceSettings):
    """Settings of a device behind an exporter."""

    address: Address = Field(description="Host and port of the exporter")
    answer_timeout_s: TimeoutS = Field(default=10.0, description="Real seconds to wait for an answer")


class Exported(Device):
    """A device behind an exporter. Reading gives what was heard last; setting works in a thread.

    Args:
        prefix: Unused, exporters have an `address`.
        name: Role.
        address: Host and port; a part of a device uses the connection of the whole.
        answer_timeout_s: Real seconds to wait for an answer.
        parent: The device that this one is a part of.
    """

    def __init__(
        self,
        prefix: str = "",
        *,
        name: str,
        address: str = "",
        answer_timeout_s: float = 10.0,
        parent: Any = None,
        **kwargs: Any,
    ) -> None:
        whole = parent if isinstance(parent, Exported) else None
        self.exporter: ExporterClient = whole.exporter if whole else ExporterClient(address, timeout_s=answer_timeout_s)
        self._is_part = whole is not None
        super().__init__(prefix, name=name, parent=parent, **kwargs)
        self._worker = Worker(self)
        self._known_of = 0
        self._stopping = False
        self._followed = [part for part in map(self._part, self.component_names) if isinstance(part, Followed)]
        self.exporter.listen(self._hear)

    @property
    def busy(self) -> bool:
        """Whether a job of this device is under way."""
        return self._worker.busy

    def wait_for_connection(self, all_signals: bool = False, timeout: float = 10.0) -> None:
        """Connect, and read all values once.

        Raises:
            DeviceFault: If the server does not answer.
        """
        self.look()

    def destroy(self) -> None:
        """End the connection."""
        if not self._is_part:
            self.exporter.close()
        super().destroy()

    def read(self) -> Any:
        """What was heard last."""
        self.catch_up()
        return super().read()

    def catch_up(self) -> None:
        """Look when the connection is lost or new: events may have been missed."""
        if not self.exporter.connected or self._known_of != self.exporter.connections:
            self.look()

    def look(self) -> None:
        """Read all values now."""
        self.exporter.connect()
        self._known_of = self.exporter.connections
        for signal in self._followed:
            signal.take(self.exporter.read(signal.exporter))

    def stop(self, *, success: bool = False) -> None:
        """Abort what this device does; does nothing when it does nothing."""
        if self.busy:
            self.abort()

    def abort(self) -> None:
        """Let everything that the controller moves come to rest; returns at once."""
        try:
            self.exporter.post("abort")
        finally:
            self.give_up()

    def give_up(self) -> None:
        """Let the present job end when everything stands."""
        self._stopping = True
        self._worker.interrupt(timeout_s=0.0)

    def start(self, work: Callable[[Task], None], what: str, timeout_s: float) -> FaultStatus:
        """Begin a job; when it is stopped, it ends only when everything stands.

        Args:
            work: Called in a thread.
            what: The work, as a phrase for messages.
            timeout_s: Real seconds it may take.
        """

        def guarded(task: Task) -> None:
            self.catch_up()
            try:
                work(task)
            except DeviceFault as fault:
                rest = f"; {self._rest()}" if self._stopping else ""
                with contextlib.suppress(DeviceFault):
                    self.look()
                if not rest:
                    raise
                raise DeviceFault(f"{fault}{rest}") from fault
            self.look()

        if not self.busy:
            self._stopping = False
        return self._worker.start(guarded, what, timeout_s)

    def wait_until_ready(self, task: Task, timeout_s: float) -> None:
        """Wait until the controller takes orders.

        Raises:
            DeviceFault: If it does not, or is in a fault.
        """
        task.until(self._is_ready, lambda: f"the controller is {self.exporter.read('State')!r}, not 'Ready'", timeout_s)

    def run(self, task: Task, method: str, *arguments: bool | float | str) -> TaskInfo:
        """Start a task of the controller and wait for its end.

        Raises:
            DeviceFault: If it is refused, does not end, ends with an exception or leaves the controller in a fault.
        """
        client = self.exporter
        number = client.start_task(method, *arguments)
        asked_s = [0.0]

        def ended() -> bool:
            if client.latest("State") in BUSY and time.monotonic() - asked_s[0] < ASK_S:
                return False
            asked_s[0] = time.monotonic()
            return client.task(number).ended

        task.until(ended, lambda: f"{method} (task {number}) does not end; look at the controller")
        info = client.task(number)
        if info.failure:
            raise DeviceFault(
                f"{self.name}: {task.what} failed: {method} (task {number}) ended with {info.failure!r}; "
                "look at the controller, then try again"
            )
        self.wait_until_ready(task, REST_TIMEOUT_S)
        return info

    def _is_ready(self) -> bool:
        state = self.exporter.read("State")
        if state not in BUSY and state != "Ready":
            raise DeviceFault(
                f"{self.name}: the controller is in state {state!r} ({self.exporter.read('Status')}); "
                "put it right and restart it"
            )
        return state == "Ready"

    def _rest(self) -> str:
        """Wait until the controller stands after an abort; says so, or that it does not."""
        pause, end_s = threading.Event(), time.monotonic() + REST_TIMEOUT_S
        while self.exporter.execute("getState") in BUSY:
            if time.monotonic() > end_s:
                return f"it has been told to stop and still moves after {REST_TIMEOUT_S:g} s: use the emergency stop"
            pause.wait(0.02)
        return "everything stands"

    def _hear(self, name: str, value: Value) -> None:
        for signal in self._followed:
            if signal.exporter == name:
                signal.take(value)

    def _part(self, name: str) -> Any:
        return getattr(self, name)
