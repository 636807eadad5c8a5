"""What YAML-B's own sections can say of references, commands and channels; all else needs our extension block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mxplans.profile.dialects.config_object import Call, CallKind, ConfigObject, Reference
from mxplans.profile.dialects.names import canonical_name, leaves_folder


@dataclass(frozen=True, slots=True)
class CallForm:
    """How a command or channel is written in the section of its protocol.

    Attributes:
        target_key: Key of what is called or read.
        attributes: What may stand beside it; each an int.
    """

    target_key: str
    attributes: tuple[str, ...] = ()


CALL_FORMS = {
    ("tango", CallKind.COMMAND): CallForm("name"),
    ("tango", CallKind.CHANNEL): CallForm("attribute", ("polling_period", "timeout")),
    ("exporter", CallKind.COMMAND): CallForm("name"),
    ("exporter", CallKind.CHANNEL): CallForm("attribute"),
    ("epics", CallKind.CHANNEL): CallForm("suffix", ("polling_period",)),
    ("sardana", CallKind.COMMAND): CallForm("name"),
}
"""By protocol and kind, in the order in which the sections are written."""


BLUESKY = "bluesky_http_server"
"""Key of the address of a Bluesky server: a command of this protocol and name, without target."""


def split_pv(target: str) -> tuple[str, str]:
    """Prefix and suffix of a process variable, split behind its last `:`.

    >>> split_pv("BL:MONO:E.RBV"), split_pv("RING")
    (('BL:MONO:', 'E.RBV'), ('', 'RING'))
    """
    head, colon, tail = target.rpartition(":")
    return head + colon, tail


def stand_in_objects(config: ConfigObject) -> list[bool]:
    """Of each reference, whether it can stand in `objects`; a path or tag still needs the extension."""
    seen: set[str] = set()
    found = []
    for reference in config.references:
        fits = _fits_objects(reference) and reference.role not in seen
        if fits and reference.role is not None:
            seen.add(reference.role)
        found.append(fits)
    return found


def _fits_objects(reference: Reference) -> bool:
    if reference.role is None:
        return False
    target = reference.target
    return canonical_name(f"{target[1:]}.xml") == target and not leaves_folder(target)


def stand_in_sections(calls: tuple[Call, ...]) -> list[bool]:
    """Of each command or channel, whether it can stand in a section; attributes may still need the extension."""
    seen: set[tuple[str, str | None, str]] = set()
    found = []
    for call in calls:
        key = (call.protocol, call.address, call.name)
        fits = _fits_section(call) and key not in seen
        if fits:
            seen.add(key)
        found.append(fits)
    return found


def _fits_section(call: Call) -> bool:
    if call.protocol == BLUESKY:
        return call == Call(CallKind.COMMAND, BLUESKY, BLUESKY, None, call.address) and bool(call.address)
    if (call.protocol, call.kind) not in CALL_FORMS or call.target is None or call.path or call.arguments:
        return False
    if call.protocol == "sardana" and "taurusname" in call.attributes:
        return False  # a command of a device; the section runs macros at doors
    return call.address is None if call.protocol == "epics" else bool(call.address)


def section_attributes(call: Call) -> Iterator[tuple[str, int]]:
    """Those attributes that stand in the section of a call which stands in one."""
    form = CALL_FORMS.get((call.protocol, call.kind))
    for key in form.attributes if form else ():
        value = call.attributes.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            yield key, value
