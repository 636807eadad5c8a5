"""The parts of an object, gathered on a walk through its elements."""

from __future__ import annotations

from dataclasses import dataclass, field

from mxplans.profile.dialects.config_object import Call, CallKind, Extra, ExtraKind, Path, Reference, Value
from mxplans.profile.dialects.typing_rules import typed
from mxplans.profile.dialects.xml_calls import is_heard, read_call, unheard_of_call, with_address
from mxplans.profile.dialects.xml_findings import XmlFindings, shown
from mxplans.profile.dialects.xml_outline import outline
from mxplans.profile.dialects.xml_references import read_reference, written_target
from mxplans.profile.dialects.xml_roots import REDIRECT
from mxplans.profile.dialects.xml_tree import Element
from mxplans.profile.places import Place

_CALLS = tuple(kind.value for kind in CallKind)
_NODES = ("device", "equipment", "procedure")
"""Elements that upstream makes an object of, even without elements in them."""


@dataclass
class Parts:
    """What the elements of an object say.

    Attributes:
        name: Canonical name of the object.
        findings: What is to be known of it.
        anchors: What stands where, for comments: position in the file, and what `Comment.before` calls it.
    """

    name: str
    findings: XmlFindings
    references: list[Reference] = field(default_factory=list)
    commands: list[Call] = field(default_factory=list)
    channels: list[Call] = field(default_factory=list)
    extras: list[Extra] = field(default_factory=list)
    places: dict[Path, Place] = field(default_factory=dict)
    texts: dict[Path, str] = field(default_factory=dict)
    anchors: list[tuple[int, Path]] = field(default_factory=list)
    _calls: list[tuple[CallKind, int, tuple[dict[str, Value], ...]]] = field(default_factory=list)

    def properties(
        self, element: Element, path: Path = (), scopes: tuple[dict[str, Value], ...] = ()
    ) -> dict[str, Value]:
        """Properties of an element, nested ones within them; all else goes to the other parts.

        As upstream: a leaf is a property, of two with the same tag the last one; an element with elements is a dict,
        a list of dicts where its tag comes again; further in it is a list of dicts even where it comes once (measured
        with mxcubecore 2.149.0). Beyond upstream, which keeps both apart: a leaf with the same tag as a nested element
        stands in the list with it.

        Args:
            element: The root, or a nested element.
            path: Of the element.
            scopes: Properties of the elements around it, the innermost first.
        """
        found: dict[str, Value] = {}
        scopes = (found, *scopes)
        for child, where in _places_of_children(element, path):
            self.anchors.append((child.start, ("property", *where)))
            if written_target(child):
                self._reference(child, path)
            elif child.tag in _CALLS:
                self._call(child, path, scopes)
            elif not is_nested(child):
                self._leaf(child, where, path, found)
            else:
                self._nested(child, where, path, found, scopes)
        if element.text_beside and (element.children or not path):
            self._text_beside(element, path)
        return found

    def find_addresses(self) -> None:
        """Give calls the addresses that properties stand in for, wherever these stand: behind a call as well."""
        for kind, index, scopes in self._calls:
            of_kind = self._of_kind(kind)
            of_kind[index] = with_address(of_kind[index], scopes, self.findings)

    def _of_kind(self, kind: CallKind) -> list[Call]:
        return self.commands if kind is CallKind.COMMAND else self.channels

    def _anchor(self, *anchor: str | int) -> None:
        """Name the element at hand for comments."""
        self.anchors[-1] = (self.anchors[-1][0], anchor)

    def _reference(self, child: Element, path: Path) -> None:
        index = len(self.references)
        self._anchor("reference", index)
        reference = read_reference(child, path, self.name, self.findings)
        self.references.append(reference)
        if child.tag == REDIRECT:
            what = f"{REDIRECT} stands in an object: MXCuBE loads {reference.target} in place of it"
            self.findings.warning(child.place, what, "name the element differently")
        where: Path = ("@reference", index)
        target = written_target(child)
        heard = {"role", target[0] if target else ""}
        others = {key: typed(text) for key, text in child.attributes.items() if key not in heard}
        if others:
            self.extras.append(Extra(ExtraKind.ATTRIBUTES, where, others, child.place))
        if child.text_beside:
            self._text_beside(child, where)
        for inner in child.children:
            what = f"element {inner.tag} stands in a reference to {reference.target}: MXCuBE does not load such a file"
            self.findings.warning(inner.place, what, "take it out")
            self.extras.append(Extra(ExtraKind.ELEMENT, where, outline(inner), inner.place))

    def _call(self, child: Element, path: Path, scopes: tuple[dict[str, Value], ...]) -> None:
        kind = CallKind(child.tag)
        if not is_heard(child):
            del self.anchors[-1]
            parts = "attributes name and type" if kind is CallKind.CHANNEL else "name, type and what to execute"
            what = f"{kind} {shown(child.attributes.get('name', ''))} does not have {parts} alone: MXCuBE ignores it"
            self.findings.warning(child.place, what, "complete it, or take it out")
            self.extras.append(Extra(ExtraKind.ELEMENT, path, outline(child), child.place))
            return
        of_kind = self._of_kind(kind)
        self._anchor(kind.value, len(of_kind))
        call = read_call(child, path, self.findings)
        if path:
            inside = "a nested element, where MXCuBE hears it only if that is a device, equipment or procedure"
            what = f"{kind} {shown(call.name)} stands in {inside}"
            self.findings.warning(child.place, what, "write it in the object itself")
        self._calls.append((kind, len(of_kind), scopes))
        of_kind.append(call)
        self.extras += unheard_of_call(child, call)

    def _leaf(self, child: Element, where: Path, path: Path, found: dict[str, Value]) -> None:
        if len(where) == len(path):
            self._shadowed(child, path)
            return
        value = self.findings.value(child.text, f"property {_dotted(where)}", child.place)
        self._attributes(child, where)
        self.places[where] = child.place
        if child.text != str(value):
            self.texts[where] = child.text
        self._put(value, child, where, path, found)

    def _nested(
        self, child: Element, where: Path, path: Path, found: dict[str, Value], scopes: tuple[dict[str, Value], ...]
    ) -> None:
        self._attributes(child, where)
        if "class" in child.attributes:
            what = f"element {_dotted(where)} is an object of class {shown(child.attributes['class'])} within an object"
            self.findings.warning(child.place, what, "give it a file of its own, and mention that")
        self.places[where] = child.place
        self._put(self.properties(child, where, scopes), child, where, path, found)
        if not child.children and child.text_beside:
            self._text_beside(child, where)
        if ends_as_leaf(child):
            what = f"element {_dotted(where)} ends with an element of the same tag: MXCuBE takes it for empty text"
            self.findings.warning(child.place, what, "name one of them differently")

    def _put(self, value: Value, child: Element, where: Path, path: Path, found: dict[str, Value]) -> None:
        if len(where) == len(path) + 1:
            found[child.tag] = value
            return
        self.places.setdefault(where[:-1], child.place)
        found.setdefault(child.tag, []).append(value)
        if not isinstance(value, dict):
            what = f"property {_dotted(where[:-1])} is text once and has elements once: MXCuBE keeps them apart"
            self.findings.warning(child.place, what, "name one of them differently")

    def _shadowed(self, child: Element, path: Path) -> None:
        self.anchors.pop()
        what = f"property {_dotted((*path, child.tag))} comes again below: {shown(child.text)} is not heard"
        self.findings.warning(child.place, what, "leave one out")
        value = outline(child) if child.attributes else child.text
        self.extras.append(Extra(ExtraKind.SHADOWED, (*path, child.tag), value, child.place))

    def _attributes(self, child: Element, where: Path) -> None:
        if child.attributes:
            value = {key: typed(text) for key, text in child.attributes.items()}
            self.extras.append(Extra(ExtraKind.ATTRIBUTES, where, value, child.place))

    def _text_beside(self, element: Element, where: Path) -> None:
        text = element.text_beside
        self.findings.warning(element.place, f"text {shown(text)} in {element.tag} is not heard", "make it a comment")
        self.extras.append(Extra(ExtraKind.TEXT, where, text, element.place))


