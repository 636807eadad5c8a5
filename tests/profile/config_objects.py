"""Hardware objects for property tests: all that the dialects can say of one."""

from __future__ import annotations

from hypothesis import strategies as st

from mxplans.profile.dialects.config_object import Call, CallKind, ConfigObject, Extra, ExtraKind, Reference

_CHARACTERS = st.characters(
    codec="utf-8", exclude_categories=("Cs", "Cc", "Cn"), include_characters="\n\t", exclude_characters="\ufeff"
)
"""What XML 1.0 may say, but for line breaks that its readers make others of."""

identifiers = st.from_regex(r"[a-z][a-z0-9_]{0,7}", fullmatch=True)
words = st.sampled_from(("motors", "omega", "state", "x-axis", "Zoom", "a.b", "é", "yes", "null", "1.5", "class", "<<"))
awkward_texts = st.sampled_from(
    (
        "007 ",
        "yes",
        "True",
        " True ",
        "",
        "None",
        "~",
        "null",
        "1e3",
        "0o14",
        "12:30",
        "2024-01-02",
        "#no",
        "a: b",
        "- x",
    )
    + (
        "...",
        "---",
        "%YAML",
        "&a",
        "*a",
        "!x",
        "(4, 20)",
        '["a", {"b": 1}]',
        "\n  two\n lines\n",
        "a\n\n",
        "x \n y",
        "|",
    )
)
texts = awkward_texts | st.text(_CHARACTERS, max_size=30)
numbers = st.integers() | st.floats() | st.sampled_from((10**400, -(10**400), float("nan"), -0.0, 1e-05, 5e-324))
scalars = st.none() | st.booleans() | numbers | texts
keys = identifiers | words
names = st.lists(identifiers | words, min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts))
"""Canonical names of objects."""
paths = st.just(()) | st.lists(keys | st.integers(0, 3), min_size=1, max_size=3).map(tuple)
properties = st.dictionaries(
    keys,
    st.recursive(
        scalars,
        lambda inner: (
            st.dictionaries(keys, inner, max_size=3)
            | st.lists(st.dictionaries(keys, inner, min_size=1, max_size=3), min_size=2, max_size=3)
        ),
        max_leaves=8,
    ),
    max_size=5,
)
attributes = st.dictionaries(keys, scalars, max_size=3)
references = st.builds(
    Reference,
    role=st.none() | identifiers | words,
    target=names,
    path=paths,
    tag=st.sampled_from(("object", "object", "device", "motor")),
)


def calls(kind: CallKind) -> st.SearchStrategy[tuple[Call, ...]]:
    """Commands or channels of one object: of all protocols, with and without what YAML-B has a form for."""
    addressed = st.builds(
        Call,
        kind=st.just(kind),
        protocol=st.sampled_from(("tango", "exporter", "sardana", "spec", "tine", "taco")),
        name=keys,
        target=st.none() | keys | texts,
        address=st.sampled_from((None, "lab/motor/omega", "lab/motor/phi", "127.0.0.1:9001")),
        attributes=st.fixed_dictionaries(
            {},
            optional={
                "polling_period": st.integers(0, 5000),
                "polling": st.just("events"),
                "timeout": st.integers(0, 5000) | st.just("long"),
                "onchange": texts,
            },
        ),
        arguments=st.just(()) | st.lists(st.tuples(keys, scalars), max_size=2).map(tuple),
        path=st.just(()) | paths,
    )
    variables = st.builds(
        Call,
        kind=st.just(kind),
        protocol=st.just("epics"),
        name=keys,
        target=st.sampled_from(("LAB:MOT:OMEGA.RBV", "LAB:MOT:OMEGA.VAL", "RING", "LAB:")),
        attributes=st.fixed_dictionaries({}, optional={"polling_period": st.integers(0, 5000)}),
    )
    return st.lists(addressed | variables, max_size=4).map(tuple)


_extras = st.builds(
    Extra, kind=st.just(ExtraKind.ATTRIBUTES), path=paths, value=st.dictionaries(keys, scalars, min_size=1, max_size=2)
) | st.builds(Extra, kind=st.sampled_from((ExtraKind.TEXT, ExtraKind.SHADOWED)), path=paths, value=texts)

config_objects = st.builds(
    ConfigObject,
    name=names,
    class_path=st.none() | st.lists(identifiers, min_size=2, max_size=3).map(".".join),
    root=st.sampled_from(("object", "object", "device", "equipment", "procedure")),
    arguments=st.just({}) | attributes,
    properties=properties,
    references=st.lists(references, max_size=4).map(tuple),
    commands=calls(CallKind.COMMAND),
    channels=calls(CallKind.CHANNEL),
    extras=st.lists(_extras, max_size=2).map(tuple),
)
"""Objects of any dialect; what they mention need not be there."""

redirects = st.builds(ConfigObject, name=names, root=st.just("hwr_import"), redirect=names)
"""Names that stand for another object."""
