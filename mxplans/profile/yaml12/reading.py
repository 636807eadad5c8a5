"""From bytes to nodes."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Never

import yaml

from mxplans.errors import InvalidProfile
from mxplans.profile.places import Place
from mxplans.profile.yaml12.limits import LIMITS, Limits
from mxplans.profile.yaml12.nodes import Mapping, Node, Scalar, Sequence
from mxplans.profile.yaml12.scalars import scalar_value

PARSER = getattr(yaml, "CLoader", yaml.Loader)
"""Only its events are used, which make no objects; libyaml's where PyYAML was built with it."""
_BREAKS = ("\n", "\r", "\x85", "\u2028", "\u2029")
"""Where libyaml begins a new line, besides behind `\\r\\n`."""
_CORE = "tag:yaml.org,2002:"
_TAGS = {f"{_CORE}{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq", "omap")} | {"!", None}


class InvalidYaml(InvalidProfile):
    """A file is no YAML, or asks for what is not done here.

    Args:
        place: Where.
        what: What is wrong, and what is allowed.
        also: Another place that has to do with it.
    """

    def __init__(self, place: Place, what: str, also: Place | None = None) -> None:
        self.place = place
        self.what = what
        self.also = also
        super().__init__(f"{place}: {what}" + (f" (see {also})" if also else ""))


def read_node(path: Path, name: str | None = None, limits: Limits = LIMITS) -> Node:
    """Read a file with one YAML document.

    Args:
        path: The file.
        name: What places call it; its path if None.
        limits: How much it may ask for.

    Raises:
        InvalidYaml: If it is missing, too large, not UTF-8 or no YAML, has a key twice, a tag that makes objects,
            more than one document, or more depth or nodes than is allowed.
    """
    name = name or str(path)
    try:
        found = path.stat()
        size = found.st_size
        if not stat.S_ISREG(found.st_mode):
            raise InvalidYaml(Place(name), "cannot be read: it is no file; give the path of a YAML file")
        if size > limits.size_bytes:
            raise InvalidYaml(Place(name), f"has {size} bytes; allowed are {limits.size_bytes}: is it the right file?")
        content = path.read_bytes()
    except OSError as error:
        raise InvalidYaml(Place(name), f"cannot be read: {error.strerror}; give the path of a YAML file") from error
    return read_bytes(content, name, limits)


