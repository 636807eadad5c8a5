"""Axes by name: finding them, reading where they are, moving them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from bluesky.utils import MsgGenerator

from mxplans.app.ipython.beamline import StaffBeamline
from mxplans.app.ipython.connecting import said
from mxplans.app.ipython.readings import readings_of
from mxplans.app.ipython.stand_in import StandIn
from mxplans.errors import InvalidInput
from mxplans.plans.waiting import MOVE_TIMEOUT_S, set_and_wait, value_of
from mxplans.roles import Movable


def axis_of(bl: StaffBeamline, name: str) -> Any:
    """What `goniometer.omega` names.

    Raises:
        InvalidInput: If there is nothing of this name, or it cannot be set.
        DeviceFault: If its device is not there.
    """
    role, *parts = name.split(".")
    devices = bl.devices
    if role not in devices:
        raise InvalidInput(f"{name}: there is no role {role!r}; allowed are {', '.join(devices)}")
    found = devices[role]
    for part in parts:
        if part.startswith("_") or (not isinstance(found, StandIn) and not hasattr(found, part)):
            raise InvalidInput(f"{name}: {role} has no {part}; allowed are {', '.join(axes_of(found)) or 'none'}")
        found = getattr(found, part)
    if isinstance(found, StandIn):
        found.set  # noqa: B018  # says why it is not there
    if not isinstance(found, Movable):
        axes = ", ".join(f"{name}.{axis}" for axis in axes_of(found))
        raise InvalidInput(f"{name} cannot be moved as a whole; name one of its axes: {axes or 'it has none'}")
    return found


def axes_of(device: Any) -> tuple[str, ...]:
    """Names of its parts that can be set and read."""
    names = getattr(device, "component_names", ())
    return tuple(name for name in names if isinstance(getattr(device, name, None), Movable))


def value_from(text: str) -> float | str:
    """A number where it is one, else a name.

    >>> value_from("90"), value_from("Small")
    (90.0, 'Small')
    """
    try:
        return float(text)
    except ValueError:
        return text


def moved(pairs: Sequence[tuple[Any, Any]], relative: bool) -> MsgGenerator[None]:
    """Move axes at the same time.

    Args:
        pairs: Axis and value.
        relative: Whether values are added to where the axes are.

    Raises:
        InvalidInput: If a name is to be added, or an axis that has positions and no names is to go to one.
        LimitExceeded: If an axis cannot go so far; those before it in the list have started then.
    """
    moves: list[Any] = []
    for axis, value in pairs:
        if relative and isinstance(value, str):
            raise InvalidInput(f"{axis.name}: {value!r} cannot be added; give a number, or use %mov")
        present = (yield from value_of(axis)) if relative or isinstance(value, str) else None
        if isinstance(value, str) and not isinstance(present, str):
            raise InvalidInput(f"{axis.name}: {value!r} is no number; write one without its unit, as 0.5")
        moves += [axis, present + value if relative else value]
    yield from set_and_wait(MOVE_TIMEOUT_S, *moves)


def where(bl: StaffBeamline, roles: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Name, value and unit of all that devices read.

    Raises:
        InvalidInput: If there is no such role.
    """
    devices = bl.devices
    for role in roles:
        if role not in devices:
            raise InvalidInput(f"there is no role {role!r}; allowed are {', '.join(devices)}")
        device = devices[role]
        if isinstance(device, StandIn):
            yield role, f"down: {device.reason}", ""
            continue
        try:
            readings = readings_of(device, role)
        except Exception as error:  # noqa: BLE001  # whatever a client says: its row tells it
            yield role, said(error), ""
            continue
        for reading in readings:
            yield f"{role}.{reading.name}".rstrip("."), reading.number, reading.unit
