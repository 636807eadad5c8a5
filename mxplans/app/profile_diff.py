"""The command `mxplans profile diff`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.text import Text

from mxplans.app.profile_subject import graph_of, profile_of
from mxplans.app.profile_values import Loc, leaves_of, origin, whole
from mxplans.errors import InvalidInput
from mxplans.profile import PlacedProfile, load_placed
from mxplans.profile.dialects.config_graph import ConfigGraph
from mxplans.profile.dialects.config_object import ConfigObject, differences, same_value
from mxplans.profile.places import Place
from mxplans.profile.secrets import HIDDEN, is_secret, veiled
from mxplans.profile.yaml12 import written

_NOTHING = object()


class Difference(NamedTuple):
    """Something that is not the same.

    Attributes:
        what: The value, by its way; or what is not the same, in words.
        one: What the first has, with its place; "" for nothing.
        other: What the second has.
    """

    what: str
    one: str
    other: str


def print_differences(one: Path, other: Path) -> bool:
    """Print what differs between two profiles, or two configurations of MXCuBE; returns whether something does.

    Neither the command line nor the environment takes part: it is the files that are compared.

    Raises:
        InvalidInput: If one of them cannot be used, or they are not of the same kind.
    """
    ours = profile_of(one), profile_of(other)
    if ours[0] is not None and ours[1] is not None:
        found = list(_of_profiles(load_placed(ours[0]), load_placed(ours[1])))
    elif ours == (None, None):
        found = list(_of_graphs(graph_of(one), graph_of(other)))
    else:
        raise InvalidInput(f"{one} and {other}: one is a profile, the other is MXCuBE's; give two of a kind")
    console = Console()
    for difference in found:
        console.print(Text(difference.what, "bold"), soft_wrap=True)
        for sign, said, style in (("-", difference.one, "red"), ("+", difference.other, "green")):
            if said:
                console.print(Text(f"  {sign} {said}", style), soft_wrap=True)
    return bool(found)


def _of_profiles(one: PlacedProfile, other: PlacedProfile) -> Iterator[Difference]:
    mine, theirs = (dict(leaves_of(whole(each))) for each in (one, other))
    for loc in dict.fromkeys((*mine, *theirs)):
        pair = mine.get(loc, _NOTHING), theirs.get(loc, _NOTHING)
        if not _same(*pair):
            yield Difference(
                ".".join(map(str, loc)),
                _said(pair[0], loc, origin(one, loc)),
                _said(pair[1], loc, origin(other, loc)),
            )


def _of_graphs(one: ConfigGraph, other: ConfigGraph) -> Iterator[Difference]:
    for name in sorted({*one.objects, *other.objects}):
        mine, theirs = one.objects.get(name), other.objects.get(name)
        if mine is None or theirs is None:
            yield Difference(name, "" if mine is None else str(mine.place), "" if theirs is None else str(theirs.place))
        else:
            yield from _of_objects(mine, theirs)


def _of_objects(one: ConfigObject, other: ConfigObject) -> Iterator[Difference]:
    for part in ("properties", "arguments"):
        mine, theirs = (dict(leaves_of(dict(getattr(each, part)))) for each in (one, other))
        for loc in dict.fromkeys((*mine, *theirs)):
            pair = mine.get(loc, _NOTHING), theirs.get(loc, _NOTHING)
            if not _same(*pair):
                yield Difference(
                    f"{one.name} {'.'.join(map(str, loc))}",
                    _said(pair[0], loc, _place(one, loc)),
                    _said(pair[1], loc, _place(other, loc)),
                )
    rest = (dataclasses.replace(each, properties={}, arguments={}) for each in (other, one))
    for said in differences(*rest):
        yield Difference(f"{one.name} {veiled(said)}", str(one.place), str(other.place))


def _same(one: Any, other: Any) -> bool:
    return one is other or (one is not _NOTHING and other is not _NOTHING and same_value(one, other))


def _said(value: Any, loc: Loc, place: str) -> str:
    """A value with its place; secrets are not shown."""
    if value is _NOTHING:
        return ""
    if any(isinstance(part, str) and is_secret(part) for part in loc) and not _is_reference(loc):
        return f"{HIDDEN}  {place}"
    shown = veiled(value) if isinstance(value, str) else value
    return f"{'{}' if shown == {} else '[]' if shown == [] else written(shown)}  {place}"


def _is_reference(loc: Iterable[Any]) -> bool:
    return tuple(loc)[-1] in ("file", "env")


def _place(config: ConfigObject, loc: Loc) -> str:
    places: Mapping[Loc, Place] = config.places
    found = next((places[loc[:end]] for end in range(len(loc), 0, -1) if loc[:end] in places), config.place)
    return str(found)
