"""From a file, what it includes and what stands over it, to a `Profile`, with errors that say what to write instead."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from mxplans.profile.casting import missing_roles, roles_like, unknown_roles
from mxplans.profile.includes import read_sources
from mxplans.profile.known_keys import keys_at
from mxplans.profile.overrides import overrides
from mxplans.profile.placeholders import unknown_placeholders
from mxplans.profile.places import Finding, Place, Severity
from mxplans.profile.problems import PROBLEMS_MOST, ProfileRefused, place_of, spelled
from mxplans.profile.schema import FORMAT, Profile
from mxplans.profile.secrets import plain_secrets, shown
from mxplans.profile.tree import Loc, content, find, leaves, merged
from mxplans.profile.yaml12 import Mapping, Scalar

__all__ = ["PlacedProfile", "ProfileRefused", "load_placed", "load_profile"]


@dataclass(frozen=True)
class PlacedProfile:
    """A profile that knows where each of its values comes from.

    Attributes:
        profile: The profile.
        tree: What was given, with places.
        files: Those that were read, the profile's own first.
        findings: What is worth knowing of it.
    """

    profile: Profile
    tree: Mapping
    files: tuple[Path, ...]
    findings: tuple[Finding, ...]

    def place(self, loc: Loc) -> Place:
        """Where a value stands; a section stands where its key does, and what is not there where its section does."""
        return place_of(self.tree, loc)

    @cached_property
    def origins(self) -> dict[Loc, Place]:
        """Where each leaf that was given comes from: a place in a file, `environment NAME` or `command line`."""
        return {loc: node.place for loc, node in leaves(self.tree)}


def load_profile(path: Path, given: Sequence[str] = (), environ: MappingOf[str, str] | None = None) -> Profile:
    """Read and check a profile.

    Args:
        path: Its file, which may include others.
        given: Values from the command line, each as `section.key=value`; they go before all else.
        environ: The environment, whose `MXPLANS__section__key` go before the file; None looks at none.

    Raises:
        InvalidProfile: With all that is wrong: a file is missing or malformed, a key is unknown, a unit or type is
            wrong, a value out of bounds, a role missing, a secret in plain text.
    """
    return load_placed(path, given, environ).profile


def load_placed(path: Path, given: Sequence[str] = (), environ: MappingOf[str, str] | None = None) -> PlacedProfile:
    """Read and check a profile, and keep the place of each of its values.

    Args:
        path: As of `load_profile`.
        given: As of `load_profile`.
        environ: As of `load_profile`.

    Raises:
        ProfileRefused: As `load_profile`.
    """
    sources = read_sources(path)
    layers, wrong = overrides(given, environ)
    findings = [*sources.findings, *wrong]
    if sources.root is None:
        raise ProfileRefused(str(path), findings)
    tree = sources.root
    for layer in layers:
        tree = merged(layer, tree)
    findings += _of_another_format(tree)
    if findings:
        # What a file could not bring would be said to be missing.
        raise ProfileRefused(str(path), [*findings, *plain_secrets(tree)])
    findings += [*plain_secrets(tree), *_wrong_roles(tree), *unknown_placeholders(tree)]
    profile = None
    try:
        profile = Profile.model_validate_json(json.dumps(content(tree)), strict=True)
    except ValidationError as error:
        findings += spelled(error, tree)
    if profile is None or findings:
        # Outside of the handler: pydantic's own words repeat what was given.
        raise ProfileRefused(str(path), findings)
    return PlacedProfile(profile, tree, sources.files, tuple(_outvoted(layers, sources.root)))


def _of_another_format(tree: Mapping) -> Iterator[Finding]:
    said = tree.get("schema")
    if said is None:
        if not any(key.text in keys_at(()) for key, _ in tree):
            yield Finding(
                Severity.ERROR,
                Place(tree.place.file),
                "is no profile: none of its keys is one",
                f"write schema: {FORMAT}",
            )
    elif not isinstance(said, Scalar) or said.value != FORMAT:
        yield Finding(
            Severity.ERROR,
            place_of(tree, ("schema",)),
            f"schema: is {shown(('schema',), said)}; allowed is {FORMAT}",
            "give a profile of this version of mxplans",
        )


def _wrong_roles(tree: Mapping) -> Iterator[Finding]:
    devices = tree.get("devices")
    if not isinstance(devices, Mapping):
        return
    named = [key.text for key, _ in devices]
    missing = missing_roles(named)
    for role, meant in missing.items():
        remedy = f"{meant} is no role: is it meant?" if meant else "name what plays it"
        yield Finding(Severity.ERROR, place_of(tree, ("devices",)), f"devices: role {role} is missing", remedy)
    for name in unknown_roles(named)[:PROBLEMS_MOST]:
        roles = roles_like(name)
        remedy = f"did you mean {roles[0]}?" if len(roles) == 1 else f"the roles are {', '.join(roles)}"
        yield Finding(Severity.ERROR, place_of(tree, ("devices", name)), f"devices: {name} is no role", remedy)


def _outvoted(layers: Iterable[Mapping], below: Mapping) -> Iterator[Finding]:
    """Values that do not count, since the environment or the command line gives others."""
    for layer in layers:
        for loc, node in leaves(layer):
            reached, _, under = find(below, loc)
            if reached == loc:
                what = f"{'.'.join(map(str, loc))}: is {shown(loc, node)} in place of {shown(loc, under)}"
                yield Finding(Severity.NOTE, node.place, what, "", (place_of(below, loc),))
        below = merged(layer, below)
