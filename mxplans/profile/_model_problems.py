"""What is wrong with settings, as the model says that checks them: before their placeholders are filled, and after."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from mxplans.errors import InvalidProfile
from mxplans.model.device_settings import PLACEHOLDER_PATTERN, SecretReference
from mxplans.profile import yaml12
from mxplans.profile.places import Finding, Place, Severity
from mxplans.profile.problems import located, place_of
from mxplans.profile.secrets import HIDDEN
from mxplans.profile.tree import Loc, find, node_of, under

M = TypeVar("M", bound=BaseModel)

NOWHERE = Place("")
_PLACEHOLDER = re.compile(PLACEHOLDER_PATTERN)
_ABSENT = {"missing", "extra_forbidden"}
"""Problems that are none of a value, which a placeholder may stand for."""
_NO_TEXT = {"model_type", "dict_type", "list_type", "tuple_type", "set_type"}
"""Problems that remain when a placeholder is filled, which gives a text."""


def error_at(tree: yaml12.Mapping, loc: Loc, what: str, remedy: str = "") -> tuple[Loc, Finding]:
    """A problem at its place."""
    return loc, Finding(Severity.ERROR, place_of(tree, loc), what, remedy)


def said(finding: Finding) -> str:
    """What is wrong and what to do, without the place."""
    return f"{finding.what}; {finding.remedy}" if finding.remedy else finding.what


def checked(
    model: type[M], settings: Mapping[str, Any], within: Loc, tree: yaml12.Mapping
) -> tuple[M | None, list[tuple[Loc, Finding]]]:
    """Settings as they stand in a profile, read by their model.

    Args:
        model: Of the settings.
        settings: What the profile says.
        within: Their way in the profile.
        tree: The profile.

    Returns:
        The settings, None if something is wrong or known only when a placeholder is filled in; and what is wrong.
    """
    found = dict(_open_secrets(model, settings, within, tree))
    try:
        made = model.model_validate_json(to_json(dict(settings), inf_nan_mode="constants"), strict=True)
    except ValidationError as error:
        raised = error.errors(include_url=False, include_input=False)
    else:
        return (None if found else made), [*found.items()]
    reached = [find(tree, (*within, *problem["loc"]))[0] for problem in raised]
    waiting = {loc for loc, problem in zip(reached, raised, strict=True) if _is_open(problem, loc, tree)}
    closed = [
        problem
        for loc, problem in zip(reached, raised, strict=True)
        if loc not in waiting or problem["type"] in _ABSENT
    ]
    for loc, finding in located(closed, tree, model, within):
        found.setdefault(loc, finding)  # of what each choice of a union says, the first
    return None, [*found.items()]


def filled(model: type[M], settings: Mapping[str, Any], within: Loc) -> M:
    """Settings whose placeholders are filled, read by their model; `"5"` for a number becomes one.

    Args:
        model: Of the settings.
        settings: As they were given.
        within: Their way in the profile.

    Raises:
        InvalidProfile: With all that is wrong.
    """
    try:
        return model.model_validate(dict(settings))
    except ValidationError as error:
        tree = under(tuple(map(str, within)), node_of(dict(settings), NOWHERE))
        found = dict(_open_secrets(model, settings, within, tree, is_filled=True))
        for loc, finding in located(error.errors(include_url=False, include_input=False), tree, model, within):
            found.setdefault(loc, finding)
    # Outside of the handler: pydantic's own words repeat what was given.
    raise InvalidProfile("\n  ".join(dict.fromkeys(said(finding) for finding in found.values())))


def _is_open(problem: Any, loc: Loc, tree: yaml12.Mapping) -> bool:
    """Whether a value is known only when a placeholder is filled in."""
    if problem["type"] in _ABSENT or problem["type"] in _NO_TEXT:
        return False
    node = find(tree, loc)[2]
    text = node.value if isinstance(node, yaml12.Scalar) else None
    return isinstance(text, str) and _PLACEHOLDER.search(text) is not None


def _open_secrets(
    model: type[BaseModel], settings: Mapping[str, Any], within: Loc, tree: yaml12.Mapping, is_filled: bool = False
) -> Iterator[tuple[Loc, Finding]]:
    """Secrets that are given themselves, under whatever name."""
    for name, field in model.model_fields.items():
        key = field.alias or name
        value, kinds = settings.get(key), set(_kinds(field.annotation))
        if not any(isinstance(kind, type) and issubclass(kind, SecretReference) for kind in kinds):
            continue
        is_text = str in kinds and isinstance(value, str)
        if is_text and (is_filled or _PLACEHOLDER.fullmatch(str(value)) is not None):
            continue
        if value is not None and not isinstance(value, Mapping):
            what = f"{'.'.join(map(str, (*within, key)))}: is a secret itself, which is {HIDDEN}; allowed is where it stands"
            yield error_at(tree, (*within, key), what, "write {file: PATH} or {env: NAME}")


def _kinds(annotation: Any) -> Iterator[Any]:
    """Types in an annotation."""
    inner = typing.get_args(annotation)
    if not inner:
        yield annotation
    for each in inner:
        yield from _kinds(each)
