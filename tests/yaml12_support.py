"""YAML as MXCuBE's own reader takes it, to compare with."""

from __future__ import annotations

import datetime
import warnings
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from mxplans.profile.yaml12 import InvalidYaml, plain, read_text

REFUSED = "refused"
_LEAKED = (YAMLError, ValueError, TypeError, LookupError, AttributeError, AssertionError, OverflowError)
"""What ruamel raises of texts that are no YAML."""


def reference(text: str) -> Any:
    """What ruamel's safe reader makes of a document, as `comparable`; REFUSED if it takes it not."""
    try:
        # It warns of things that it reads all the same, as anchors that are defined twice.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return comparable(YAML(typ="safe", pure=True).load(text))
    except _LEAKED:
        return REFUSED


def ours(text: str) -> Any:
    """The same of ours."""
    try:
        return comparable(plain(read_text(text, "a.yaml")))
    except InvalidYaml:
        return REFUSED


def comparable(value: Any) -> Any:
    """A value that is equal to another of the same type and content only, nan included."""
    if isinstance(value, dict):
        return "map", [(comparable(key), comparable(each)) for key, each in value.items()]
    if isinstance(value, list | tuple):
        return "list", [comparable(each) for each in value]
    if isinstance(value, datetime.datetime):
        return "datetime", value.isoformat()
    return type(value).__name__, repr(value)
