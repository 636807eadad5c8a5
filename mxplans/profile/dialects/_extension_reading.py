"""The entries of the extension block, read strictly."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, Never

from mxplans.profile import yaml12
from mxplans.profile.dialects.config_object import Call, CallKind, Extra, ExtraKind, Path, Reference, same_value
from mxplans.profile.dialects.typing_rules import literal

_SHOWN = 60
"""Characters of a text that a message holds."""


def _shown(node: yaml12.Node) -> str:
    if not isinstance(node, yaml12.Scalar):
        return "a list or a mapping"
    return repr(node.text if len(node.text) <= _SHOWN else f"{node.text[:_SHOWN]}...")


class Entry:
    """A mapping of the block whose keys are known.

    Args:
        node: The mapping.
        name: What errors call it.
        keys: Those that it may have.
        required: Those of them that it must have.

    Raises:
        InvalidYaml: If it is no mapping, has another key or lacks one; so do all that read a key.
    """

    def __init__(self, node: yaml12.Node, name: str, keys: tuple[str, ...], required: tuple[str, ...] = ()) -> None:
        self.name = name
        self.place = node.place
        if not isinstance(node, yaml12.Mapping):
            raise yaml12.InvalidYaml(node.place, f"{name} is no mapping; allowed are the keys {', '.join(keys)}")
        self._nodes: dict[str, yaml12.Node] = {}
        for key, value in node:
            if key.value not in keys:
                near = get_close_matches(key.text[:_SHOWN], keys, 1)
                meant = f"; did you mean {near[0]}?" if near else ""
                raise yaml12.InvalidYaml(
                    key.place, f"key {_shown(key)} of {name} is not known; allowed are {', '.join(keys)}{meant}"
                )
            self._nodes[str(key.value)] = value
        missing = [each for each in required if each not in self._nodes]
        if missing:
            raise yaml12.InvalidYaml(node.place, f"an entry of {name} has no key {missing[0]!r}; add it")

    def __contains__(self, key: str) -> bool:
        return key in self._nodes

    def refuse(self, key: str, allowed: str) -> Never:
        """Say what is wrong with the value of a key."""
        node = self._nodes[key]
        raise yaml12.InvalidYaml(node.place, f"{key} of {self.name} is {_shown(node)}; {allowed}")

    def refuse_all(self, what: str) -> Never:
        """Say what is wrong with the whole entry."""
        raise yaml12.InvalidYaml(self.place, f"an entry of {self.name} cannot be used: {what}")

    def value(self, key: str) -> Any:
        """Whatever stands there; None if nothing does."""
        return yaml12.plain(self._nodes[key]) if key in self._nodes else None

    def text(self, key: str) -> str | None:
        """A text, or None where the key is missing or null."""
        value = self.value(key)
        if value is not None and not isinstance(value, str):
            self.refuse(key, "allowed is a text: put it in quotes")
        return value

    def required_text(self, key: str) -> str:
        """A text that must not be null."""
        text = self.text(key)
        if text is None:
            self.refuse(key, "allowed is a text")
        return text

    def index(self, key: str) -> int:
        """A whole number from 0."""
        value = self.value(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            self.refuse(key, "allowed is a whole number from 0")
        return value

    def dict(self, key: str) -> dict[str, Any]:
        """A mapping with keys of text; empty where the key is missing."""
        value = self.value(key) if key in self else {}
        if not isinstance(value, dict) or not all(isinstance(each, str) for each in value):
            self.refuse(key, "allowed is a mapping whose keys are texts")
        return value

    def path(self) -> Path:
        """Keys and indices below `path`; empty where that is missing."""
        value = self.value("path") if "path" in self else []
        if not isinstance(value, list) or not all(type(step) in (str, int) for step in value):
            self.refuse("path", "allowed is a list of texts and whole numbers")
        return tuple(value)

    def pairs(self, key: str) -> tuple[tuple[str, Any], ...]:
        """A list of pairs of a text and a value; empty where the key is missing."""
        value = self.value(key) if key in self else []
        if not isinstance(value, list) or not all(
            isinstance(each, list) and len(each) == 2 and isinstance(each[0], str) for each in value
        ):
            self.refuse(key, "allowed is a list of pairs [tag, value]")
        return tuple((tag, each) for tag, each in value)

    def entries(self, key: str, keys: tuple[str, ...], required: tuple[str, ...]) -> Iterator[Entry]:
        """The mappings of the list below a key; none where that is missing."""
        if key not in self:
            return
        node = self._nodes[key]
        if not isinstance(node, yaml12.Sequence):
            self.refuse(key, "allowed is a list")
        for item in node.items:
            yield Entry(item, f"{self.name}.{key}", keys, required)


def references_of(standing: tuple[Reference, ...], block: Entry) -> tuple[Reference, ...]:
    """References of `objects` with those of the block at their indices."""
    entries = list(block.entries("references", ("index", "role", "target", "path", "tag"), ()))
    found = list(standing)
    by_role = {each.role: at for at, each in enumerate(found)}
    for entry in entries:
        if "target" in entry:
            continue
        at = by_role.pop(entry.required_text("role"), None) if "role" in entry and "index" not in entry else None
        if at is None:
            entry.refuse_all("allowed is, once, the role of one in `objects`: a whole one has `index` and `target`")
        found[at] = replace(found[at], path=entry.path(), tag=entry.text("tag") or "object")
    for entry in entries:
        if "target" not in entry:
            continue
        index = entry.index("index") if "index" in entry else None
        if index is None or index > len(found):
            entry.refuse_all(f"its index is {index}; allowed are 0 to {len(found)}, in this order")
        target, tag = entry.required_text("target"), entry.text("tag") or "object"
        found.insert(index, Reference(entry.text("role"), target, entry.path(), tag, target, entry.place))
    return tuple(found)


def calls_of(standing: tuple[Call, ...], block: Entry, key: str) -> tuple[Call, ...]:
    """Calls of the sections with the attributes that the block adds to them, and the block's own calls behind them."""
    kind = CallKind(key.removesuffix("s"))
    found = list(standing)
    by_name = {(call.protocol, call.address, call.name): index for index, call in enumerate(standing)}
    keys = ("protocol", "name", "target", "address", "attributes", "arguments", "path")
    for entry in block.entries(key, keys, ("protocol", "name")):
        protocol, name, address = entry.required_text("protocol"), entry.required_text("name"), entry.text("address")
        attributes = entry.dict("attributes")
        if "target" in entry:
            arguments = entry.pairs("arguments")
            found.append(
                Call(
                    kind,
                    protocol,
                    name,
                    entry.text("target"),
                    address,
                    attributes,
                    arguments,
                    entry.path(),
                    entry.place,
                )
            )
            continue
        index = by_name.pop((protocol, address, name), None)
        if index is None:
            where = f"of the sections, at {address}" if address is not None else "of the sections"
            entry.refuse("name", f"allowed is, once, a {protocol} {kind} {where}: a whole one has a `target`")
        call = found[index]
        found[index] = replace(call, attributes={**call.attributes, **attributes})
    return tuple(found)


