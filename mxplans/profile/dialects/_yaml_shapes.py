"""What every part of a YAML file is asked: is it a mapping, a text; and what is found where it is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from mxplans.profile import yaml12
from mxplans.profile.dialects.config_object import Path, Value
from mxplans.profile.places import Finding, Place, Severity

_GUESSES = 100


class Shapes:
    """The shapes of a file's parts, and all that is found while they are asked for."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.places: dict[Path, Place] = {}
        self._guesses = 0

    def error(self, place: Place, what: str, remedy: str, also: Iterable[Place] = ()) -> None:
        """Note what cannot be used."""
        self.findings.append(Finding(Severity.ERROR, place, what, remedy, tuple(also)))

    def warning(self, place: Place, what: str, remedy: str, also: Iterable[Place] = ()) -> None:
        """Note what is probably not meant."""
        self.findings.append(Finding(Severity.WARNING, place, what, remedy, tuple(also)))

    def nearest(self, word: str, known: Iterable[str]) -> str:
        """What was probably meant, as a remedy; searched for the first ones of a file, since that takes long."""
        known = sorted(known)
        self._guesses += 1
        close = get_close_matches(word, known, 1) if self._guesses <= _GUESSES else []
        return f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"

    def items(self, node: yaml12.Node, name: str) -> Iterator[tuple[str, yaml12.Scalar, yaml12.Node]]:
        """Keys (as text, and as they stand) and values of a mapping; none where nothing stands, or no mapping."""
        if isinstance(node, yaml12.Mapping):
            for key, value in node:
                yield self.key(key, name), key, value
        elif not is_nothing(node):
            self.error(node.place, f"{name} is {shown(node)}; allowed is a mapping", "write `key: value` lines")

    def key(self, key: yaml12.Scalar, name: str) -> str:
        """A key that must be a text, as text whatever it is."""
        if not isinstance(key.value, str):
            kind = type(key.value).__name__
            self.error(key.place, f"key {key.text} of {name} is read as {kind}; allowed are texts", "put it in quotes")
        return key.text

    def text(self, node: yaml12.Node, name: str) -> str | None:
        """A text; None where nothing stands. What else a scalar is, is told, and given as it is written."""
        if is_nothing(node):
            return None
        if not isinstance(node, yaml12.Scalar):
            self.error(node.place, f"{name} is {shown(node)}; allowed is a text", "write one text")
            return None
        if not isinstance(node.value, str):
            self.error(node.place, f"{name} is {shown(node)}; allowed is a text", "put it in quotes")
        return node.text

    def value(self, node: yaml12.Node, path: Path) -> Value:
        """A property as plain value; the places of all that has a key are kept."""
        if isinstance(node, yaml12.Scalar):
            return node.value
        if isinstance(node, yaml12.Sequence):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.items)]
        found = {}
        for key, value in node:
            step = key.value if isinstance(key.value, int | str) else key.text
            if not isinstance(key.value, str):
                self._other_key(key, path)
            self.places[(*path, step)] = key.place
            found[key.value] = self.value(value, (*path, step))
        return found

    def _other_key(self, key: yaml12.Scalar, path: Path) -> None:
        kind = type(key.value).__name__
        what = f"key {key.text} in {'.'.join(map(str, path))} is read as {kind}, which XML and JSON have no keys of"
        self.warning(key.place, what, "put it in quotes, where the class that reads it looks for a text")


def is_nothing(node: yaml12.Node | None) -> bool:
    """Whether nothing stands there, or null."""
    return node is None or (isinstance(node, yaml12.Scalar) and node.value is None)


def shown(node: yaml12.Node) -> str:
    """A value in words, cut short."""
    if isinstance(node, yaml12.Mapping):
        return "a mapping"
    if isinstance(node, yaml12.Sequence):
        return "a list"
    text = node.text if len(node.text) <= 60 else f"{node.text[:57]}..."
    return f"{text!r}" if isinstance(node.value, str) else f"{text or 'nothing'} ({type(node.value).__name__})"
