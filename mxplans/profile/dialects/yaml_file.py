"""YAML files with hardware objects, in either dialect: `_initialise_class` (A), or `class` and sections (B)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from mxplans.profile import yaml12
from mxplans.profile.dialects._yaml_parts import class_path_of, comments_of, references_of
from mxplans.profile.dialects._yaml_sections import SECTIONS, calls_of
from mxplans.profile.dialects._yaml_shapes import Shapes, is_nothing
from mxplans.profile.dialects.config_object import Call, CallKind, ConfigObject, Dialect, Path, Value
from mxplans.profile.dialects.extension import EXTENSION_KEY, apply_extension
from mxplans.profile.dialects.reading import ConfigFile, FileKind
from mxplans.profile.dialects.section_forms import BLUESKY
from mxplans.profile.places import Finding, Place, Severity

CLASS_A = "_initialise_class"
"""Key that tells dialect A."""
OBJECTS_A = "_objects"
_KEYS_B = ("class", "configuration", "objects", *SECTIONS, BLUESKY, EXTENSION_KEY)
_MARKS = re.compile(rf"^['\"]?(?:{CLASS_A}|class|{EXTENSION_KEY})['\"]?[ \t]*:".encode(), re.MULTILINE)
"""What tells a hardware object of which the YAML is broken."""


def read_yaml(content: bytes, path: PurePosixPath, name: str) -> ConfigFile:
    """Read a YAML file of either dialect.

    A mapping with `_initialise_class` is dialect A, one with `x-mxplans` or a `class` dialect B; a `class` without a
    dot that stands beside none of B's other keys is some other program's. What B does not know at its top level is
    kept under `arguments`.

    Args:
        content: The file.
        path: Of the file, relative to the folder that is read.
        name: Canonical name of the object.

    Returns:
        The object with what was found; a file that is none, or broken. Nothing is raised.
    """
    file = str(path)
    try:
        node = yaml12.read_bytes(content, file)
    except yaml12.InvalidYaml as error:
        return _broken(content, path, error)
    if not isinstance(node, yaml12.Mapping):
        return ConfigFile(path, FileKind.OTHER)
    shapes = Shapes()
    text = content.decode("utf-8-sig")
    if node.get(CLASS_A) is not None:
        config = _read_a(shapes, node, name)
    elif _is_b(node):
        config = _read_b(shapes, node, name)
    else:
        return ConfigFile(path, FileKind.OTHER)
    config = replace(config, comments=comments_of(text, node.place, _anchors(config)))
    findings = tuple(sorted(shapes.findings, key=lambda finding: finding.place))
    return ConfigFile(path, FileKind.OBJECT, config, findings)


def _broken(content: bytes, path: PurePosixPath, error: yaml12.InvalidYaml) -> ConfigFile:
    also = (error.also,) if error.also else ()
    if _MARKS.search(content):
        finding = Finding(Severity.ERROR, error.place, error.what, also=also)
        return ConfigFile(path, FileKind.BROKEN, findings=(finding,))
    what = f"{error.what}; it does not look like a hardware object, and is carried along as it is"
    return ConfigFile(path, FileKind.OTHER, findings=(Finding(Severity.WARNING, error.place, what, also=also),))


def _is_b(node: yaml12.Mapping) -> bool:
    keys = {key.value for key, _ in node}
    if EXTENSION_KEY in keys:
        return True
    class_path = node.get("class")
    if class_path is None:
        return False
    is_path = isinstance(class_path, yaml12.Scalar) and isinstance(class_path.value, str) and "." in class_path.value
    return is_path or len(keys) == 1 or any(key in keys for key in _KEYS_B[1:])


def _anchors(config: ConfigObject) -> Iterator[tuple[Place, Path]]:
    yield from ((place, ("property", *path)) for path, place in config.places.items())
    yield from ((each.place, ("reference", index)) for index, each in enumerate(config.references))
    yield from ((each.place, ("command", index)) for index, each in enumerate(config.commands))
    yield from ((each.place, ("channel", index)) for index, each in enumerate(config.channels))


def _properties(shapes: Shapes, node: yaml12.Node, name: str) -> dict[str, Value]:
    found = {}
    for key, mark, value in shapes.items(node, name):
        shapes.places[key,] = mark.place
        found[key] = shapes.value(value, (key,))
    return found


def _read_a(shapes: Shapes, node: yaml12.Mapping, name: str) -> ConfigObject:
    class_path: str | None = None
    arguments: dict[str, Value] = {}
    head = node.get(CLASS_A)
    if isinstance(head, yaml12.Mapping) and head.get("class") is not None:
        for key, _, value in shapes.items(head, CLASS_A):
            if key == "class":
                class_path = class_path_of(shapes, value)
            else:
                arguments[key] = yaml12.plain(value)
    else:
        place = head.place if head is not None else node.place
        shapes.error(place, f"{CLASS_A} has no class", f"write `{CLASS_A}:` and below it `class: module.Class`")
    objects = node.get(OBJECTS_A)
    rest = tuple(pair for pair in node if pair[0].value not in (CLASS_A, OBJECTS_A))
    for mark, _ in rest:
        if mark.value == "class":
            shapes.warning(
                mark.place, f"class stands beside {CLASS_A}, and is read as a property", "remove one of both"
            )
    return ConfigObject(
        name,
        class_path,
        arguments=arguments,
        properties=_properties(shapes, replace(node, items=rest), "the file"),
        references=() if objects is None else references_of(shapes, objects, as_list=True),
        dialect=Dialect.YAML_A,
        place=node.place,
        places=shapes.places,
    )


def _read_b(shapes: Shapes, node: yaml12.Mapping, name: str) -> ConfigObject:
    parts = {key.value: value for key, value in node}
    calls = [call for key, value in parts.items() if key in SECTIONS for call in calls_of(shapes, str(key), value)]
    if not is_nothing(parts.get(BLUESKY)):
        address = shapes.text(parts[BLUESKY], BLUESKY)
        if address is not None:
            calls.append(Call(CallKind.COMMAND, BLUESKY, BLUESKY, None, address, place=parts[BLUESKY].place))
    config = ConfigObject(
        name,
        class_path_of(shapes, parts["class"]) if "class" in parts else None,
        arguments=_unknown(shapes, node),
        properties=_properties(shapes, parts["configuration"], "configuration") if "configuration" in parts else {},
        references=references_of(shapes, parts["objects"], as_list=False) if "objects" in parts else (),
        commands=tuple(call for call in calls if call.kind is CallKind.COMMAND),
        channels=tuple(call for call in calls if call.kind is CallKind.CHANNEL),
        dialect=Dialect.YAML_B,
        place=node.place,
        places=shapes.places,
    )
    if EXTENSION_KEY in parts:
        try:
            config = apply_extension(config, parts[EXTENSION_KEY])
        except yaml12.InvalidYaml as error:
            shapes.error(error.place, error.what, "", also=[error.also] if error.also else [])
    _check_names(shapes, config)
    return config


def _unknown(shapes: Shapes, node: yaml12.Mapping) -> dict[str, Value]:
    found = {}
    for key, value in node:
        if key.value not in _KEYS_B:
            shapes.warning(key.place, f"key {key.text!r} is not known to MXCuBE", shapes.nearest(key.text, _KEYS_B))
            found[shapes.key(key, "the file")] = yaml12.plain(value)
    return found


def _check_names(shapes: Shapes, config: ConfigObject) -> None:
    """Of two commands, or two channels, with one name MXCuBE keeps one."""
    for calls in (config.commands, config.channels):
        seen: dict[tuple[str, Path], Call] = {}
        for call in calls:
            first = seen.setdefault((call.name, call.path), call)
            if first is not call:
                what = f"{call.kind} {call.name!r} stands twice; MXCuBE keeps one of them"
                shapes.warning(call.place, what, "give one another name", also=[first.place])