def read_bytes(content: bytes, name: str, limits: Limits = LIMITS) -> Node:
    """Read one YAML document as it stands in a file.

    Args:
        content: The document in UTF-8.
        name: What places call its file.
        limits: How much it may ask for.

    Raises:
        InvalidYaml: As `read_node`.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidYaml(Place(name, line), f"is not UTF-8: {error.reason}; save it as UTF-8") from error
    return read_text(text, name, limits)


def read_text(text: str, name: str, limits: Limits = LIMITS) -> Node:
    """Read one YAML document.

    Args:
        text: The document.
        name: What places call its file.
        limits: How much it may ask for.

    Raises:
        InvalidYaml: As `read_node`.
    """
    if len(text) > limits.size_bytes:
        raise InvalidYaml(Place(name), f"has {len(text)} characters; allowed are {limits.size_bytes}")
    lines = sum(map(text.count, _BREAKS)) - text.count("\r\n")
    if lines > limits.nodes:
        raise InvalidYaml(Place(name), f"has {lines} lines; allowed are {limits.nodes}: is it the right file?")
    return _Builder(name, limits).document(text)


class _Open:
    """A mapping or sequence whose end has not come yet."""

    __slots__ = ("anchor", "children", "event", "is_mapping", "keys", "size")

    def __init__(self, event: Any) -> None:
        self.event = event
        self.anchor = event.anchor
        self.is_mapping = isinstance(event, yaml.MappingStartEvent)
        self.children: list[Node] = []
        self.keys: dict[Any, Place] = {}
        self.size = 1


class _Builder:
    """Makes nodes of events without recursion, so that depth costs nothing before it is refused."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name = name
        self._limits = limits
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._open: list[_Open] = []
        self._root: Node | None = None

    def document(self, text: str) -> Node:
        documents = 0
        for event in self._events(text):
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse(event, "holds more than one document; allowed is one")
                if event.version not in (None, (1, 2)):
                    # Its words, as yes and on, are read otherwise by those who follow this line.
                    self._refuse(event, "says that it is YAML 1.1; allowed is 1.2: remove the line, look at yes and no")
            elif isinstance(event, yaml.ScalarEvent):
                self._add(self._scalar(event), 1, event.anchor, event)
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event)
            elif isinstance(event, yaml.CollectionStartEvent):
                self._start(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._end(event)
        if self._root is None:
            here = Place(self._name, 1, 1)
            return Scalar(None, "", True, here, here)
        return self._root

    def _events(self, text: str) -> Iterator[Any]:
        loader: Any = None
        try:
            loader = PARSER(text)
            while loader.check_event():
                yield loader.get_event()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            said = ": ".join(part for part in (error.context, error.problem) if part)
            raise InvalidYaml(self._place(mark), f"is not YAML: {said}; correct the file") from error
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1 if isinstance(error.position, int) else 0
            raise InvalidYaml(Place(self._name, line), f"is not YAML: {error.reason}; correct the file") from error
        finally:
            if loader is not None:
                loader.dispose()

    def _place(self, mark: Any) -> Place:
        return Place(self._name) if mark is None else Place(self._name, mark.line + 1, mark.column + 1)

    def _refuse(self, event: Any, what: str, also: Place | None = None) -> Never:
        raise InvalidYaml(self._place(event.start_mark), what, also)

    def _scalar(self, event: Any) -> Scalar:
        is_plain = event.style in (None, "")
        place, end = self._place(event.start_mark), self._place(event.end_mark)
        tag = event.tag
        if tag not in _TAGS or tag in (f"{_CORE}map", f"{_CORE}seq", f"{_CORE}omap"):
            what = (
                f"tag {_shown(tag)} is not known; allowed are plain values: leave the tag out, or put a text in quotes"
            )
            self._refuse(event, what)
        if not is_plain or tag in (f"{_CORE}str", "!"):
            return Scalar(event.value, event.value, False, place, end)
        try:
            return Scalar(scalar_value(event.value), event.value, True, place, end)
        except ValueError as error:
            self._refuse(event, f"a date that there is not: {error}; correct it, or put it in quotes")

    def _start(self, event: Any) -> None:
        kinds = ("map",) if isinstance(event, yaml.MappingStartEvent) else ("seq", "omap")
        if event.tag not in (None, "!", *(f"{_CORE}{kind}" for kind in kinds)):
            self._refuse(event, f"tag {_shown(event.tag)} is not known; allowed are mappings and lists: leave it out")
        if len(self._open) >= self._limits.depth:
            self._refuse(event, f"is nested more than {self._limits.depth} deep; allowed is less")
        self._open.append(_Open(event))

    def _end(self, event: Any) -> None:
        done = self._open.pop()
        place, end = self._place(done.event.start_mark), self._place(event.end_mark)
        node: Node
        if done.is_mapping:
            pairs = tuple(zip(done.children[::2], done.children[1::2], strict=True))
            node = Mapping(self._merged(pairs, done), place, end)
        elif done.event.tag == f"{_CORE}omap":
            node = Mapping(self._ordered(done), place, end, "!!omap")
        else:
            node = Sequence(tuple(done.children), place, end)
        self._add(node, done.size, done.anchor, done.event)

    def _add(self, node: Node, size: int, anchor: str | None, event: Any) -> None:
        if anchor is not None:
            self._anchors[anchor] = (node, size)
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        parent.size += size
        if parent.size > self._limits.nodes:
            self._refuse(
                event, f"holds more than {self._limits.nodes} values, with what anchors repeat; allowed are less"
            )
        if parent.is_mapping and len(parent.children) % 2 == 0:
            self._check_key(node, parent, event)
        parent.children.append(node)

    def _alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            if any(each.anchor == event.anchor for each in self._open):
                self._refuse(event, "the anchor after * stands within itself; allowed are values that end")
            self._refuse(event, "the anchor after * is not defined before; define it, or put a text in quotes")
        node, size = self._anchors[event.anchor]
        self._add(node, size, None, event)

    def _check_key(self, node: Node, parent: _Open, event: Any) -> None:
        if not isinstance(node, Scalar):
            self._refuse(event, "a key is a list or a mapping; allowed are plain values")
        # 1, 1.0 and true are one key to Python, and so to whoever reads the file.
        if node.value in parent.keys and node.text != "<<":
            first = parent.keys[node.value]
            self._refuse(event, f"key {node.text!r} stands twice in one mapping; leave one out", first)
        parent.keys[node.value] = node.place

    def _merged(self, pairs: tuple[tuple[Any, Node], ...], done: _Open) -> tuple[tuple[Scalar, Node], ...]:
        """Pairs with what `<<` brings behind them, as far as the mapping does not say it itself."""
        own = tuple(pair for pair in pairs if not (pair[0].plain and pair[0].value == "<<"))
        if len(own) == len(pairs):
            return own
        found = {pair[0].value: pair for pair in own}
        for key, value in pairs:
            if key.plain and key.value == "<<":
                for source in value.items if isinstance(value, Sequence) else (value,):
                    if not isinstance(source, Mapping):
                        self._refuse(done.event, "<< is followed by what is no mapping; allowed are mappings")
                    for pair in source:
                        found.setdefault(pair[0].value, pair)
        return tuple(found.values())

    def _ordered(self, done: _Open) -> tuple[tuple[Scalar, Node], ...]:
        pairs: list[tuple[Scalar, Node]] = []
        seen: dict[Any, Place] = {}
        for item in done.children:
            if not isinstance(item, Mapping) or len(item.items) != 1:
                raise InvalidYaml(item.place, "an element of !!omap is no single pair; allowed is `- key: value`")
            key = item.items[0][0]
            if key.value in seen:
                raise InvalidYaml(
                    key.place, f"key {key.text!r} stands twice in one !!omap; leave one out", seen[key.value]
                )
            seen[key.value] = key.place
            pairs.append(item.items[0])
        return tuple(pairs)


def _shown(tag: str) -> str:
    """A tag as messages say it; what begins with `!` may be a text without its quotes, and a secret."""
    return f"!!{tag.removeprefix(_CORE)}" if tag.startswith(_CORE) else "after !"