def is_nested(element: Element) -> bool:
    """Whether an element is a dict: it has elements, or a tag that upstream makes an object of."""
    return bool(element.children) or element.tag in _NODES


def ends_as_leaf(element: Element) -> bool:
    """Whether upstream takes an element with elements for a leaf: the last one that begins in it has its tag.

    Upstream remembers the tag of the last element that might be a property, and forgets it at no end.
    """
    last = element
    while last.children:
        last = last.children[-1]
    is_property = not written_target(last) and last.tag not in (*_NODES, *_CALLS)
    return last is not element and is_property and last.tag == element.tag


def _places_of_children(element: Element, path: Path) -> list[tuple[Element, Path]]:
    """Children with their paths: with an index where nested ones are a list; of shadowed leaves that of the element."""
    plain = [child for child in element.children if not written_target(child) and child.tag not in _CALLS]
    last_leaf = {child.tag: child for child in plain if not is_nested(child)}
    kept = [child for child in plain if is_nested(child) or last_leaf[child.tag] is child]
    nested = {child.tag for child in kept if is_nested(child)}
    count: dict[str, int] = {}
    for child in kept:
        count[child.tag] = count.get(child.tag, 0) + 1
    seen: dict[str, int] = {}
    where: dict[int, Path] = {}
    for child in kept:
        index = seen[child.tag] = seen.get(child.tag, -1) + 1
        many = child.tag in nested and (count[child.tag] > 1 or bool(path))
        where[child.start] = (*path, child.tag, index) if many else (*path, child.tag)
    return [(child, where.get(child.start, path)) for child in element.children]


def _dotted(path: Path) -> str:
    """A path as text.

    >>> _dotted(("states", "state", 2, "name"))
    'states.state[2].name'
    """
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
