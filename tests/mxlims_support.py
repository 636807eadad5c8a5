"""The published MXLIMS schemas and messages, which are no part of the project, and messages made at random."""

import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

DEFAULT = Path(__file__).parents[2] / "shared" / "mxlims" / "schemas"
SCHEMAS = Path(os.environ.get("MXLIMS_SCHEMAS", DEFAULT))
MESSAGES = SCHEMAS.parent / "messages"
BASE = "https://mxlims.org/schemas/"
needs_schemas = pytest.mark.skipif(
    not (SCHEMAS / "messages").is_dir(), reason=f"no MXLIMS schemas at {SCHEMAS}; set MXLIMS_SCHEMAS to their folder"
)


@cache
def schema(path: str) -> dict[str, Any]:
    """A schema by its path under the folder of schemas."""
    return json.loads((SCHEMAS / path).read_text())


@cache
def validator(path: str, *, mended: bool = False) -> Draft202012Validator:
    """A validator for a schema; mended, with the published faults and openings put right that we do not follow.

    Schemas are known by their place, not by `$id`: one has the `$id` of another.
    """
    contents = {file.relative_to(SCHEMAS).as_posix(): json.loads(file.read_text()) for file in SCHEMAS.rglob("*.json")}
    if mended:
        for name in ("ReflectionStatistics", "ResolutionCutoffs"):
            for field in ("CC_one_half", "CC_ano"):
                contents[f"datatypes/{name}.json"]["properties"][field]["maximum"] = 1.0
        for name in ("PointCloud", "Rectangle"):
            contents[f"datatypes/{name}.json"]["additionalProperties"] = False
    resources = []
    for name, content in contents.items():
        content.pop("$id", None)
        resources.append((BASE + name, Resource.from_contents(content, default_specification=DRAFT202012)))
    registry: Registry = Registry().with_resources(resources)
    return Draft202012Validator(
        {"$ref": BASE + path}, registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER
    )


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
TIMES = st.builds(
    lambda time, offset: time.isoformat() + offset, st.datetimes(), st.sampled_from(["Z", "+00:00", "-03:30", "+14:00"])
)


def drawn_from(document: dict[str, Any]) -> st.SearchStrategy[Any]:
    """What a JSON schema that pydantic wrote allows."""
    cache: dict[str, st.SearchStrategy[Any]] = {}

    def strategy(node: dict[str, Any]) -> st.SearchStrategy[Any]:
        if "$ref" in node:
            name = node["$ref"].rsplit("/", 1)[1]
            if name not in cache:
                cache[name] = strategy(document["$defs"][name]).map(_mended(name))
            return cache[name]
        if "const" in node:
            return st.just(node["const"])
        if "enum" in node:
            return st.sampled_from(node["enum"])
        for key in ("anyOf", "oneOf"):
            if key in node:
                return st.one_of([strategy(one) for one in node[key] if one != {"type": "null"}])
        return _KINDS.get(node.get("type", ""), lambda *_: JSON)(node, strategy)

    return strategy(document).map(_mended(document["title"]))


def _number(node: dict[str, Any], _: Any) -> st.SearchStrategy[Any]:
    low, high = node.get("exclusiveMinimum", node.get("minimum")), node.get("maximum")
    return st.floats(low, high, exclude_min="exclusiveMinimum" in node, allow_nan=False, allow_infinity=False)


def _integer(node: dict[str, Any], _: Any) -> st.SearchStrategy[Any]:
    low = node["exclusiveMinimum"] + 1 if "exclusiveMinimum" in node else node.get("minimum", -(10**9))
    return st.integers(low, 10**9)


def _text(node: dict[str, Any], _: Any) -> st.SearchStrategy[Any]:
    if node.get("format") == "date-time":
        return TIMES
    return st.from_regex(node["pattern"], fullmatch=True) if "pattern" in node else st.text(max_size=8)


def _array(node: dict[str, Any], strategy: Callable[..., Any]) -> st.SearchStrategy[Any]:
    if "prefixItems" in node:
        return st.tuples(*map(strategy, node["prefixItems"])).map(list)
    low = node.get("minItems", 0)
    return st.lists(strategy(node["items"]), min_size=low, max_size=low + 2)


def _object(node: dict[str, Any], strategy: Callable[..., Any]) -> st.SearchStrategy[Any]:
    if "patternProperties" in node:
        ((pattern, inner),) = node["patternProperties"].items()
        return st.dictionaries(st.from_regex(pattern, fullmatch=True), strategy(inner), max_size=2)
    if "properties" not in node:
        inner = node.get("additionalProperties")
        values = strategy(inner) if isinstance(inner, dict) else JSON
        return st.dictionaries(st.text(max_size=8), values, max_size=2)
    needed = set(node.get("required", ()))
    if "$ref" not in node["properties"]:
        needed |= {"mxlimsType", "scanAxis"}
    fields = {name: strategy(inner) for name, inner in node["properties"].items()}
    return st.fixed_dictionaries(
        {name: field for name, field in fields.items() if name in needed},
        optional={name: field for name, field in fields.items() if name not in needed},
    )


_KINDS: dict[str, Callable[..., st.SearchStrategy[Any]]] = {
    "number": _number,
    "integer": _integer,
    "string": _text,
    "array": _array,
    "object": _object,
    "boolean": lambda *_: st.booleans(),
}


def _mended(name: str) -> Callable[[Any], Any]:
    """Rules between fields, which the drawn values do not know."""

    def mend(content: Any) -> Any:
        if name == "Person":
            content.setdefault("emailAddress", "bob@bob.bogus")
        if name == "DropImage":
            content.pop("url", None) if "data" in content else content.setdefault("url", "https://a.example.org/1.png")
        if name in ("CollectionSweep", "ReflectionSet") and "sourceRef" in content:
            content.pop("derivedFromRef", None)
        return content

    return mend
