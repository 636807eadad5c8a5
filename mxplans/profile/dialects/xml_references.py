"""Mentions of other objects: how MXCuBE's XML writes the name of a target, and what that name is."""

from __future__ import annotations

import posixpath

from mxplans.profile.dialects.config_object import Path, Reference
from mxplans.profile.dialects.names import EXTENSIONS, canonical_name
from mxplans.profile.dialects.typing_rules import typed
from mxplans.profile.dialects.xml_findings import XmlFindings, shown
from mxplans.profile.dialects.xml_tree import Element
from mxplans.profile.places import Place


def written_target(element: Element) -> tuple[str, str] | None:
    """The attribute that makes an element a reference, and what it says: `hwrid` wins over `href`.

    None if there is neither. As upstream both are typed first, so that one that reads as nothing, zero or False makes
    no reference, and one that reads as a number is the number's text.
    """
    for attribute in ("hwrid", "href"):
        if attribute in element.attributes:
            value = typed(element.attributes[attribute])
            if value:
                return attribute, str(value)
    return None


def canonical_target(written: str, name: str, place: Place, findings: XmlFindings) -> str:
    """Name of the object that is meant.

    `./x` and `../x` both stand for x in the folder of the object itself, as upstream has it; all else is below the
    look-up folder. Upstream appends the extension itself: one that is written is taken off, with a warning. A name
    that leaves the folder begins with `/..`, see `names.leaves_folder`.

    Args:
        written: The target as written.
        name: Canonical name of the object that mentions it.
        place: Of the mention.
        findings: Gets what is to be known of it.
    """
    folder = name.rpartition("/")[0]
    full = written
    if written.startswith("../"):
        full = f"{folder}/{written[3:]}"
        if folder:
            what = f"target {shown(written)} is {full}: ../ means the folder of {name} itself, as ./ does"
            findings.warning(place, what, "write the full name")
    elif written.startswith("./"):
        full = f"{folder}/{written[2:]}"
    target = canonical_name(full)
    extension = posixpath.splitext(full)[1]
    if extension in EXTENSIONS:
        what = f"target {shown(written)} has an extension, which MXCuBE appends itself: read as {target}"
        findings.warning(place, what, f"write {target}")
    return target


def read_reference(element: Element, path: Path, name: str, findings: XmlFindings) -> Reference:
    """The mention that an element with `hwrid` or `href` is.

    Upstream looks roles up in lower case only, and puts a mention without a role under the text "none". It adds a
    nested mention to the nested element and to the whole object.

    Args:
        element: It has a target.
        path: Nested property it stands in.
        name: Canonical name of the object that mentions it.
        findings: Gets what is to be known of it.
    """
    place = element.place
    written = (written_target(element) or ("", ""))[1]
    target = canonical_target(written, name, place, findings)
    role: str | None = None
    said = findings.value(element.attributes.get("role", "None"), f"role of {target}", place)
    if said not in (None, ""):
        role = str(said).lower()
        if role != str(said):
            findings.warning(place, f"role {shown(str(said))} is {role!r} in MXCuBE", f"write {role}")
    else:
        findings.note(place, f"{target} is mentioned without a role", "give it one, to find it by that")
    return Reference(role, target, path, element.tag, written, place)


def note_repeated_roles(references: tuple[Reference, ...], findings: XmlFindings) -> None:
    """Warn of roles that stand twice: upstream resolves them from the last to the first, so that the first one stays.

    Nested mentions count for the whole object as well; two in different nested elements, or of the same target, are a
    note only.
    """
    first: dict[str, Reference] = {}
    for reference in references:
        if reference.role is None:
            continue
        before = first.setdefault(reference.role, reference)
        if before is reference:
            continue
        what = f"role {reference.role!r} stands twice in the object: {before.target} is taken, not {reference.target}"
        if before.target == reference.target:
            what = f"role {reference.role!r} stands twice in the object, for {before.target} both times"
        is_same_place = before.path == reference.path and before.target != reference.target
        say = findings.warning if is_same_place else findings.note
        say(reference.place, what, "give each its own role", (before.place,))
