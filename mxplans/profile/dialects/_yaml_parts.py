"""Parts that both YAML dialects have: class, mentions of other objects, comments."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from mxplans.profile import yaml12
from mxplans.profile.dialects._yaml_shapes import Shapes, is_nothing
from mxplans.profile.dialects.config_object import Comment, Path, Reference
from mxplans.profile.dialects.names import EXTENSIONS, canonical_name
from mxplans.profile.places import Place


def class_path_of(shapes: Shapes, node: yaml12.Node) -> str | None:
    """The class of an object, which must be given with its module."""
    path = shapes.text(node, "class")
    if path is None:
        if is_nothing(node):
            shapes.error(node.place, "class is empty; allowed is module.Class", "write the class in full")
        return None
    parts = path.split(".")
    is_text = isinstance(node, yaml12.Scalar) and isinstance(node.value, str)
    if is_text and (len(parts) < 2 or not all(part.isidentifier() for part in parts)):
        shapes.error(
            node.place, f"class {path!r} has no module; allowed is module.Class", "write it as Python imports it"
        )
    return path


def references_of(shapes: Shapes, node: yaml12.Node, *, as_list: bool) -> tuple[Reference, ...]:
    """Mentions of other objects, each `role: file`, in their order.

    Args:
        shapes: Takes what is found.
        node: A mapping, or `!!omap`.
        as_list: Whether a list of single pairs without the tag `!!omap` is read as one.
    """
    found: dict[str, Reference] = {}
    for role, key, value in _mentions(shapes, node, as_list):
        if role in found:
            shapes.error(key.place, f"role {role!r} stands twice in objects", "leave one out", also=[found[role].place])
            continue
        reference = _reference(shapes, role, key.place, value)
        if reference is not None:
            found[role] = reference
    return tuple(found.values())


def _mentions(shapes: Shapes, node: yaml12.Node, as_list: bool) -> Iterator[tuple[str, yaml12.Scalar, yaml12.Node]]:
    if not (as_list and isinstance(node, yaml12.Sequence)):
        yield from shapes.items(node, "objects")
        return
    for item in node.items:
        if isinstance(item, yaml12.Mapping) and len(item.items) == 1:
            yield from shapes.items(item, "objects")
        else:
            shapes.error(
                item.place, "an element of objects is no single pair; allowed is `- role: file`", "write it so"
            )


def _reference(shapes: Shapes, role: str, place: Place, value: yaml12.Node) -> Reference | None:
    if is_nothing(value):
        shapes.warning(place, f"role {role!r} names no file, and is left out", "write its file, or remove it")
        return None
    written = shapes.text(value, f"file of role {role!r}")
    if written is None:
        return None
    if role != role.lower():
        shapes.warning(
            place, f"role {role!r} has capitals: MXCuBE looks up {role.lower()!r} and never finds it", "use lower case"
        )
    if isinstance(value, yaml12.Scalar) and value.value == written and PurePosixPath(written).suffix not in EXTENSIONS:
        shapes.warning(
            value.place,
            f"role {role!r} names {written!r}, which MXCuBE passes over; it reads {', '.join(EXTENSIONS)}",
            "give the file with its extension",
        )
    return Reference(role, canonical_name(written), written=written, place=value.place)


def comments_of(text: str, root: Place, anchors: Iterable[tuple[Place, Path]]) -> tuple[Comment, ...]:
    """Comments with what they stand before, or in the line of.

    Args:
        text: The file.
        root: Of its first key.
        anchors: Parts of the object with their places.
    """
    ordered = sorted(((place.line, path) for place, path in anchors), key=lambda anchor: anchor[0])
    lines = [line for line, _ in ordered]
    found = []
    for line, comment in yaml12.comment_lines(text):
        index = bisect_left(lines, line)
        before: Path = ("root",) if line < root.line else ordered[index][1] if index < len(lines) else ("end",)
        found.append(Comment(comment, line, before))
    return tuple(found)
