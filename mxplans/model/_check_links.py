"""Whether the objects of a message are what they say and hang together: fields, keys, references, identities."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import ValidationError

from mxplans.errors import InvalidMessage
from mxplans.model._base import MxlimsObject, Reference
from mxplans.model._outside import allowed_by
from mxplans.model._problem import Problem, listed
from mxplans.model.message import Message


def fields(message: Message) -> Iterator[Problem]:
    """What the classes refuse; it can be there all the same where a copy was changed without being validated."""
    try:
        Message.model_validate(message.to_json())
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            path = ".".join(str(part) for part in fault["loc"])
            yield Problem(path, fault["input"], allowed_by(fault), "correct the field")
    except InvalidMessage as error:
        yield Problem("version", message.version, str(error), "correct the message")


def keys(message: Message) -> Iterator[Problem]:
    """Keys are of the form `TypeN`."""
    for type_name, key, one in message.objects():
        if not re.fullmatch(f"{type_name}[1-9][0-9]*", key, re.ASCII):
            yield Problem(
                f"{type_name}.{key}", key, f"{type_name}1 and so on, without leading zeros", "name the object otherwise"
            )
        if one.mxlims_base_type not in (None, one.base_type):
            yield Problem(
                f"{type_name}.{key}.mxlimsBaseType", one.mxlims_base_type, one.base_type, "correct it or leave it out"
            )


def references(message: Message) -> Iterator[Problem]:
    """References name an object of the message."""
    for type_name, key, one in message.objects():
        for field, reference in references_of(one):
            known = message.of_type(reference.type_name)
            if reference.key not in known:
                yield Problem(
                    f"{type_name}.{key}.{field}",
                    reference.ref,
                    f"an object of the message; of type {reference.type_name} it has {listed(known)}",
                    "add the object or correct the reference",
                )


def references_of(one: MxlimsObject) -> Iterator[tuple[str, Reference]]:
    """References of an object, each with the MXLIMS name of its field and, in a list, its place there."""
    for name, field in type(one).model_fields.items():
        value = getattr(one, name)
        if isinstance(value, Reference):
            yield str(field.alias), value
        elif isinstance(value, tuple):
            for index, inner in enumerate(value):
                if isinstance(inner, Reference):
                    yield f"{field.alias}.{index}", inner


def circles(message: Message) -> Iterator[Problem]:
    """Nothing is started from itself or derived from itself, not even by way of others."""
    for type_name, key, one in message.objects():
        for name in ("started_from_ref", "derived_from_ref"):
            first: Reference | None = getattr(one, name, None)
            seen: set[str] = set()
            reference = first
            while reference is not None and reference.ref not in seen:
                seen.add(reference.ref)
                target = message.of_type(reference.type_name).get(reference.key)
                reference = getattr(target, name, None)
            if first is not None and f"#/{type_name}/{key}" in seen:
                alias = type(one).model_fields[name].alias
                yield Problem(
                    f"{type_name}.{key}.{alias}", first.ref, "what does not come from this object", "break the circle"
                )


def uuids(message: Message) -> Iterator[Problem]:
    """No two objects have one uuid."""
    owners: dict[str, str] = {}
    for type_name, key, one in message.objects():
        if one.uuid is None:
            continue
        path = f"{type_name}.{key}"
        owner = owners.setdefault(one.uuid, path)
        if owner != path:
            yield Problem(f"{path}.uuid", one.uuid, f"what no other object has; {owner} has this", "give it its own")
