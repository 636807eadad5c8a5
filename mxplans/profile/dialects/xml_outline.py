"""Elements as plain values: whole, for what MXCuBE does not hear; and plainly, for arguments of commands."""

from __future__ import annotations

from mxplans.profile.dialects.config_object import Value
from mxplans.profile.dialects.typing_rules import typed
from mxplans.profile.dialects.xml_tree import Element


def outline(element: Element) -> dict[str, Value]:
    """All of an element: tag, attributes (typed), text and children, without what is empty.

    Text of an element without children is as written; of one with children, what is more than blanks.
    """
    text = element.text_beside if element.children else element.text
    parts: dict[str, Value] = {
        "tag": element.tag,
        "attributes": {key: typed(value) for key, value in element.attributes.items()},
        "text": text,
        "children": [outline(child) for child in element.children],
    }
    return {key: part for key, part in parts.items() if part}


def plain_value(element: Element) -> Value:
    """A leaf as its typed text, an element with elements as a dict, those that come again as lists in it.

    Where that would lose attributes or text, the outline.
    """
    return outline(element) if _says_more(element) else _plain(element)


def _says_more(element: Element) -> bool:
    beside = element.children and element.text_beside
    return bool(element.attributes or beside or any(map(_says_more, element.children)))


def _plain(element: Element) -> Value:
    if not element.children:
        return typed(element.text)
    found: dict[str, list[Value]] = {}
    for child in element.children:
        found.setdefault(child.tag, []).append(_plain(child))
    return {tag: values[0] if len(values) == 1 else values for tag, values in found.items()}
