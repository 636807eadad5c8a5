"""Devices from entries of a profile, those of devices that are made of others as well."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mxplans.errors import InvalidProfile
from mxplans.model.device_settings import SecretReference
from mxplans.profile import DeviceEntry, fill
from mxplans.profile.class_paths import load_class
from mxplans.profile.device_settings import PARTS, filled_settings
from mxplans.profile.secrets import HIDDEN


def build(entry: DeviceEntry, known: Mapping[str, str], where: str, **more: Any) -> Any:
    """Make a device.

    A setting of `PARTS` that is a list of entries becomes a list of devices, each with a name if its settings give one.

    Args:
        entry: Its class and settings.
        known: Placeholders.
        where: Place in the profile, for errors.
        **more: Arguments that are none of the profile's.

    Raises:
        InvalidProfile: If a class, a placeholder or a setting is wrong.
    """
    cls = load_class(entry.cls, f"{where}.class")
    parts = {
        name: _parts(entry.settings[name], role, known, f"{where}.settings.{name}")
        for name, role in PARTS.items()
        if isinstance(entry.settings.get(name), list)
    }
    filled = {
        name: value if name in parts else fill(value, known, f"{where}.settings.{name}")
        for name, value in entry.settings.items()
    }
    settings = filled_settings(entry.cls, filled, where) | parts
    revealed = {name: _revealed(value, f"{where}.settings.{name}") for name, value in settings.items()}
    secrets = [value for name, value in revealed.items() if value is not settings[name]]
    try:
        return cls(**more, **revealed)
    except (TypeError, ValueError) as error:
        said, cause = str(error), error
    for secret in secrets:
        said = said.replace(secret, HIDDEN)
    # With a secret the cause is left out: its words are the constructor's, and may repeat it.
    raise InvalidProfile(f"{where}.settings: {said}; correct the settings of {entry.cls}") from (
        None if secrets else cause
    )


def _revealed(value: Any, where: str) -> Any:
    """A secret in place of the reference to it; anything else as it is."""
    if not isinstance(value, SecretReference):
        return value
    if value.env is not None:
        secret, place = os.environ.get(value.env, ""), f"environment variable {value.env}"
    else:
        place = str(value.file)
        try:
            secret = Path(place).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            # What stands there is never said.
            raise InvalidProfile(f"{where}: the secret in {place} cannot be read; put it there as text") from (
                error if isinstance(error, OSError) else None
            )
    if not secret.strip():
        raise InvalidProfile(f"{where}: the secret in {place} is empty; put it there")
    return secret.strip()


def classes_of(entry: DeviceEntry) -> tuple[str, ...]:
    """Paths of all classes of an entry; what is no entry of a part is left out."""
    parts = [each for name in PARTS for each in _listed(entry.settings.get(name)) if isinstance(each, Mapping)]
    return (entry.cls, *(each["class"] for each in parts if isinstance(each.get("class"), str)))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _parts(entries: list[Any], role: type, known: Mapping[str, str], where: str) -> list[Any]:
    return [_part(entry, role, known, f"{where}.{number}") for number, entry in enumerate(entries)]


def _part(entry: Any, role: type, known: Mapping[str, str], where: str) -> Any:
    try:
        read = DeviceEntry.model_validate(entry)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'entry'}: {each['msg']}" for each in error.errors())
        raise InvalidProfile(f"{where}: {told}; write class and settings as for any device") from error
    made = build(read, known, where)
    if not isinstance(made, role):
        raise InvalidProfile(
            f"{where}: {type(made).__name__} does not play the role {role.__name__}; see mxplans.roles"
        )
    return made
