"""YAML for profiles: PyYAML's safe loader with YAML 1.2's booleans and without duplicate keys."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from mxplans.errors import InvalidProfile


class _Loader(yaml.SafeLoader):
    """Only true and false are booleans, so that `On`, `Out` or `no` stay the words they are."""

    yaml_implicit_resolvers = {  # noqa: RUF012 (PyYAML declares it so)
        first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:bool"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} stands twice in one mapping", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a mapping from a YAML file.

    Raises:
        InvalidProfile: If the file is missing, is no YAML, has a key twice, or holds something else.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except OSError as error:
        raise InvalidProfile(
            f"profile {path} cannot be read: {error.strerror}; give the path of a YAML file"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidProfile(f"profile {path} is not YAML: {error}; correct the file") from error
    if not isinstance(content, dict):
        raise InvalidProfile(f"profile {path} holds a {type(content).__name__}; allowed is a mapping of sections")
    return content
