"""Settings of devices, checked with the models that their classes declare, before anything starts."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from mxplans.errors import InvalidProfile
from mxplans.model.device_settings import DeviceEntry
from mxplans.profile import yaml12
from mxplans.profile._model_problems import checked, error_at, filled
from mxplans.profile.class_paths import load_class
from mxplans.profile.loader import PlacedProfile
from mxplans.profile.places import Finding, Severity
from mxplans.profile.role_fit import lacking
from mxplans.profile.schema import Profile
from mxplans.profile.tree import Loc
from mxplans.roles import OPTIONAL_ROLES, ROLES, SampleDetector

PARTS: Mapping[str, type] = {"detectors": SampleDetector}
"""Settings that hold entries of devices themselves, and what these must be."""
_PROTOCOLS = {**ROLES, **OPTIONAL_ROLES}
_NO_SETTINGS = {"self", "name", "parent"}
"""Arguments that whoever makes a device gives."""


def settings_model(class_path: str, where: str) -> type[BaseModel]:
    """The model of a class's settings: what it declares, or else what its constructor's signature says.

    Args:
        class_path: `package.module:Name`.
        where: Place in the profile, for the error.

    Raises:
        InvalidProfile: If there is no such class.
    """
    cls = load_class(class_path, where)
    if not isinstance(cls, type):
        raise InvalidProfile(f"{where}: {class_path} is no class; correct the class path in the profile")
    return declared_model(cls) or _from_signature(cls)


def declared_model(cls: Any) -> type[BaseModel] | None:
    """What a class declares as `Settings`; None if it declares nothing, or inherits it with a constructor of its own."""
    for each in cls.__mro__:
        if "Settings" in vars(each):
            model = vars(each)["Settings"]
            return model if isinstance(model, type) and issubclass(model, BaseModel) else None
        if "__init__" in vars(each):
            return None
    return None


def filled_settings(class_path: str, settings: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Settings whose placeholders are filled, as the constructor takes them; `"5"` for a number has become one.

    Args:
        class_path: Of the device.
        settings: As they were given.
        where: The device's place in the profile.

    Raises:
        InvalidProfile: If one is unknown, missing or of a wrong kind.
    """
    model = settings_model(class_path, f"{where}.class")
    made = filled(model, settings, (*where.split("."), "settings"))
    fields = model.model_fields
    given = {fields[name].alias or name: getattr(made, name) for name in fields if name in made.model_fields_set}
    return given | (made.model_extra or {})


def device_problems(profile: Profile, tree: yaml12.Mapping) -> list[tuple[Loc, Finding]]:
    """What is wrong with the settings of devices, and with those of their parts.

    Args:
        profile: Whose devices.
        tree: The same with places.
    """
    devices = profile.devices.items()
    return [one for role, entry in devices for one in _of_entry(entry, ("devices", role), tree, _PROTOCOLS.get(role))]


def _of_entry(
    entry: DeviceEntry, loc: Loc, tree: yaml12.Mapping, role: type | None, is_part: bool = False
) -> Iterator[tuple[Loc, Finding]]:
    within = (*loc, "settings")
    try:
        model = settings_model(entry.cls, ".".join(map(str, (*loc, "class"))))
    except InvalidProfile as error:
        yield error_at(tree, (*loc, "class"), str(error))
        return
    if methods := lacking(role, load_class(entry.cls, ""))[0]:
        what = f"{'.'.join(map(str, loc))}.class: {entry.cls} has no {', '.join(methods)}, which this role needs"
        yield error_at(tree, (*loc, "class"), what, "name a class that plays it; see mxplans.roles")
        return
    settings = dict(entry.settings)
    required = [field.alias or name for name, field in model.model_fields.items() if field.is_required()]
    if not is_part and settings.pop("name", None) is not None:
        what = f"{'.'.join(map(str, within))}.name: the name of a device is its role"
        yield error_at(tree, (*within, "name"), what, "leave it out")
    if required and not settings:
        what = f"{'.'.join(map(str, within))}: is missing, with {', '.join(required)}"
        yield error_at(tree, within, what, f"see the settings of {entry.cls}")
        return
    yield from checked(model, settings, within, tree)[1]
    for name, part_role in PARTS.items():
        for number, part in enumerate(_listed(settings.get(name))):
            try:
                inner = DeviceEntry.model_validate(part)
            except ValidationError:
                continue  # which is told already
            yield from _of_entry(inner, (*within, name, number), tree, part_role, is_part=True)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def device_notes(placed: PlacedProfile) -> list[Finding]:
    """A note for each class that declares no settings, a warning for each that seems not to play its role."""
    return [note for role, entry in placed.profile.devices.items() for note in _notes(placed, role, entry)]


def _notes(placed: PlacedProfile, role: str, entry: DeviceEntry) -> Iterator[Finding]:
    cls = load_class(entry.cls, f"devices.{role}.class")
    if absent := lacking(_PROTOCOLS.get(role), cls)[1]:
        what = f"devices.{role}: {entry.cls} seems to have no {', '.join(absent)}, which this role needs"
        place = placed.place(("devices", role, "class"))
        yield Finding(Severity.WARNING, place, what, "see that it is the class that is meant")
    if declared_model(cls) is None:
        what = f"devices.{role}: {entry.cls} declares no settings; only their names were checked"
        yield Finding(Severity.NOTE, placed.place(("devices", role, "class")), what)


def _from_signature(cls: type) -> type[BaseModel]:
    """A model with the arguments of a constructor, which may be anything."""
    try:
        parameters = list(inspect.signature(cls).parameters.values())
    except ValueError:  # of some that are written in C
        return create_model("Settings", __config__=ConfigDict(extra="allow"))
    open_end = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters)
    named = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    fields: dict[str, Any] = {
        # Named by number: an argument may have a name that models keep for themselves.
        f"argument_{number}": (
            Any,
            Field(... if one.default is inspect.Parameter.empty else one.default, alias=one.name),
        )
        for number, one in enumerate(parameters)
        if one.kind in named and one.name not in _NO_SETTINGS
    }
    return create_model("Settings", __config__=ConfigDict(extra="allow" if open_end else "forbid"), **fields)
