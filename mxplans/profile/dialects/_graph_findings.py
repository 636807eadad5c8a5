"""What may be wrong with objects taken together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches

from mxplans.profile.dialects.config_object import ConfigObject, Reference
from mxplans.profile.dialects.folder import place_of
from mxplans.profile.dialects.lookup import Hit
from mxplans.profile.dialects.names import files_of, leaves_folder
from mxplans.profile.dialects.reading import ConfigFile
from mxplans.profile.places import Finding, Place, Severity

_GUESSES = 20
"""Missing names for which the nearest one is searched, which takes long where all are missing."""


def doubled(name: str, files: Sequence[ConfigFile]) -> Finding:
    """A name that stands for more than one object: the first one counts."""
    first, *others = (file.config.place if file.config is not None else place_of(file.path) for file in files)
    what = f"object {name} is defined {len(files)} times: in {', '.join(str(file.path) for file in files)}"
    return Finding(Severity.ERROR, first, what, "remove all but one, or give them other names", tuple(others))


def cycle(configs: Sequence[ConfigObject], places: Sequence[Place]) -> Finding:
    """Objects that mention each other in a circle, with the place of each mention."""
    way = " -> ".join([config.name for config in (*configs, configs[0])])
    *before, last = places
    if all(config.redirect is not None for config in configs):
        what, remedy = f"redirects lead round in a circle: {way}", "let one of them be an object"
    else:
        what, remedy = f"objects mention each other in a circle: {way}", "remove one of these mentions"
    return Finding(Severity.ERROR, last, what, remedy, tuple(before))


def not_found(missing: Mapping[str, tuple[Hit, list[Reference]]], known: Collection[str]) -> Iterator[Finding]:
    """Objects that are mentioned and not there; those that are there and broken were told with their files."""
    names = [name for name, (hit, _) in missing.items() if not hit.definitions]
    for index, name in enumerate(sorted(names)):
        hit, mentions = missing[name]
        first, *others = sorted(mention.place for mention in mentions)
        if leaves_folder(name):
            what = f"object {name} is mentioned as {mentions[0].written!r}, which stands outside of the look-up folders"
            yield Finding(Severity.ERROR, first, what, "allowed are files within them: copy it there", tuple(others))
            continue
        what = f"object {name} is not found"
        if hit.others:
            what += f": {hit.others[0].path} is no hardware object"
        near = get_close_matches(name, known, 1) if index < _GUESSES else []
        meant = f"did you mean {near[0]}? Else " if near else ""
        files = ", ".join(str(path) for path in files_of(name))
        yield Finding(Severity.ERROR, first, what, f"{meant}add one of {files}", tuple(others))
