"""Commands and channels in MXCuBE's XML: both forms, and where their address comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mxplans.profile.dialects.config_object import Call, CallKind, Extra, ExtraKind, Path, Value
from mxplans.profile.dialects.typing_rules import typed
from mxplans.profile.dialects.xml_findings import XmlFindings, shown
from mxplans.profile.dialects.xml_outline import plain_value
from mxplans.profile.dialects.xml_tree import Element
from mxplans.profile.places import Place

_ADDRESSES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "tango": (("tangoname",), ("tangoname",)),
    "pool": (("tangoname",), ("tangoname",)),
    "exporter": (("exporter_address",), ("exporter_address",)),
    "taco": (("taconame",), ("taconame",)),
    "spec": (("version", "specversion"), ("specversion",)),
    "tine": (("tinename",), ("tinename", "tine_name")),
    "sardana": (("doorname", "taurusname"), ("doorname", "taurusname")),
    "epics": ((), ()),
    "mockup": ((), ()),
    "bluesky_http_server": ((), ()),
}
"""By protocol: attributes of the call, and properties of the object, that give its address, the first one first."""
LONG_FORM = ("name", "type", "toexecute")


def is_heard(element: Element) -> bool:
    """Whether upstream makes a call of a `<command>` or `<channel>`.

    It does for the short form, with the attributes name and type and nothing but text, and for the long form of a
    command, with the elements name, type and toexecute and without one of these attributes. All else it drops.
    """
    if "name" in element.attributes and "type" in element.attributes:
        return not element.children
    tags = {child.tag for child in element.children if not child.children}
    return element.tag == CallKind.COMMAND and tags.issuperset(LONG_FORM)


def read_call(element: Element, path: Path, findings: XmlFindings) -> Call:
    """The call that a `<command>` or `<channel>` is, without the address that a property may give it.

    An integer `polling` becomes `polling_period` (ms), its name in YAML. Text is the target exactly as written, as
    upstream hands it on. In the long form leaves are attributes (of two with the same tag the last one), all else is
    an argument. A command of sardana whose address is a `taurusname` has it as an attribute besides: by this it is a
    command of a device, and no macro at a door.

    Args:
        element: One that is heard.
        path: Nested property it stands in.
        findings: Gets what is to be known of it.
    """
    long = bool(element.children)
    leaves = _attribute_leaves(element) if long else {}
    texts = {tag: leaf.text for tag, leaf in leaves.items()} if long else dict(element.attributes)
    kind, name, protocol = CallKind(element.tag), texts.pop("name"), texts.pop("type")
    target = texts.pop("toexecute") if long else element.text
    thing = f"{kind} {shown(name)}"
    if target != target.strip() and target.strip():
        findings.warning(element.place, f"{thing}: target {shown(target)} has blanks around it", "take them out")
    if protocol.lower() not in _ADDRESSES:
        what = f"{thing}: type {shown(protocol)} is not known; known are {', '.join(sorted(_ADDRESSES))}"
        findings.warning(element.place, what, "correct it, or leave it to the program that knows it")
    address = _own_address(protocol, kind, texts)
    values = {
        key: findings.value(text, f"{thing}, attribute {key}", leaves[key].place if long else element.place)
        for key, text in texts.items()
    }
    arguments = tuple((child.tag, plain_value(child)) for child in element.children if child not in leaves.values())
    said = target if target.strip() else None
    return Call(kind, protocol, name, said, address, _named(values), arguments, path, element.place)


def unheard_of_call(element: Element, call: Call) -> list[Extra]:
    """What a call in the long form says that upstream does not hear: its own attributes, those of leaves, and text."""
    path: Path = (f"@{call.kind}", call.name)
    if not element.children:
        return []
    leaves = _attribute_leaves(element).values()
    found = [Extra(ExtraKind.TEXT, path, element.text_beside, element.place)] if element.text_beside else []
    for each, where in ((element, path), *((leaf, (*path, leaf.tag)) for leaf in leaves)):
        if each.attributes:
            value = {key: typed(text) for key, text in each.attributes.items()}
            found.append(Extra(ExtraKind.ATTRIBUTES, where, value, each.place))
    return found


def with_address(call: Call, scopes: Sequence[Mapping[str, Value]], findings: XmlFindings) -> Call:
    """The call, with the address that a property stands in for if it has none of its own.

    Args:
        call: As read.
        scopes: Properties of the elements it stands in, the innermost first.
        findings: Gets a warning if a protocol that needs an address has none.
    """
    names = _names(call.protocol, call.kind, call.attributes.get("cmd_type"))[1]
    if call.address is not None or not names:
        return call
    for scope in scopes:
        for name in names:
            value = scope.get(name)
            if value not in (None, "") and not isinstance(value, dict | list):
                is_device = name == "taurusname" and call.kind is CallKind.COMMAND
                marks = {name: value} if is_device else {}
                return replace(call, address=str(value), attributes={**call.attributes, **marks})
    what = f"{call.kind} {shown(call.name)} of type {call.protocol} has no address: neither its own nor a property"
    findings.warning(call.place, what, f"write one as property {' or '.join(names)}")
    return call


def note_repeated_calls(calls: Sequence[Call], findings: XmlFindings) -> None:
    """Warn of calls of the same name: upstream takes the first of two channels, and the last of two commands."""
    first: dict[str, Place] = {}
    for call in calls:
        before = first.setdefault(call.name, call.place)
        if before is not call.place:
            taken = "first" if call.kind is CallKind.CHANNEL else "last"
            what = f"{call.kind} {shown(call.name)} stands twice in the object: MXCuBE takes the {taken} one"
            findings.warning(call.place, what, "leave one out", (before,))


def _attribute_leaves(element: Element) -> dict[str, Element]:
    """Leaves that are attributes in the long form, by tag: of two with the same tag the last one."""
    return {child.tag: child for child in element.children if not child.children and child.tag != "argument"}


def _names(protocol: str, kind: CallKind, cmd_type: Value) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Attributes and properties that may give a call its address.

    A channel of sardana reads a device; a command runs a macro at a door or, if `cmd_type` says "command", is one of
    a device.
    """
    own, properties = _ADDRESSES.get(protocol.lower(), ((), ()))
    if protocol.lower() == "sardana" and (kind is CallKind.CHANNEL or cmd_type == "command"):
        return ("taurusname",), ("taurusname",)
    return own, properties


def _own_address(protocol: str, kind: CallKind, texts: dict[str, str]) -> str | None:
    """The address among the attributes, taken out of them."""
    for name in _names(protocol, kind, texts.get("cmd_type"))[0]:
        address = texts.get(name)
        if address not in (None, "", "None"):
            if name != "taurusname" or kind is CallKind.CHANNEL:
                del texts[name]
            return address
    return None


def _named(values: dict[str, Value]) -> dict[str, Value]:
    """Attributes by the names they have in YAML."""
    is_period = type(values.get("polling")) is int and "polling_period" not in values
    return {"polling_period" if key == "polling" and is_period else key: value for key, value in values.items()}
