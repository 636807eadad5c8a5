"""What pydantic says of a profile, in the words of the project: the thing, its value, what is allowed, what to do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from mxplans.errors import InvalidProfile
from mxplans.model.device_settings import CLASS_PATH, URL_START
from mxplans.profile.class_paths import device_classes
from mxplans.profile.known_keys import in_unit, keys_at, meant_unit, unknown_key
from mxplans.profile.places import Finding, Place, Severity, errors_of
from mxplans.profile.schema import FORMAT, Profile
from mxplans.profile.secrets import HIDDEN, is_secret, shown, veiled
from mxplans.profile.tree import Loc, find
from mxplans.profile.yaml12 import Mapping, Scalar

PROBLEMS_MOST = 100
"""That are told at once: a file with more of them is another file than was meant."""
_OF_A_SECTION = re.compile(r"(?P<loc>[a-z_]+(?:\.[a-z_]+)*): (?P<rest>.*)", re.DOTALL)


class ProfileRefused(InvalidProfile):
    """A profile cannot be used.

    Args:
        name: Its file, as it was given.
        findings: All that is to be said of it, at least one of them an error.
    """

    def __init__(self, name: str, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        told = errors_of(self.findings)
        more = len(told) - PROBLEMS_MOST
        lines = [f"{each.place}: {_said(each)}" for each in told[:PROBLEMS_MOST]]
        lines += [f"and {more} more"] if more > 0 else []
        super().__init__("\n  ".join([f"profile {name}:", *lines]))


def _said(finding: Finding) -> str:
    also = f" (see {', '.join(map(str, finding.also))})" if finding.also else ""
    return finding.what + also + (f"; {finding.remedy}" if finding.remedy else "")


def place_of(root: Mapping, loc: Loc) -> Place:
    """Where a value stands; a section stands where its key does, and what is not there where its section does."""
    reached, key, node = find(root, loc)
    if isinstance(node, Scalar) and reached == loc:
        return node.place
    return node.place if key is None else key.place


def spelled(error: ValidationError, root: Mapping) -> list[Finding]:
    """All problems of a profile, each with its place, in the order of the file.

    Args:
        error: What pydantic says.
        root: What it was said of.
    """
    return [finding for _, finding in located(error.errors(include_url=False, include_input=False), root)]


@dataclass(frozen=True)
class _Scope:
    """What was checked: a model, and the way to it."""

    model: type[BaseModel] = Profile
    within: Loc = ()

    def keys_at(self, loc: Loc) -> list[str]:
        return keys_at(loc[len(self.within) :], self.model)

    def unknown_key(self, loc: Loc) -> tuple[str, str]:
        return unknown_key(loc[len(self.within) :], self.model)


def located(
    raised: Sequence[Any], root: Mapping, model: type[BaseModel] = Profile, within: Loc = ()
) -> list[tuple[Loc, Finding]]:
    """Problems with the ways to what they are about.

    Args:
        raised: What pydantic says, one by one.
        root: A profile, which holds what it was said of.
        model: What that was checked with.
        within: The way to it.
    """
    scope = _Scope(model, within)
    first = raised[: 2 * PROBLEMS_MOST]
    unknown = [_written((*within, *each["loc"]), root) for each in first if each["type"] == "extra_forbidden"]
    found = []
    for problem in first:
        loc = _written((*within, *problem["loc"]), root)
        if problem["type"] == "missing" and _is_in_another_unit(loc, unknown):
            continue
        found.append((loc, _finding(problem, loc, root, scope)))
    if len(raised) > len(first):
        found.append((within, Finding(Severity.ERROR, root.place, "more is wrong", "correct this first")))
    return found


def _written(loc: Sequence[str | int], root: Mapping) -> Loc:
    """A way as the file has it: pydantic adds what it tried of a union."""
    reached = find(root, tuple(loc))[0]
    rest = [part for part in loc[len(reached) :] if not isinstance(part, str) or re.match(r"\w+\Z", part)]
    return (*reached, *rest[:1])


def _is_in_another_unit(loc: Loc, unknown: list[Loc]) -> bool:
    """Whether a key that is missing was given in another unit, which is said already."""
    given = [str(each[-1]) for each in unknown if each[:-1] == loc[:-1]]
    return any(meant_unit(key, [str(loc[-1])]) is not None for key in given)


def _finding(problem: Any, loc: Loc, root: Mapping, scope: _Scope) -> Finding:
    reached, key, node = find(root, loc)
    if problem["type"] == "extra_forbidden":
        what, remedy = scope.unknown_key(loc)
        return Finding(Severity.ERROR, key.place if key is not None else node.place, _told(loc, what), remedy)
    if problem["loc"][-1:] == ("[key]",):
        allowed = f"unknown key; allowed are {problem.get('ctx', {}).get('expected', 'others')}"
        return Finding(Severity.ERROR, place_of(root, loc) if key is None else key.place, _told(loc, allowed))
    if problem["type"] == "missing":
        return Finding(Severity.ERROR, place_of(root, loc), _told(loc, "is missing"), _how_to_say(loc, scope))
    if problem["type"] == "value_error":
        return _of_a_validator(str(problem["ctx"]["error"]), loc, root)
    return Finding(Severity.ERROR, place_of(root, reached), _told(loc, _wrong_value(problem, loc, root)))


def _told(loc: Loc, what: str) -> str:
    return f"{'.'.join(map(str, loc))}: {what}" if loc else what


def _how_to_say(loc: Loc, scope: _Scope) -> str:
    if loc == ("schema",):
        return f"write schema: {FORMAT}"
    unit = in_unit(str(loc[-1]))
    return f"give it {unit}" if unit else "give it here" if not scope.keys_at(loc) else "write this section"


def _of_a_validator(said: str, loc: Loc, root: Mapping) -> Finding:
    """What a check over several values says; one over several sections begins with the way to what it means."""
    meant = _OF_A_SECTION.match(said)
    if meant is not None and not loc:
        loc, said = tuple(meant["loc"].split(".")), meant["rest"]
    node = find(root, loc)[2]
    hidden = any(isinstance(part, str) and is_secret(part) for part in loc)
    said = HIDDEN if hidden else veiled(said)
    is_said = hidden or said.startswith("is ")
    given = f", given is {shown(loc, node)}" if isinstance(node, Scalar) and not is_said else ""
    return Finding(Severity.ERROR, place_of(root, loc), _told(loc, f"{said}{given}"))


_FORMS = {
    CLASS_PATH: "package.module:Class",
    URL_START: "an address of HTTP, as http://127.0.0.1:8000",
}
"""Forms of texts, in words."""
_SHOULD: dict[str, Callable[[dict[str, Any]], str]] = {
    "bool_type": lambda ctx: "true or false",
    "float_type": lambda ctx: "a number",
    "int_type": lambda ctx: "a whole number",
    "int_from_float": lambda ctx: "a whole number",
    "string_type": lambda ctx: "a text: put it in quotes",
    "tuple_type": lambda ctx: "a list, as [1, 2]",
    "list_type": lambda ctx: "a list, as [1, 2]",
    "dict_type": lambda ctx: "keys with values",
    "model_type": lambda ctx: "keys with values",
    "finite_number": lambda ctx: "a finite number",
    "greater_than": lambda ctx: f"greater than {ctx['gt']:g}",
    "greater_than_equal": lambda ctx: f"at least {ctx['ge']:g}",
    "less_than": lambda ctx: f"less than {ctx['lt']:g}",
    "less_than_equal": lambda ctx: f"at most {ctx['le']:g}",
    "literal_error": lambda ctx: str(ctx["expected"]),
    "enum": lambda ctx: str(ctx["expected"]),
    "string_pattern_mismatch": lambda ctx: _FORMS.get(ctx["pattern"], f"of the form {ctx['pattern']}"),
    "text_form": lambda ctx: str(ctx["told"]),
    "too_short": lambda ctx: f"a list of {ctx['min_length']} or more",
    "too_long": lambda ctx: f"a list of {ctx['max_length']} or less",
    "string_too_short": lambda ctx: f"{ctx['min_length']} characters or more",
}


def _text_for_a_shell(ctx: dict[str, Any]) -> str:
    return "a text: put it in quotes within quotes, of which a shell takes the outer ones away, as '\"50\"'"


def _wrong_value(problem: Any, loc: Loc, root: Mapping) -> str:
    reached, _, node = find(root, loc)
    value, unit = shown(reached, node), in_unit(str(loc[-1])) if loc else ""
    wants_number = problem["type"] in ("float_type", "int_type")
    if unit and wants_number and isinstance(node, Scalar) and isinstance(node.value, str):
        return f"is {value}; allowed is a plain number {unit}: write the value without a unit or quotes"
    words, ctx = _SHOULD.get(problem["type"]), problem.get("ctx", {})
    if problem["type"] == "string_type" and node.place.file and not node.place.line:
        words = _text_for_a_shell
    said = (
        f"should be {words(ctx)}" if words is not None else problem["msg"].replace("Input s", "s").replace("Str", "str")
    )
    close = []
    if isinstance(node, Scalar) and "expected" in ctx:
        close = difflib.get_close_matches(node.text, re.findall(r"'([^']*)'", ctx["expected"]), n=1)
    elif isinstance(node, Scalar) and ctx.get("pattern") == CLASS_PATH:
        close = difflib.get_close_matches(node.text, device_classes(), n=1)
    return (
        f"{said}, given is {value}"
        + (f" ({unit})" if unit and isinstance(node, Scalar) else "")
        + (f"; did you mean {close[0]}?" if close else "")
    )