def extras_of(block: Entry) -> tuple[Extra, ...]:
    """What MXCuBE leaves unheard."""
    found = []
    for entry in block.entries("extras", ("kind", "path", "value"), ("kind", "value")):
        kind = entry.text("kind")
        if kind not in set(ExtraKind):
            entry.refuse("kind", f"allowed are {', '.join(ExtraKind)}")
        found.append(Extra(ExtraKind(kind), entry.path(), entry.value("value"), entry.place))
    return tuple(found)


def with_texts(properties: Mapping[str, Any], block: Entry) -> Mapping[str, Any]:
    """Properties with the texts that their structures were written as."""
    entries = list(block.entries("texts", ("path", "text"), ("path", "text")))
    if not entries:
        return properties
    changed = copy.deepcopy(dict(properties))
    for entry in entries:
        *way, last = entry.path() or (entry.refuse("path", "allowed is the path of a property"),)
        text = entry.required_text("text")
        holder: Any = changed
        try:
            for step in way:
                holder = holder[step]
            structure = holder[last]
        except (KeyError, IndexError, TypeError):
            entry.refuse("path", "no property stands there: correct it, or remove this entry")
        if not same_value(structure, literal(text)):
            entry.refuse("text", "its structure in `configuration` is another now: remove this entry")
        holder[last] = text
    return changed
