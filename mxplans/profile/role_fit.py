"""What a class lacks for its role, as far as the class itself shows it: a session says the rest, with the device made."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

_OF_THE_INSTANCE = {"name", "parent"}
"""What constructors set."""


def lacking(protocol: type | None, cls: type) -> tuple[list[str], list[str]]:
    """What a class has not.

    Args:
        protocol: Of its role; None wants nothing.
        cls: A device class.

    Returns:
        The methods that it lacks, and the attributes, which something may still set.

    >>> from mxplans.centring.detection import ClassicalDetector
    >>> from mxplans.roles import Aperture, SampleDetector
    >>> lacking(SampleDetector, ClassicalDetector), lacking(Aperture, ClassicalDetector)
    (([], []), (['describe', 'read', 'set'], ['beam_size']))
    """
    missing = sorted(name for name in set(_members(protocol)) - set(_annotated(cls)) if not hasattr(cls, name))
    methods = [name for name in missing if inspect.isfunction(getattr(protocol, name, None))]
    return methods, [name for name in missing if name not in {*methods, *_constructed(cls)}]


def _members(protocol: type | None) -> Iterator[str]:
    for each in () if protocol is None else protocol.__mro__:
        if getattr(each, "_is_protocol", False) and each.__module__ != "typing":
            names = {*vars(each), *inspect.get_annotations(each)}
            yield from (name for name in names if not name.startswith("_") and name not in _OF_THE_INSTANCE)


def _annotated(cls: type) -> Iterator[str]:
    """Names that are only annotated, as devices of ophyd-async declare their children."""
    for each in cls.__mro__:
        yield from inspect.get_annotations(each)


def _constructed(cls: type) -> Iterator[str]:
    """Names that constructors use, those that they set among them."""
    for each in cls.__mro__:
        yield from getattr(getattr(vars(each).get("__init__"), "__code__", None), "co_names", ())
