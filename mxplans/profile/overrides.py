"""Values of a profile from the command line and from the environment, as sections with their places.

`--set limits.energy_ev=12700` goes before `MXPLANS__limits__energy_ev=12700` in the environment, and that before the
file. Keys are written as in the file; values are YAML 1.2, on one line, as `5`, `Small` or `[1, 2]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mxplans.profile import yaml12
from mxplans.profile.includes import INCLUDE
from mxplans.profile.places import Finding, Place, Severity
from mxplans.profile.tree import at, under

PREFIX = "MXPLANS__"
SEPARATOR = "__"
COMMAND_LINE = "command line"


def overrides(
    given: Sequence[str] = (), environ: Mapping[str, str] | None = None
) -> tuple[list[yaml12.Mapping], list[Finding]]:
    """What stands over the file, layer by layer, the highest one last; and what is wrong with it.

    Args:
        given: Of the command line, each as `section.key=value`; a later one goes before an earlier one.
        environ: The environment; variables without the prefix are not looked at.
    """
    layers: list[yaml12.Mapping] = []
    findings: list[Finding] = []
    for source, name, keys, text in (*_of_environment(environ or {}), *_of_command_line(given)):
        node = _value(source, name, keys, text)
        if isinstance(node, Finding):
            findings.append(node)
        else:
            layers.append(under(keys, node))
    return layers, findings


def _of_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    for name in sorted(environ):  # so that a longer way goes before a shorter one, which is the whole of it
        if name.startswith(PREFIX):
            yield f"environment {name}", name, tuple(name.removeprefix(PREFIX).split(SEPARATOR)), environ[name]


def _of_command_line(given: Sequence[str]) -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    for setting in given:
        name, sign, text = setting.partition("=")
        # Without a sign all of it may be a value, which is not repeated.
        yield COMMAND_LINE, f"--set {name}" if sign else "--set", tuple(name.split(".")) if sign else (), text


def _value(source: str, name: str, keys: tuple[str, ...], text: str) -> yaml12.Node | Finding:
    if not keys or not all(keys) or len(keys) > yaml12.LIMITS.depth:
        return Finding(
            Severity.ERROR,
            Place(source),
            f"{name}: names no value of the profile; allowed are keys, one within the other, and a value",
            f"write --set limits.energy_ev=12700, or {PREFIX}limits{SEPARATOR}energy_ev=12700 in the environment",
        )
    if keys[0] == INCLUDE:
        return Finding(Severity.ERROR, Place(source), f"{INCLUDE}: only a file includes others", "name it in the file")
    try:
        text.encode()
        return at(yaml12.read_text(text, source), source)
    except UnicodeEncodeError:
        what = "is not UTF-8"
    except yaml12.InvalidYaml as error:
        what = error.what
    return Finding(Severity.ERROR, Place(source), f"{name}: the value {what}", "write it as in the file, on one line")
