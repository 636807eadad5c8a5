"""What a configuration of MXCuBE gave for a profile, with what stays to be done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mxplans.profile.mapping.ledger import Entry, Fate
from mxplans.profile.places import Place


@dataclass(frozen=True)
class MappedValue:
    """A value of the profile.

    Attributes:
        key: Within its device's settings or the profile, as `axes.omega.motor` or `limits.detector_nx`.
        value: It.
        place: Where it was found; None if it is the table's own.
        origin: What it was made of, in words.
    """

    key: str
    value: Any
    place: Place | None
    origin: str

    @property
    def told(self) -> str:
        """Where it comes from, for a comment."""
        return self.origin if self.place is None else f"{self.place}: {self.origin}"


@dataclass(frozen=True)
class MappedDevice:
    """A device of the profile.

    Attributes:
        role: It plays.
        cls: Class path, `module:Class`.
        settings: In the order of the table.
        origin: Which object it was, in words.
        place: Of that; None if no object of MXCuBE is behind it.
    """

    role: str
    cls: str
    settings: tuple[MappedValue, ...]
    origin: str
    place: Place | None


@dataclass(frozen=True)
class Missing:
    """Something that a profile needs and the configuration does not say.

    Attributes:
        key: Within the profile, as `devices.viewer.settings.url`.
        what: To fill in.
    """

    key: str
    what: str


@dataclass(frozen=True)
class Check:
    """Something that somebody must look at before the profile is used at a beamline."""

    key: str
    what: str


@dataclass(frozen=True)
class Mapped:
    """The way of a configuration to a profile.

    Attributes:
        devices: In the order of the roles.
        sections: All other values.
        entries: What became of each object, property, channel, command and reference.
        missing: What is to be filled in.
        checks: What is to be looked at.
    """

    devices: tuple[MappedDevice, ...]
    sections: tuple[MappedValue, ...]
    entries: tuple[Entry, ...]
    missing: tuple[Missing, ...]
    checks: tuple[Check, ...]

    @property
    def todo(self) -> tuple[Entry, ...]:
        """What is to be done by hand."""
        return tuple(entry for entry in self.entries if entry.fate is Fate.TODO)

    @property
    def not_needed(self) -> tuple[Entry, ...]:
        """What the table says is not needed."""
        return tuple(entry for entry in self.entries if entry.fate is Fate.NOT_NEEDED)

    @property
    def counts(self) -> Mapping[Fate, int]:
        """How many pieces came to which end."""
        counted = Counter(entry.fate for entry in self.entries)
        return {fate: counted[fate] for fate in Fate}
