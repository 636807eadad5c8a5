"""The objects of a beamline and how they refer to each other: one object per name, whoever mentions it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from mxplans.profile.dialects.config_object import ConfigObject, differences
from mxplans.profile.dialects.reading import ConfigFile
from mxplans.profile.places import Finding


class Edge(NamedTuple):
    """A mention of an object by another.

    Attributes:
        owner: Name of the object that mentions it.
        role: What it is to that one; None for a mention without role.
        target: Name of the object itself, behind all redirects; as it is mentioned where it is missing.
    """

    owner: str
    role: str | None
    target: str


@dataclass(frozen=True)
class ConfigGraph:
    """Objects by canonical name.

    Attributes:
        entry: Name of the object that the others were reached from; None for a folder as a whole.
        objects: In the order in which they are to be loaded: what an object mentions comes before it.
        files: Those that were read, sorted by path, whatever they hold.
        findings: All that is to be known, of files and of the whole, sorted by place.
        missing: Names that are mentioned and under which no object could be read, sorted.
        links: Names of objects by (owner, name as mentioned), where these two names differ.
    """

    entry: str | None
    objects: Mapping[str, ConfigObject]
    files: tuple[ConfigFile, ...] = ()
    findings: tuple[Finding, ...] = ()
    missing: tuple[str, ...] = ()
    links: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @property
    def instances(self) -> tuple[str, ...]:
        """Names of the objects that are built, in the order of loading: all but redirects."""
        return tuple(name for name, config in self.objects.items() if config.redirect is None)

    def resolve(self, name: str, owner: str | None = None) -> str | None:
        """The name of the object that a name stands for, behind all redirects.

        Args:
            name: As it is mentioned.
            owner: Who mentions it; None if it does not matter, as objects of several folders were not read together.

        Returns:
            The name of an instance; None if it is missing, or its redirects lead round in a circle.
        """
        seen: set[str] = set()
        while name not in seen:
            seen.add(name)
            name = self._linked(name, owner)
            config = self.objects.get(name)
            if config is None:
                return None
            if config.redirect is None:
                return name
            owner, name = name, config.redirect
        return None

    def _linked(self, name: str, owner: str | None) -> str:
        """The name of the object, redirect or not, that is mentioned by a name."""
        if owner is not None:
            return self.links.get((owner, name), name)
        if name in self.objects:
            return name
        found = {target for (_, mention), target in self.links.items() if mention == name}
        return found.pop() if len(found) == 1 else name

    def edges(self) -> tuple[Edge, ...]:
        """All mentions, by owner in the order of loading, and by each in the order of its file."""
        return self._edges

    @cached_property
    def _edges(self) -> tuple[Edge, ...]:
        return tuple(
            Edge(owner, reference.role, self.resolve(reference.target, owner) or reference.target)
            for owner in self.instances
            for reference in self.objects[owner].references
        )

    def roles_of(self, name: str) -> tuple[Edge, ...]:
        """The mentions of an object: what it is, and to whom."""
        return tuple(self._by_target.get(name, ()))

    @cached_property
    def _by_target(self) -> dict[str, list[Edge]]:
        found: dict[str, list[Edge]] = {}
        for edge in self._edges:
            found.setdefault(edge.target, []).append(edge)
        return found

    def children_of(self, name: str) -> dict[str, str]:
        """The objects that an object has, by role; of two with the same role, the first one; missing ones left out."""
        found = ((role, self.resolve(target, name)) for role, target in self.objects[name].roles.items())
        return {role: target for role, target in found if target is not None}


def graph_differences(one: ConfigGraph, other: ConfigGraph) -> list[str]:
    """What is not the same about two graphs, each in words; empty when they mean the same."""
    found = []
    if one.entry != other.entry:
        found.append(f"entry is {one.entry}, was expected {other.entry}")
    found += [f"object {name} is new" for name in one.objects if name not in other.objects]
    found += [f"object {name} is lost" for name in other.objects if name not in one.objects]
    for name, config in one.objects.items():
        if name in other.objects:
            found += [f"object {name}: {said}" for said in differences(config, other.objects[name])]
    mine, theirs = Counter(one.edges()), Counter(other.edges())
    found += [f"{_told(edge)} is new" for edge in (mine - theirs)]
    found += [f"{_told(edge)} is lost" for edge in (theirs - mine)]
    if len(one.instances) != len(other.instances):
        found.append(f"instances: {len(one.instances)}, were expected {len(other.instances)}")
    if one.missing != other.missing:
        found.append(f"missing are {list(one.missing)}, were expected {list(other.missing)}")
    return found


def _told(edge: Edge) -> str:
    return f"mention of {edge.target} by {edge.owner} as {edge.role!r}"
