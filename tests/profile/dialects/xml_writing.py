"""Hardware objects as XML says them, for tests: what XML can say, at random, and how it says it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from hypothesis import strategies as st

from mxplans.profile.dialects.config_object import Call, CallKind, ConfigObject, Extra, ExtraKind, Path, Reference
from mxplans.profile.dialects.typing_rules import typed

_ADDRESSES = {
    "tango": "tangoname",
    "pool": "tangoname",
    "exporter": "exporter_address",
    "taco": "taconame",
    "spec": "version",
    "tine": "tinename",
}
_KEPT = {"command", "channel", "device", "equipment", "procedure", "name", "type", "toexecute", "argument", "role"}
_KEPT |= {"href", "hwrid", "class", "polling", "version", *_ADDRESSES.values()}
_characters = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn"), include_characters="\n\t")

tags = st.from_regex(r"[A-Za-zé_][A-Za-z0-9_.-]{0,5}", fullmatch=True).filter(lambda tag: tag not in _KEPT)
texts = (
    st.text(_characters, max_size=12) | st.sampled_from((" True ", "yes", "]]>", "<a>", "&amp;", "(4, 20)", ""))
).filter(lambda text: isinstance(typed(text), str))
said = texts.filter(lambda text: bool(text.strip()))
words = said.filter(lambda text: text == text.strip() and text == text.lower())
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
nested = st.recursive(
    st.dictionaries(tags, scalars, min_size=1, max_size=3),
    lambda inner: st.dictionaries(tags, scalars | st.lists(inner, min_size=1, max_size=3), min_size=1, max_size=3),
    max_leaves=5,
)
properties = st.dictionaries(tags, scalars | nested | st.lists(nested, min_size=2, max_size=3), max_size=4)
leaves = st.dictionaries(tags, scalars, min_size=1, max_size=3)
arguments = scalars | st.dictionaries(
    tags, scalars | leaves | st.lists(leaves, min_size=2, max_size=3), min_size=1, max_size=3
)
attributes = st.dictionaries(tags, scalars, max_size=2)
targets = st.lists(st.from_regex(r"[a-z0-9_-]{1,6}", fullmatch=True), min_size=1, max_size=3).map(
    lambda parts: "/" + "/".join(parts)
)


def insides(value: Mapping[str, Any], path: Path = ()) -> list[Path]:
    """Paths of an object and of all nested properties, as they follow each other in a file."""
    found: list[Path] = [path]
    for key, part in value.items():
        for where, each in _elements((*path, key), part):
            found += insides(each, where) if isinstance(each, dict) else []
    return found


def _elements(path: Path, value: Any) -> list[tuple[Path, Any]]:
    return [((*path, i), each) for i, each in enumerate(value)] if isinstance(value, list) else [(path, value)]


@st.composite
def xml_objects(draw: st.DrawFn) -> ConfigObject:
    """Objects as XML may say them; what they mention need not be there."""
    values = draw(properties)
    within = insides(values)
    paths = st.sampled_from(within)
    mentions = st.builds(Reference, role=st.none() | words, target=targets, path=paths, tag=tags)
    references = draw(st.lists(mentions, max_size=4))
    extras = [Extra(ExtraKind.TEXT, path, draw(words.filter(lambda text: "\n" not in text))) for path in within[1:2]]
    extras += [
        Extra(ExtraKind.SHADOWED, (key,), draw(texts))
        for key, value in values.items()
        if not isinstance(value, dict | list) and draw(st.booleans())
    ]
    extras += [
        Extra(ExtraKind.ATTRIBUTES, (key,), {"unit": "mm"}) for key in values if not isinstance(values[key], list)
    ][:1]
    return ConfigObject(
        name="/lab/thing",
        class_path=draw(
            st.none() | st.from_regex(r"[A-Z][a-z]{0,5}", fullmatch=True).map(lambda name: f"lab.{name}.{name}")
        ),
        root=draw(st.sampled_from(("object", "device", "equipment", "procedure"))),
        arguments=draw(attributes),
        properties=values,
        references=tuple(sorted(references, key=lambda each: within.index(each.path))),
        commands=draw(_calls(CallKind.COMMAND, paths)),
        channels=draw(_calls(CallKind.CHANNEL, paths)),
        extras=tuple(extras),
    )


def _calls(kind: CallKind, paths: st.SearchStrategy[Path]) -> st.SearchStrategy[tuple[Call, ...]]:
    def build(protocol: str, address: str | None, period: dict[str, Any], arguments: list[Any], **parts: Any) -> Call:
        parts["attributes"] |= period
        can_have = protocol in _ADDRESSES
        return Call(
            kind,
            protocol,
            address=address if can_have else None,
            arguments=tuple(arguments) if kind is CallKind.COMMAND else (),
            **parts,
        )

    periods = st.sampled_from(({}, {"polling_period": 100}, {"polling": "events"}, {"polling": 1.5}))
    one = st.builds(
        build,
        protocol=st.sampled_from((*_ADDRESSES, "epics", "mockup", "other")),
        name=said,
        target=st.none() | said,
        address=st.none() | said,
        attributes=attributes,
        period=periods,
        arguments=st.lists(st.tuples(st.just("argument"), arguments), max_size=2),
        path=paths,
    )
    return st.lists(one, max_size=3).map(tuple)


def written(config: ConfigObject, comments: tuple[str, ...] = ()) -> str:
    """An object as XML, with comments before its first properties."""
    arguments = dict(config.arguments)
    if config.class_path:
        arguments["class"] = config.class_path.rpartition(".")[0]
    remarks = iter(comments)
    return f"<{config.root}{_attributes(arguments)}>{_inside(config, config.properties, (), remarks)}</{config.root}>"


def _inside(config: ConfigObject, values: Mapping[str, Any], path: Path, remarks: Any) -> str:
    lines = [_reference(each) for each in config.references if each.path == path]
    lines += [_call(each) for each in (*config.channels, *config.commands) if each.path == path]
    for key, part in values.items():
        lines += [
            f"<{key}>{escape(extra.value)}</{key}>"
            for extra in config.extras
            if extra.kind is ExtraKind.SHADOWED and extra.path == (*path, key)
        ]
        for where, each in _elements((*path, key), part):
            extras = {extra.kind: extra.value for extra in config.extras if extra.path == where}
            body = _inside(config, each, where, iter(())) if isinstance(each, dict) else escape(str(each))
            text = escape(extras.get(ExtraKind.TEXT, ""))
            remark = f"<!--{next(remarks, '')}-->" if not path else ""
            lines.append(f"{remark}<{key}{_attributes(extras.get(ExtraKind.ATTRIBUTES, {}))}>{text}{body}</{key}>")
    return "\n".join(lines)


def _reference(reference: Reference) -> str:
    role = {} if reference.role is None else {"role": reference.role}
    return f"<{reference.tag}{_attributes({'href': reference.target, **role})}/>"


def _call(call: Call) -> str:
    parts: dict[str, Any] = {"name": call.name, "type": call.protocol}
    parts |= {"polling" if key == "polling_period" else key: value for key, value in call.attributes.items()}
    if call.address is not None:
        parts[_ADDRESSES[call.protocol]] = call.address
    if not call.arguments:
        return f"<{call.kind}{_attributes(parts)}>{escape(call.target or '')}</{call.kind}>"
    parts["toexecute"] = call.target or ""
    leaves = [f"<{key}>{escape(str(value))}</{key}>" for key, value in parts.items()]
    return f"<{call.kind}>{''.join(leaves)}{''.join(_plain(*pair) for pair in call.arguments)}</{call.kind}>"


def _plain(tag: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_plain(tag, each) for each in value)
    body = "".join(_plain(key, each) for key, each in value.items()) if isinstance(value, dict) else escape(str(value))
    return f"<{tag}>{body}</{tag}>"


def _attributes(values: Mapping[str, Any]) -> str:
    return "".join(f" {key}={quoteattr(str(value))}" for key, value in values.items())
