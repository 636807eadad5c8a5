"""Whether what stands in containers fits into them: positions of pucks, pins, wells and drops, and regions."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator
from typing import NamedTuple

from mxplans.model._base import MxlimsObject
from mxplans.model._problem import Problem
from mxplans.model.message import Message
from mxplans.model.plates import DropRegion, Plate, PlateWell
from mxplans.model.regions import Rectangle
from mxplans.model.samples import MultiPin, Puck


class _Place(NamedTuple):
    """A field that says where in its container an object stands."""

    type_name: str
    field: str
    room: Callable[[Message, MxlimsObject], int | None]
    """How many places the container has; None if it does not say."""


def _positions(_: Message, holder: MxlimsObject) -> int | None:
    return holder.number_positions if isinstance(holder, Puck | MultiPin) else None


def _rows(_: Message, plate: MxlimsObject) -> int | None:
    return plate.plate_type.number_rows if isinstance(plate, Plate) and plate.plate_type else None


def _columns(_: Message, plate: MxlimsObject) -> int | None:
    return plate.plate_type.number_columns if isinstance(plate, Plate) and plate.plate_type else None


def _drops(message: Message, well: MxlimsObject) -> int | None:
    plate = _container(message, well)
    return plate.plate_type.number_sub_positions if isinstance(plate, Plate) and plate.plate_type else None


_PLACES = (
    _Place("Pin", "position_in_puck", _positions),
    _Place("MultiPin", "position_in_puck", _positions),
    _Place("PinPosition", "position_in_pin", _positions),
    _Place("PlateWell", "row_number", _rows),
    _Place("PlateWell", "column_number", _columns),
    _Place("WellDrop", "drop_number", _drops),
)


def _container(message: Message, one: MxlimsObject) -> MxlimsObject | None:
    reference = getattr(one, "container_ref", None)
    return None if reference is None else message.of_type(reference.type_name).get(reference.key)


def within(message: Message) -> Iterator[Problem]:
    """Positions are not beyond what their container has room for."""
    for type_name, field, room in _PLACES:
        for key, one in message.of_type(type_name).items():
            container = _container(message, one)
            position: int | None = getattr(one, field)
            most = None if container is None else room(message, container)
            if position is not None and most is not None and position > most:
                alias = type(one).model_fields[field].alias
                yield Problem(
                    f"{type_name}.{key}.{alias}", position, f"1 to {most}, as its container has", "correct either"
                )


def taken_once(message: Message) -> Iterator[Problem]:
    """No place of a container is taken twice; pins with one loop and multi-position pins share a puck."""
    owners: dict[Hashable, str] = {}
    for type_name, fields in {
        "Puck": ("position_in_dewar",),
        "Pin": ("position_in_puck",),
        "MultiPin": ("position_in_puck",),
        "PinPosition": ("position_in_pin",),
        "PlateWell": ("row_number", "column_number"),
        "WellDrop": ("drop_number",),
    }.items():
        for key, one in message.of_type(type_name).items():
            reference = getattr(one, "container_ref", None)
            place = tuple(getattr(one, field) for field in fields)
            if reference is None or None in place:
                continue
            path = f"{type_name}.{key}"
            owner = owners.setdefault((reference.ref, place), path)
            if owner != path:
                alias = type(one).model_fields[fields[-1]].alias
                yield Problem(
                    f"{path}.{alias}",
                    place[0] if len(place) == 1 else place,
                    f"what no other in {reference.ref} has; {owner} has this",
                    "give it its own",
                )


def wells(message: Message) -> Iterator[Problem]:
    """The name of a well, if it looks like A1 or C03, says its row and its column."""
    for key, well in message.plate_wells.items():
        match = re.fullmatch(r"([A-Z]{1,2})([0-9]{1,3})", well.name or "")
        if match and (_letter_row(match[1]), int(match[2])) != (well.row_number, well.column_number):
            yield Problem(
                f"PlateWell.{key}.name", well.name, f"{well_name(well)} by its row and column", "correct either"
            )


def _letter_row(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def well_name(well: PlateWell) -> str:
    """What a well is called by its row and its column.

    >>> well_name(PlateWell(row_number=8, column_number=1)), well_name(PlateWell(row_number=27, column_number=48))
    ('H1', 'AA48')
    """
    letters, row = "", well.row_number
    while row:
        row, rest = divmod(row - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{well.column_number}"


def regions(message: Message) -> Iterator[Problem]:
    """A rectangle has a width and a height."""
    for key, one in message.drop_regions.items():
        if isinstance(one, DropRegion) and isinstance(one.region.region, Rectangle):
            first, second = one.region.region.points
            for axis in ("x", "y"):
                if getattr(first, axis) == getattr(second, axis):
                    yield Problem(
                        f"DropRegion.{key}.region.region.points.1.{axis}",
                        getattr(second, axis),
                        "another than that of the opposite corner",
                        "mark the region again",
                    )
