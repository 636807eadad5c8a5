"""MXCuBE's XML: from a file to the hardware object it describes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from pathlib import PurePosixPath

from mxplans.profile.dialects.config_object import Comment, ConfigObject, Dialect, Extra, ExtraKind, Path
from mxplans.profile.dialects.reading import ConfigFile, FileKind
from mxplans.profile.dialects.xml_calls import note_repeated_calls
from mxplans.profile.dialects.xml_encoding import InvalidXml
from mxplans.profile.dialects.xml_findings import XmlFindings, shown
from mxplans.profile.dialects.xml_outline import outline
from mxplans.profile.dialects.xml_parts import Parts, ends_as_leaf
from mxplans.profile.dialects.xml_references import canonical_target, note_repeated_roles, written_target
from mxplans.profile.dialects.xml_roots import REDIRECT, is_object, would_be_object
from mxplans.profile.dialects.xml_tree import XML_LIMITS, Element, Tree, read_tree
from mxplans.profile.places import Finding, Severity
from mxplans.profile.yaml12 import Limits


def read_xml(content: bytes, path: PurePosixPath, name: str, limits: Limits = XML_LIMITS) -> ConfigFile:
    """Read an XML file of MXCuBE.

    What upstream hears is in the object's properties, references, commands and channels, as upstream understands it.
    What it does not hear is in `extras` and `comments`, so that nothing of the file is lost but its layout. Upstream's
    ways that surprise are warnings.

    A file is a hardware object if its root is object, device, equipment, procedure or hwr_import, or has a class;
    of a file that cannot be read, the first tag tells. All others are OTHER. So is, with a warning, one whose root
    has a `hwrid` or `href` and is no hwr_import: upstream loads nothing from it.

    Args:
        content: The file.
        path: Relative to the folder that is read.
        name: Canonical name of the object.
        limits: How much the file may ask for.

    Returns:
        The file; BROKEN with one error that has line and column if it is no XML. It raises nothing for any content.
    """
    try:
        tree = read_tree(content, str(path), limits)
    except InvalidXml as error:
        is_broken = would_be_object(content)
        severity, kind = (Severity.ERROR, FileKind.BROKEN) if is_broken else (Severity.NOTE, FileKind.OTHER)
        return ConfigFile(path, kind, findings=(Finding(severity, error.place, error.what, error.remedy),))
    if not is_object(tree.root.tag, tree.root.attributes):
        return ConfigFile(path, FileKind.OTHER)
    findings = XmlFindings()
    config = _redirect(tree, name, findings) if tree.root.tag == REDIRECT else _object(tree, name, findings)
    kind = FileKind.OBJECT
    if config is None:
        kind = FileKind.BROKEN if tree.root.tag == REDIRECT else FileKind.OTHER
    return ConfigFile(path, kind, config, findings.sorted())


def _redirect(tree: Tree, name: str, findings: XmlFindings) -> ConfigObject | None:
    """An object that stands for another one.

    Upstream reads `href` only, and does not load the file if elements stand in it.
    """
    root = tree.root
    if not root.attributes.get("href", "").strip():
        findings.error(root.place, f"{REDIRECT} has no href; allowed is the name of an object", "write href")
        return None
    target = canonical_target(root.attributes["href"], name, root.place, findings)
    extras = [Extra(ExtraKind.ELEMENT, (), outline(child), child.place) for child in root.children]
    if extras:
        what = f"elements stand in {REDIRECT}: MXCuBE does not load such a file"
        findings.warning(root.place, what, "take them out")
    if root.text_beside:
        findings.warning(root.place, f"text {shown(root.text_beside)} in {REDIRECT} is not heard", "make it a comment")
        extras.append(Extra(ExtraKind.TEXT, (), root.text_beside, root.place))
    return ConfigObject(
        name,
        root=root.tag,
        redirect=target,
        arguments=_arguments(root, "href", findings),
        extras=tuple(extras),
        comments=_comments(tree, []),
        dialect=Dialect.XML,
        place=root.place,
    )


def _object(tree: Tree, name: str, findings: XmlFindings) -> ConfigObject | None:
    root = tree.root
    if written_target(root):
        what = f"root {root.tag} is a reference, from which MXCuBE loads nothing; allowed is {REDIRECT} with href"
        findings.warning(root.place, what, f"name it {REDIRECT}, if it shall stand for the other object")
        return None
    parts = Parts(name, findings)
    properties = parts.properties(root)
    parts.find_addresses()
    if ends_as_leaf(root):
        what = f"the file ends with an element {root.tag} as its root is: MXCuBE loads nothing from it"
        findings.warning(root.place, what, "name the inner one differently")
    note_repeated_roles(tuple(parts.references), findings)
    note_repeated_calls(parts.commands, findings)
    note_repeated_calls(parts.channels, findings)
    return ConfigObject(
        name,
        class_path=_class_path(root, findings),
        root=root.tag,
        arguments=_arguments(root, "class", findings),
        properties=properties,
        references=tuple(parts.references),
        commands=tuple(parts.commands),
        channels=tuple(parts.channels),
        extras=tuple(parts.extras),
        comments=_comments(tree, parts.anchors),
        dialect=Dialect.XML,
        place=root.place,
        places=parts.places,
        texts=parts.texts,
    )


def _class_path(root: Element, findings: XmlFindings) -> str | None:
    """Class as Python imports it: upstream imports all of it as a module, and takes its last part from there."""
    written = root.attributes.get("class")
    if written is None:
        return None
    if not written.strip():
        findings.warning(root.place, "class is empty; allowed is a module of MXCuBE", "write it, or leave class out")
        return None
    return f"{written}.{written.rpartition('.')[2]}"


def _arguments(root: Element, but: str, findings: XmlFindings) -> dict[str, object]:
    return {
        key: findings.value(text, f"attribute {key} of the root", root.place)
        for key, text in root.attributes.items()
        if key != but
    }


def _comments(tree: Tree, anchors: list[tuple[int, Path]]) -> tuple[Comment, ...]:
    """Comments with what they stand before: what begins next, or what they stand in if that has nothing within."""
    root = tree.root
    starts = [start for start, _ in anchors]
    insides = _insides(root, dict(anchors))
    inside_starts = [start for start, _, _ in insides]
    found = []
    for comment in tree.comments:
        before: Path = ("root",)
        if comment.position > root.start:
            around = bisect_right(inside_starts, comment.position) - 1
            following = bisect_left(starts, comment.position)
            if around >= 0 and comment.position <= insides[around][1]:
                before = insides[around][2]
            else:
                before = anchors[following][1] if following < len(anchors) else ("end",)
        found.append(Comment(comment.text, comment.line, before))
    return tuple(found)


def _insides(root: Element, anchors: dict[int, Path]) -> list[tuple[int, int, Path]]:
    """Start, end and anchor of all that has no anchors within."""
    found: list[tuple[int, int, Path]] = []
    open_elements = [root]
    while open_elements:
        element = open_elements.pop()
        anchor = anchors.get(element.start)
        is_whole = anchor is not None and not (anchor[0] == "property" and element.children)
        if anchor is not None and is_whole:
            found.append((element.start, element.end, anchor))
        else:
            open_elements += reversed(element.children)
    return found
