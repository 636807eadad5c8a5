"""Signals of process variables with the units that the project promises."""

from __future__ import annotations

from typing import Any

from ophyd import Component, Device, EpicsSignal, EpicsSignalRO, Signal
from pydantic import Field

from mxplans.errors import LimitExceeded
from mxplans.model.device_settings import DeviceSettings, PvPrefix, TimeoutS
from mxplans_devices._jobs import FaultStatus, Task, Worker

_PLAIN_KEYS = ("source", "dtype", "dtype_numpy", "shape", "units", "precision")


def plain(description: dict[str, Any], units: str | None) -> dict[str, Any]:
    """The parts of a description that documents need, with units.

    >>> plain({"a": {"source": "PV:A", "dtype": "number", "shape": [], "units": None, "enum_strs": ()}}, "mm")
    {'a': {'source': 'PV:A', 'dtype': 'number', 'shape': [], 'units': 'mm'}}
    """
    result = {}
    for key, full in description.items():
        entry = {part: full[part] for part in _PLAIN_KEYS if full.get(part) not in (None, "")}
        if units is not None:
            entry["units"] = units
        result[key] = entry
    return result


class ReadOnly(EpicsSignalRO):
    """A value that is only read.

    Args:
        units: Its unit, for documents; None for what has none.
    """

    def __init__(self, *args: Any, units: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._units = units

    def describe(self) -> dict[str, Any]:
        """Type, shape and unit."""
        return plain(super().describe(), self._units)


class Setting(EpicsSignal):
    """A value that is set with put-completion and read back.

    Args:
        units: Its unit, for documents; None for what has none.
    """

    def __init__(self, *args: Any, units: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, put_complete=True, **kwargs)
        self._units = units

    def describe(self) -> dict[str, Any]:
        """Type, shape and unit."""
        return plain(super().describe(), self._units)


class Known(Signal):
    """A value that the device itself knows.

    Args:
        units: Its unit, for documents; None for what has none.
    """

    def __init__(self, *args: Any, units: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._units = units

    @property
    def source_name(self) -> str:
        """Source in documents: the device itself."""
        return f"device:{self.name}"

    def describe(self) -> dict[str, Any]:
        """Type, shape and unit."""
        return plain(super().describe(), self._units)


class Choice(Device):
    """A device that is one of a few named positions; its data key is its own name.

    Setting it ends when the readback shows the position asked for.

    Args:
        prefix: Process variable of the setpoint; the readback has `_RBV` behind.
        name: Role, and data key.
        timeout_s: Real seconds until a move has failed.
    """

    class Settings(DeviceSettings):
        """Settings of a `Choice`."""

        prefix: PvPrefix = Field(description="Process variable of the setpoint; the readback has `_RBV` behind")
        timeout_s: TimeoutS = Field(default=30.0, description="Real seconds until a move has failed")

    selected = Component(Setting, "_RBV", write_pv="", string=True, kind="hinted")

    def __init__(self, prefix: str = "", *, name: str, timeout_s: float = 30.0, **kwargs: Any) -> None:
        super().__init__(prefix, name=name, **kwargs)
        self.selected.name = self.name
        self._timeout_s = timeout_s
        self._worker = Worker(self)

    def set(self, value: Any) -> FaultStatus:
        """Start towards a position by its name.

        The Status fails with `LimitExceeded` when the controller knows no such position.
        """
        name = str(value)
        return self._worker.start(lambda task: self._move(task, name), f"move to {name!r}", self._timeout_s)

    def stop(self, *, success: bool = False) -> None:
        """Wait no longer; such a device moves to its end by itself."""
        self._worker.interrupt()

    def _move(self, task: Task, name: str) -> None:
        self.selected.wait_for_connection()
        allowed = self.selected.enum_strs or ()
        if name not in allowed:
            raise LimitExceeded(f"{self.name} cannot be {name!r}; it can be {', '.join(map(repr, allowed))}")
        task.wait(self.selected.set(name))
        task.until(lambda: self.selected.get(use_monitor=False) == name, self._elsewhere, timeout_s=5.0)

    def _elsewhere(self) -> str:
        return f"it stands at {self.selected.get()!r}; look whether it is blocked"
