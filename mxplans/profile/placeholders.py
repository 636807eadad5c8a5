"""`{name}` and `{service.key}` in a profile: filled in when the value is known, by plain substitution.

`{{name}}` is the text `{name}` itself, as in names of process variables.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from mxplans.errors import InvalidProfile
from mxplans.model.device_settings import PLACEHOLDER_PATTERN
from mxplans.profile import yaml12
from mxplans.profile.places import Finding, Severity
from mxplans.profile.secrets import HIDDEN, is_secret
from mxplans.profile.tree import Loc, find, leaves

NAMES = ("python", "profile_dir", "out", "speed_up", "shipment", "data")
"""That are known in every session; besides these `port` in a command, and what services say."""
_NAMED = re.compile(PLACEHOLDER_PATTERN)
_PLACEHOLDER = re.compile(rf"\{{(?P<own>{PLACEHOLDER_PATTERN})\}}|{PLACEHOLDER_PATTERN}")
_FILLED = (
    *(("devices", "*", "settings"), ("services", "*", "command"), ("services", "*", "in_process", "settings")),
    *(("lims", "targets", "*", "settings"), ("lims", "sources", "*", "settings")),
    *(("archive", "command"), ("lims", "command"), ("epics", "addr_list"), ("storage", "data")),
)
"""Ways to the values that are filled in."""


def fill(value: Any, known: Mapping[str, str] | None, where: str) -> Any:
    """Replace the placeholders in a string, or in every string of a list or mapping.

    Args:
        value: What stands in the profile.
        known: Values by name; None leaves placeholders as they are.
        where: Place in the profile, for the error.

    Raises:
        InvalidProfile: If a name is not known.

    >>> fill(["--data", "{out}/data", "BL{{out}}", 3], {"out": "night"}, "services.x.command")
    ['--data', 'night/data', 'BL{out}', 3]
    """
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda match: match["own"] or _lookup(match[0][1:-1], known, where), value)
    if isinstance(value, Mapping):
        return {key: fill(inner, known, f"{where}.{key}") for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [fill(inner, known, where) for inner in value]
    return value


def literal(text: str) -> str:
    """A text as a profile says it, so that nothing in it is filled in.

    >>> literal("XF:17ID{Shutter}Cmd"), fill(literal("{{x}}{y.z}"), {}, "devices")
    ('XF:17ID{{Shutter}}Cmd', '{{x}}{y.z}')
    """
    return _NAMED.sub(r"{\g<0>}", text)


def _lookup(name: str, known: Mapping[str, str] | None, where: str) -> str:
    if known is None:
        return f"{{{name}}}"
    if name not in known:
        shown = HIDDEN if any(is_secret(part) for part in where.split(".")) else f"{{{name}}}"
        raise InvalidProfile(f"{where}: {shown} is not known here; known are {', '.join(sorted(known))}")
    return known[name]


def unknown_placeholders(tree: yaml12.Mapping) -> Iterator[Finding]:
    """Placeholders that no session can fill in: they name neither what is always known nor a service of the profile.

    Args:
        tree: Of a profile.
    """
    reached, _, section = find(tree, ("services",))
    keys = [key for key, _ in section] if reached and isinstance(section, yaml12.Mapping) else []
    for key in keys:
        if _PLACEHOLDER.fullmatch(f"{{{key.text}}}") is None or "." in key.text:
            what = f"services.{key.text}: no placeholder can name it; allowed are letters, digits and _"
            yield Finding(Severity.ERROR, key.place, what, "give it another name")
    services = [key.text for key in keys]
    for loc, node in leaves(tree):
        if not isinstance(node, yaml12.Scalar) or not isinstance(node.value, str) or not _is_filled(loc):
            continue
        for name in (match[0][1:-1] for match in _PLACEHOLDER.finditer(node.value) if not match["own"]):
            if not _is_known(name, loc, services):
                yield _unknown(name, loc, node, services)


def _is_filled(loc: Loc) -> bool:
    return any(
        len(loc) >= len(way) and all(wanted in ("*", part) for wanted, part in zip(way, loc, strict=False))
        for way in _FILLED
    )


def _is_known(name: str, loc: Loc, services: Collection[str]) -> bool:
    service, dot, _ = name.partition(".")
    return service in services if dot else name in NAMES or (name == "port" and "command" in loc)


def _unknown(name: str, loc: Loc, node: yaml12.Scalar, services: Collection[str]) -> Finding:
    hidden = any(isinstance(part, str) and is_secret(part) for part in loc)
    shown = HIDDEN if hidden else f"{{{name}}}"
    keys = [f"{{{service}.KEY}}" for service in services]
    allowed = ", ".join((*(f"{{{each}}}" for each in NAMES), *keys))
    remedy = f"correct it, or write {{{shown}}} for a text with braces"
    return Finding(
        Severity.ERROR,
        node.place,
        f"{'.'.join(map(str, loc))}: placeholder {shown} is not known; allowed are {allowed}",
        "correct it" if hidden else remedy,
    )
