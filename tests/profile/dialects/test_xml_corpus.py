"""Public configurations: counts as published, no change when another reader reads them, and cut files."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree import ElementTree

import pytest
from mxcube_corpus import mxcube_corpus

from mxplans.profile.dialects.config_object import ConfigObject
from mxplans.profile.dialects.reading import ConfigFile, FileKind
from mxplans.profile.dialects.typing_rules import bracketed, literal, typed
from mxplans.profile.dialects.xml_file import read_xml


def _read(path: Path, content: bytes | None = None) -> ConfigFile:
    relative = PurePosixPath(path.relative_to(mxcube_corpus()).as_posix())
    return read_xml(path.read_bytes() if content is None else content, relative, f"/{relative.with_suffix('')}")


@cache
def _files() -> dict[Path, ConfigFile]:
    return {path: _read(path) for path in sorted(mxcube_corpus().rglob("*.xml"))}


def _objects() -> list[ConfigObject]:
    return [file.config for file in _files().values() if file.config is not None]


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict | list):
        return [leaf for part in (value.values() if isinstance(value, dict) else value) for leaf in _leaves(part)]
    return [value]


def test_files_and_roots_are_counted_as_published() -> None:
    if len(_files()) != 254:
        pytest.skip("another part of the public configurations than the one that was counted")
    assert Counter(file.kind for file in _files().values()) == {FileKind.OBJECT: 249, FileKind.OTHER: 5}
    assert Counter(config.root for config in _objects()) == {"object": 245, "procedure": 2, "device": 2}
    assert all(config.class_path for config in _objects())
    references = [each for config in _objects() for each in config.references]
    assert len(references) == 135 + 40
    assert sum(each.written.startswith((".", "..")) for each in references) == 16
    assert all(each.role for each in references)
    assert not [found for file in _files().values() for found in file.findings if found.severity == "error"]


def test_calls_and_properties_are_counted_as_published() -> None:
    if len(_files()) != 254:
        pytest.skip("another part of the public configurations than the one that was counted")
    commands = [call for config in _objects() for call in config.commands]
    channels = [call for config in _objects() for call in config.channels]
    assert Counter(call.protocol for call in commands) == {"exporter": 220, "tango": 220}
    assert Counter(call.protocol for call in channels) == {"exporter": 188, "tango": 170, "spec": 2}
    events = [[call for call in calls if call.attributes.get("polling") == "events"] for calls in (channels, commands)]
    assert [len(calls) for calls in events] == [84, 109]
    leaves = [leaf for config in _objects() for leaf in _leaves(config.properties)]
    assert len(leaves) == 1264
    texts = [leaf for leaf in leaves if isinstance(leaf, str) and bracketed(leaf)]
    assert len(texts) == 55 and all(literal(text) is not None for text in texts)


def _leaf_values(element: ElementTree.Element) -> list[tuple[str, Any]]:
    """Tags and values of all leaf properties, in the order of the file, as another reader finds them."""
    found = []
    for child in element:
        if not (child.get("href") or child.get("hwrid") or child.tag in ("command", "channel")):
            found += _leaf_values(child) if len(child) else [(child.tag, typed(child.text or ""))]
    return found


def _named_leaves(value: dict[str, Any]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, part in value.items():
        for each in part if isinstance(part, list) else [part]:
            found += _named_leaves(each) if isinstance(each, dict) else [(key, each)]
    return found


def _signs(value: Any) -> list[str]:
    return sorted(map(repr, value))


def test_another_reader_finds_the_same_in_every_file() -> None:
    for path, file in _files().items():
        if file.config is None:
            continue
        config, root = file.config, ElementTree.parse(path).getroot()
        assert _signs(_named_leaves(dict(config.properties))) == _signs(_leaf_values(root)), path
        mentions = [each for each in root.iter() if each is not root and (each.get("href") or each.get("hwrid"))]
        assert [(each.role, each.written, each.tag) for each in config.references] == [
            ((each.get("role") or "").lower() or None, each.get("hwrid") or each.get("href"), each.tag)
            for each in mentions
        ], path
        for kind, calls in (("command", config.commands), ("channel", config.channels)):
            short = [each for each in root.iter(kind) if each.get("name") and each.get("type") and not len(each)]
            ours = [(call.name, call.protocol, call.target) for call in calls if not call.arguments]
            theirs = [(each.get("name"), each.get("type"), each.text or None) for each in short]
            assert [each for each in ours if each in theirs] == theirs, path


def test_ten_files_cut_at_every_hundredth_byte_have_a_finding_with_its_place() -> None:
    paths = [path for path, file in _files().items() if file.config is not None]
    largest = sorted(paths, key=lambda path: path.stat().st_size)[-5:]
    for path in [*largest, *paths[:: max(1, len(paths) // 5)][:5]]:
        content = path.read_bytes()
        last = content.rstrip().rfind(b">")
        for cut in range(0, last, 100):
            file = _read(path, content[:cut])
            assert file.config is None, (path, cut)
            assert file.findings and file.findings[0].place.line > 0, (path, cut)
            assert file.kind is FileKind.BROKEN or cut < content.find(b"<object") + 8, (path, cut)
