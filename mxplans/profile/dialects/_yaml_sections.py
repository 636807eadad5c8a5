"""The protocol sections of YAML-B: commands and channels by address."""

from __future__ import annotations

from collections.abc import Iterator

from mxplans.profile import yaml12
from mxplans.profile.dialects._yaml_shapes import Shapes, is_nothing, shown
from mxplans.profile.dialects.config_object import Call, CallKind, Value
from mxplans.profile.dialects.section_forms import CALL_FORMS, CallForm

SECTIONS = ("tango", "exporter", "epics", "sardana")
"""Keys of the sections; the first level below is the address of a server, of epics the prefix of its records."""
_KINDS = {"commands": CallKind.COMMAND, "channels": CallKind.CHANNEL}


def calls_of(shapes: Shapes, protocol: str, node: yaml12.Node) -> Iterator[Call]:
    """Commands and channels of a section, in their order; what is wrong with them is noted."""
    for address, key, groups in shapes.items(node, protocol):
        if not address and protocol != "epics":
            shapes.error(key.place, f"an address of {protocol} is empty", "write the address of the server")
        if protocol == "epics" and not (isinstance(groups, yaml12.Mapping) and groups.get("channels") is not None):
            shapes.error(key.place, f"{address!r} of epics has no channels, which MXCuBE needs there", "add them")
        for group, group_key, entries in shapes.items(groups, f"{protocol} {address!r}"):
            kind = _KINDS.get(group)
            if kind is None:
                what = f"{group!r} of {protocol} {address!r} is not known; allowed are commands and channels"
                shapes.error(group_key.place, what, shapes.nearest(group, _KINDS))
                continue
            if (protocol, kind) not in CALL_FORMS and not is_nothing(entries):
                what = f"MXCuBE knows no {group} of {protocol}, and passes these over"
                shapes.warning(group_key.place, what, "move them to another protocol, or remove them")
            yield from _group(shapes, protocol, kind, address, entries)


def _group(shapes: Shapes, protocol: str, kind: CallKind, address: str, node: yaml12.Node) -> Iterator[Call]:
    # Where MXCuBE has no form, names stand where it has them for the other protocols.
    form = CALL_FORMS.get((protocol, kind)) or CallForm("name" if kind is CallKind.COMMAND else "attribute")
    for name, key, entry in shapes.items(node, f"{kind}s of {protocol} {address!r}"):
        what = f"{kind} {name!r} of {protocol} {address!r}"
        target, attributes = _entry(shapes, form, what, entry)
        if target is None:
            target = name
        is_record = protocol == "epics"
        yield Call(
            kind,
            protocol,
            name,
            address + target if is_record else target,
            None if is_record else address,
            attributes,
            place=key.place,
        )


def _entry(shapes: Shapes, form: CallForm, what: str, node: yaml12.Node) -> tuple[str | None, dict[str, Value]]:
    """What is called or read, if it is said, and all else of a call."""
    target: str | None = None
    attributes: dict[str, Value] = {}
    for name, key, value in shapes.items(node, what):
        if name == form.target_key:
            target = shapes.text(value, f"{name} of {what}")
            continue
        if name not in form.attributes:
            known = (form.target_key, *form.attributes)
            shapes.warning(key.place, f"{name!r} of {what} is not known to MXCuBE", shapes.nearest(name, known))
        elif not (isinstance(value, yaml12.Scalar) and type(value.value) is int):
            said = f"{name} of {what} is {shown(value)}; allowed is a whole number of ms"
            shapes.error(value.place, said, "write a whole number, without quotes")
        attributes[name] = yaml12.plain(value)
    return target, attributes
