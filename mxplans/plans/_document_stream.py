"""A stream of documents and its keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mxplans.plans._document_keys import Key, unit_of


@dataclass(frozen=True)
class Stream:
    """A stream of a run.

    Attributes:
        name: Fixed.
        roles: Of the runs that may have it.
        meaning: What an event of it says.
        keys: Of its events.
        further: Numbers besides whose keys begin like this, with the unit at their end; None if there are none.
        configuration: Keys of devices' configurations that readers rely on, by device; others may stand there too.
    """

    name: str
    roles: tuple[str, ...]
    meaning: str
    keys: tuple[Key, ...]
    further: str | None = None
    configuration: Mapping[str, tuple[Key, ...]] = field(default_factory=dict)

    def key(self, name: str) -> Key | None:
        """What is known of a key; None for one that has no place here."""
        for key in self.keys:
            if key.name == name:
                return key
        if self.further is not None and name.startswith(self.further):
            return Key(name, "number", "", unit_of(name), required=False)
        return None

    @property
    def required(self) -> frozenset[str]:
        """Keys that every event has."""
        return frozenset(key.name for key in self.keys if key.required)
