"""Settings of LIMS targets and sample sources, checked with the models that their classes declare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from mxplans.errors import InvalidProfile, MxplansError
from mxplans.profile import yaml12
from mxplans.profile._model_problems import checked, error_at, filled
from mxplans.profile.entry_points import load_entry_point
from mxplans.profile.placeholders import fill
from mxplans.profile.places import Finding
from mxplans.profile.schema import Profile
from mxplans.profile.sections import LimsPlugin
from mxplans.profile.tree import Loc

GROUPS: Mapping[str, str] = MappingProxyType({"targets": "mxplans.lims_targets", "sources": "mxplans.sample_sources"})
"""Entry points of what stands in each section of `lims`."""
FROM_PROFILE = "goniometer"
"""The setting that the profile gives to targets that have it, unless theirs say another."""


def settings_of(cls: Any, where: str) -> type[BaseModel]:
    """The model of the settings of a target or source, which it names `Settings`.

    Args:
        cls: Its class.
        where: Place in the profile, for the error.

    Raises:
        InvalidProfile: If it names none.
    """
    model = getattr(cls, "Settings", None)
    if not isinstance(model, type) or not issubclass(model, BaseModel):
        raise InvalidProfile(f"{where}: {getattr(cls, '__name__', cls)} has no model `Settings`; ask who wrote it")
    return model


def lims_problems(profile: Profile, tree: yaml12.Mapping) -> Iterator[tuple[Loc, Finding]]:
    """What is wrong with targets and sources, as far as it is known before a session.

    Args:
        profile: Whose targets and sources.
        tree: The same with places.
    """
    for section in GROUPS:
        for name in getattr(profile.lims, section):
            yield from plugin_problems(profile, tree, section, name)


def plugin_problems(profile: Profile, tree: yaml12.Mapping, section: str, name: str) -> Iterator[tuple[Loc, Finding]]:
    """What is wrong with a target or a source.

    Args:
        profile: Whose.
        tree: The same with places.
        section: `targets` or `sources`.
        name: In the profile.
    """
    entry, loc = _entry(profile, section, name), ("lims", section, name)
    where, within = ".".join(loc), (*loc, "settings")
    try:
        cls = load_entry_point(GROUPS[section], entry.type, f"{where}.type")
        model = settings_of(cls, f"{where}.type")
    except InvalidProfile as error:
        yield error_at(tree, (*loc, "type"), str(error))
        return
    settings = _with_profile(profile, model, fill(entry.settings, None, where))
    required = [key for key, field in _fields(model).items() if field.is_required() and key not in settings]
    if required and not entry.settings:
        what = f"{where}.settings: is missing, with {', '.join(required)}"
        yield error_at(tree, within, what, f"see the settings of {entry.type}")
        return
    made, problems = checked(model, settings, within, tree)
    yield from problems
    try:
        if made is not None:
            _make(cls, section, name, made)
    except MxplansError as error:
        yield error_at(tree, loc, f"{where}: {error}")


def filled_plugin(profile: Profile, section: str, name: str, known: Mapping[str, str]) -> dict[str, Any]:
    """Settings of a target or a source with all placeholders filled in, in plain JSON, as its process reads them.

    Args:
        profile: Whose.
        section: `targets` or `sources`.
        name: In the profile.
        known: Placeholders.

    Raises:
        InvalidProfile: If there is none of that type, a package is missing that it needs, or its settings are wrong.
    """
    entry, where = _entry(profile, section, name), f"lims.{section}.{name}"
    cls = load_entry_point(GROUPS[section], entry.type, f"{where}.type")
    model = settings_of(cls, f"{where}.type")
    settings = _with_profile(profile, model, fill(entry.settings, known, f"{where}.settings"))
    made = filled(model, settings, ("lims", section, name, "settings"))
    try:
        _make(cls, section, name, made)
    except MxplansError as error:
        raise InvalidProfile(f"{where}: {error}") from error
    return settings


def _make(cls: Any, section: str, name: str, settings: BaseModel) -> None:
    """Make one and let it go, which connects to nothing: it says whether a package is missing that it needs.

    Raises:
        MxplansError: If so, or if it does not take what no model can check.
    """
    if section == "targets":
        cls(name, settings)
    else:
        cls(settings)


def _entry(profile: Profile, section: str, name: str) -> LimsPlugin:
    found: LimsPlugin = getattr(profile.lims, section)[name]
    return found


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _with_profile(profile: Profile, model: type[BaseModel], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with what the profile gives itself."""
    given = {FROM_PROFILE: profile.goniometer.model_dump(mode="json")} if FROM_PROFILE in model.model_fields else {}
    return {**given, **settings}
