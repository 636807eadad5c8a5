"""Each device class declares its settings, and they are what its constructor takes."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from importlib.metadata import entry_points

import ophyd
import pytest
from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticUndefined

import mxplans_devices
import mxplans_devices.md3
from mxplans.model.device_settings import DeviceSettings, SecretReference

PARTS = {"ScanProgram", "MD3Motor", "MD3Scan", "MD3Zoom"}
"""Classes of parts of other devices, which no profile names."""
OURS = [point for point in entry_points(group="mxplans.devices") if point.dist.name == "mxplans"]
CLASSES = {point.value: point.load() for point in OURS}
NEVER = {"self", "name", "parent", "kwargs", "args"}
UNITS = ("_s", "_mm", "_um", "_px", "_ev", "_deg", "_frac")


def parameters_of(cls) -> dict[str, inspect.Parameter]:
    """Of the constructor, and of those of ours that it hands the rest of its arguments on to."""
    found: dict[str, inspect.Parameter] = {}
    for each in cls.__mro__:
        if not each.__module__.startswith("mxplans") or "__init__" not in vars(each):
            continue
        parameters = inspect.signature(each.__init__).parameters
        found = {**parameters, **found}
        if not any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values()):
            break
    if "prefix" in found and not uses_prefix(cls):
        del found["prefix"]
    named = "name" in cls.Settings.model_fields  # a detector among several is told by its name
    return {name: one for name, one in found.items() if name not in NEVER or (named and name == "name")}


def uses_prefix(cls) -> bool:
    """Whether any of its signals has a name that begins with the prefix."""
    return any(getattr(cls, name).suffix for name in getattr(cls, "component_names", ()))


def plain(value):
    return dict(value) if isinstance(value, Mapping) else value


@pytest.mark.parametrize("path", CLASSES)
class TestSettings:
    def test_they_are_the_arguments_of_the_constructor(self, path):
        assert set(CLASSES[path].Settings.model_fields) == set(parameters_of(CLASSES[path]))

    def test_what_is_required_and_the_defaults_are_the_constructors(self, path):
        parameters = parameters_of(CLASSES[path])
        for name, field in CLASSES[path].Settings.model_fields.items():
            theirs = parameters[name].default
            if name == "prefix":  # ophyd's constructors do without; a profile that forgets it names no process variable
                assert field.is_required()
            elif field.is_required():
                assert theirs is inspect.Parameter.empty, name
            else:
                assert plain(field.default) == plain(theirs), name
                assert type(plain(field.default)) is type(plain(theirs)), name

    def test_defaults_keep_their_own_bounds(self, path):
        model = CLASSES[path].Settings
        for name, field in model.model_fields.items():
            if field.default is PydanticUndefined:
                continue
            with pytest.raises(ValidationError) as caught:
                model.model_validate({name: field.default, "no_such": 1})
            assert {problem["type"] for problem in caught.value.errors()} <= {"missing", "extra_forbidden"}

    def test_every_field_is_described(self, path):
        for model in models_of(CLASSES[path].Settings):
            assert [name for name, field in model.model_fields.items() if not field.description] == []

    def test_they_are_frozen_and_know_all_their_keys(self, path):
        model = CLASSES[path].Settings
        assert issubclass(model, DeviceSettings)
        assert model.model_config["frozen"] and model.model_config["extra"] == "forbid"

    def test_a_default_that_is_no_count_has_bounds_or_a_unit(self, path):
        for name, field in CLASSES[path].Settings.model_fields.items():
            if isinstance(field.default, float):
                bounded = any(hasattr(rule, bound) for rule in field.metadata for bound in ("gt", "ge", "lt", "le"))
                assert bounded or name.endswith(UNITS), name


def models_of(model):
    """It and the models of its fields."""
    yield model
    for field in model.model_fields.values():
        for part in _types(field.annotation):
            if inspect.isclass(part) and issubclass(part, BaseModel):
                yield from models_of(part)


def _types(annotation):
    arguments = getattr(annotation, "__args__", ())
    return [annotation, *(each for argument in arguments for each in _types(argument))]


def test_every_public_device_is_registered_under_the_path_that_profiles_give():
    modules = (mxplans_devices, mxplans_devices.md3)
    public = {f"{module.__name__}:{name}" for module in modules for name in module.__all__ if name not in PARTS}
    assert public - set(CLASSES) == set()


def test_registered_names_are_those_of_the_classes():
    for point in OURS:
        module, _, name = point.value.partition(":")
        assert getattr(importlib.import_module(module), name) is CLASSES[point.value]
        assert point.name.replace("_", "") == name.lower()


def test_a_secret_is_given_by_reference():
    settings = CLASSES["mxplans_devices:ZocaloCrystalFinder"].Settings
    given = {"address": "127.0.0.1:61613", "results_queue": "/queue/xrc.i03"}
    assert settings.model_validate({**given, "passcode": {"env": "BROKER"}}).passcode == SecretReference(env="BROKER")
    for passcode in ({}, {"env": "A", "file": "b"}):
        with pytest.raises(ValidationError):
            settings.model_validate({**given, "passcode": passcode})


def test_ophyds_own_arguments_are_no_settings():
    ophyds = set(inspect.signature(ophyd.Device.__init__).parameters) - {"prefix", "name"}
    assert all(set(cls.Settings.model_fields).isdisjoint(ophyds) for cls in CLASSES.values())
