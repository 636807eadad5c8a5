"""What devices read now, with units: in the background and with a limit, so that a dead one delays nobody."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mxplans.app.ipython.connecting import Connected, said
from mxplans.app.ipython.reaching import unreachable
from mxplans.app.ipython.stand_in import StandIn, is_there

READ_S = 3.0
"""Real seconds for all devices together."""
LOST = "is not connected any more"


@dataclass(frozen=True)
class Reading:
    """One value.

    Attributes:
        name: Of the data key, without the role in front.
        value: A number or a text.
        unit: Empty where it has none.
    """

    name: str
    value: float | str
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.shown}".strip()

    @property
    def shown(self) -> str:
        """Value and unit.

        >>> Reading("omega", 90.00001, "deg").shown
        '90 deg'
        """
        return f"{self.number} {self.unit}".strip()

    @property
    def number(self) -> str:
        """The value without its unit; positions to a tenth of a micrometre and of a millidegree.

        >>> Reading("x", 6.3e-06, "mm").number, Reading("flux", 123456789.0).number
        ('0', '1.2346e+08')
        """
        if not isinstance(self.value, float):
            return self.value
        return f"{round(self.value, 4) + 0.0:g}" if self.unit in ("mm", "deg") else f"{self.value:.5g}"


@dataclass(frozen=True)
class Role:
    """How a role does.

    Attributes:
        name: Of the role.
        kind: Class of its device.
        problem: Why it cannot be used; None if it can.
        readings: What it says now.
    """

    name: str
    kind: str
    problem: str | None = None
    readings: tuple[Reading, ...] = ()

    def value(self, name: str) -> float | str | None:
        """One of its readings; None where it has none of this name."""
        return next((reading.value for reading in self.readings if reading.name == name), None)


def read_roles(connected: Iterable[Connected], timeout_s: float = READ_S) -> tuple[Role, ...]:
    """Read all devices at the same time.

    Args:
        connected: Them.
        timeout_s: Real seconds; a device that needs longer is told to be silent.
    """
    looks = [_Look(one, timeout_s) for one in connected]
    until_s = time.monotonic() + timeout_s
    return tuple(look.result(until_s) for look in looks)


class _Look:
    def __init__(self, connected: Connected, timeout_s: float) -> None:
        self._role = role = connected.role
        self._device = device = connected.device
        self._address = connected.address
        self._timeout_s = timeout_s
        self._found: Role | None = None
        self._thread = threading.Thread(target=self._read, name=f"read {role}", daemon=True)
        if is_there(device):
            self._thread.start()
        else:
            reason = device.reason if isinstance(device, StandIn) else "none"
            self._found = Role(role, "-", reason)

    def result(self, until_s: float) -> Role:
        if self._found is None:
            self._thread.join(max(0.0, until_s - time.monotonic()))
        return self._found or Role(self._role, type(self._device).__name__, f"says nothing for {self._timeout_s:g} s")

    def _read(self) -> None:
        kind = type(self._device).__name__
        if not getattr(self._device, "connected", True):
            self._found = Role(self._role, kind, LOST)
            return
        if (problem := unreachable(self._address, self._timeout_s)) is not None:
            self._found = Role(self._role, kind, problem)
            return
        try:
            readings = readings_of(self._device, self._role)
        except Exception as error:  # noqa: BLE001  # a client of whatever kind: its row tells it
            self._found = Role(self._role, kind, said(error))
        else:
            self._found = Role(self._role, kind, None, readings)


def readings_of(device: Any, role: str) -> tuple[Reading, ...]:
    """Its values as texts and numbers; arrays and what is empty are left out."""
    if not hasattr(device, "read"):
        return ()
    values, keys = device.read(), device.describe()
    return tuple(
        Reading(key.removeprefix(role).lstrip("_"), value, str(keys.get(key, {}).get("units") or ""))
        for key, read in values.items()
        if (value := _plain(read["value"])) is not None
    )


def _plain(value: Any) -> float | str | None:
    if isinstance(value, str):
        return value or None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number + 0.0 if math.isfinite(number) else None  # -0 is 0
