"""Two ways of writing one JSON schema, the published one and the one pydantic makes, brought into one plain form."""

import posixpath
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any

from mxlims_support import schema

Resolve = Callable[[str], tuple[dict[str, Any], str]]
"""The schema that a reference names, and a name for it."""

REMARKS = {
    *("$id", "$schema", "$defs", "$comment", "comment", "title", "description", "default", "examples", "Examples"),
    *("readOnly", "reverseLinkName", "discriminator", "format"),
}
BOUNDS = {"minimum", "maximum", "exclusiveMinimum", "minItems", "maxItems", "pattern"}
STRUCTURE = {
    *("type", "const", "enum", "properties", "required", "items", "prefixItems", "additionalProperties"),
    *("unevaluatedProperties", "patternProperties", "propertyNames", "minProperties", "named", "choices"),
}
RULE = {"required", "not", "properties"}


def published(path: str) -> tuple[dict[str, Any], Resolve]:
    """A published schema with references that need no folder, and how to follow them."""

    def absolute(node: Any, folder: str) -> Any:
        if isinstance(node, dict):
            whole = {key: absolute(inner, folder) for key, inner in node.items()}
            if isinstance(node.get("$ref"), str):
                whole["$ref"] = posixpath.normpath(f"{folder}/{node['$ref']}")
            return whole
        return [absolute(one, folder) for one in node] if isinstance(node, list) else node

    def resolve(reference: str) -> tuple[dict[str, Any], str]:
        file, _, inside = reference.partition("#")
        node = absolute(schema(file), posixpath.dirname(file))
        for part in filter(None, inside.split("/")):
            node = node[part]
        return node, PurePosixPath(inside or file).stem

    return resolve(path)[0], resolve


def made(document: dict[str, Any]) -> tuple[dict[str, Any], Resolve]:
    """A schema that pydantic made, and how to follow its references."""

    def resolve(reference: str) -> tuple[dict[str, Any], str]:
        name = reference.rsplit("/", 1)[1]
        return document["$defs"][name], name

    return document, resolve


def plain(node: dict[str, Any], resolve: Resolve, *, top: bool = True) -> dict[str, Any]:
    """A schema as fields, needed ones, types, enumerations and bounds. Refuses keywords that it does not know.

    A class within another is given by its name. Rules between fields are left to tests of behaviour.
    """
    node = _merged(node, resolve)
    unknown = set(node) - REMARKS - BOUNDS - STRUCTURE
    assert not unknown, f"the walk does not know {unknown}"
    if "choices" in node:
        choices = [plain(one, resolve, top=False) for one in node["choices"] if one != {"type": "null"}]
        return choices[0] if len(choices) == 1 else {key: value for one in choices for key, value in one.items()}
    bounds = {key: node[key] for key in BOUNDS & set(node)}
    if "const" in node or "enum" in node:
        return {"enum": sorted(node.get("enum") or [node["const"]])}
    assert "type" in node, node
    if node["type"] == "array":
        inner = [plain(one, resolve, top=False) for one in node.get("prefixItems") or [node["items"]]]
        assert all(one == inner[0] for one in inner)
        return {"type": "array", "items": inner[0], **bounds}
    if node["type"] != "object":
        return {"type": node["type"], **bounds}
    if "$ref" in node.get("properties", {}):
        return {node["properties"]["$ref"]["pattern"].split("/")[1]: _fields(node, resolve)}
    if "properties" in node:
        return _fields(node, resolve) if top else {node["named"]: "class"}
    pattern, values = node.get("propertyNames", {}).get("pattern"), node.get("additionalProperties", True)
    if "patternProperties" in node:
        ((pattern, values),) = node["patternProperties"].items()
    return {"type": "map", "keys": pattern, "values": values is True or plain(values, resolve, top=False)}


def _fields(node: dict[str, Any], resolve: Resolve) -> dict[str, Any]:
    closed = node.get("additionalProperties", node.get("unevaluatedProperties", True)) is False
    return {
        "needed": set(node.get("required", ())),
        "closed": closed,
        **{name: plain(one, resolve, top=False) for name, one in node["properties"].items()},
    }


def _merged(node: dict[str, Any], resolve: Resolve) -> dict[str, Any]:
    """References followed, `allOf` put together. What only relates fields is a rule, of which the fields are kept."""
    result: dict[str, Any] = {}
    for part, name in _parts(node, resolve):
        if name:
            result.setdefault("named", name)
        for key, value in part.items():
            if key == "properties":
                result["properties"] = value | result.get("properties", {})
            elif key == "required":
                result["required"] = [*value, *result.get("required", ())]
            elif key in ("anyOf", "oneOf"):
                if all(set(one) - REMARKS <= RULE for one in value):
                    for one in value:
                        result["properties"] = one.get("properties", {}) | result.get("properties", {})
                else:
                    result["choices"] = value
            else:
                assert key not in BOUNDS or result.get(key, value) == value
                result.setdefault(key, value)
    return result


def _parts(node: dict[str, Any], resolve: Resolve, name: str = "") -> Iterator[tuple[dict[str, Any], str]]:
    own = {key: value for key, value in node.items() if key not in ("allOf", "$ref")}
    pending = list(node.get("allOf", []))
    if "$ref" in node:
        target, name = resolve(node["$ref"])
        pending.insert(0, target)
    if own:
        yield own, name
    for one in pending:
        yield from _parts(one, resolve, name)


def differences(theirs: Any, ours: Any, path: str) -> Iterator[str]:
    """Where two plain forms differ, each place once."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in sorted({*theirs, *ours}):
            if key not in theirs or key not in ours:
                yield f"{path}.{key}"
            else:
                yield from differences(theirs[key], ours[key], f"{path}.{key}")
    elif theirs != ours:
        yield path
