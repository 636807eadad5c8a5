"""Devices and other values of a profile out of objects, by the rows that are for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mxplans.profile.dialects.config_object import ConfigObject
from mxplans.profile.mapping.items import object_item
from mxplans.profile.mapping.ledger import Fate, Ledger
from mxplans.profile.mapping.mapped import Check, MappedDevice, MappedValue, Missing
from mxplans.profile.mapping.matching import class_of
from mxplans.profile.mapping.table import Device, Row, Source
from mxplans.profile.mapping.taking import Find, Taken, take
from mxplans.profile.places import Place


@dataclass
class _Making:
    """A device on its way."""

    device: Device
    origin: str
    place: Place | None
    settings: dict[str, MappedValue] = field(default_factory=dict)


@dataclass
class Workshop:
    """Where values come together.

    Attributes:
        ledger: What becomes of the pieces.
        find: The objects.
        sections: Values of the profile besides the devices, by key.
        missing: What could not be had, by key.
        checks: What is to be looked at.
    """

    ledger: Ledger
    find: Find
    sections: dict[str, MappedValue] = field(default_factory=dict)
    missing: dict[str, Missing] = field(default_factory=dict)
    checks: dict[Check, None] = field(default_factory=dict)
    _devices: dict[str, _Making] = field(default_factory=dict)

    def make_all(self, rows: Iterable[tuple[ConfigObject, Row]]) -> None:
        """Make what the rows say: devices first, then those that are usual with others, additions, and all else."""
        rows = list(rows)
        for config, row in rows:
            for device in row.devices:
                if not device.usual and not device.adds:
                    self._make(config, device)
        for config, row in rows:
            for device in row.devices:
                if device.usual and device.role not in self._devices:
                    self._make_usual(config, device)
        for config, row in rows:
            for device in row.devices:
                if device.adds:
                    self._add(config, device)
            self._fill(config, row)
        for config, row in rows:
            self._follow(config, row)

    def add_usual(self, devices: Mapping[str, Device]) -> None:
        """Devices for roles that no object plays."""
        for role, device in devices.items():
            if role not in self._devices:
                making = self._devices[role] = _Making(device, "of the table: no object plays the role", None)
                for key, source in device.settings.items():
                    making.settings[key] = MappedValue(key, source.value, None, "of the table")
                self._look_at(device.checks, f"devices.{role}")

    @property
    def devices(self) -> dict[str, MappedDevice]:
        """What was made, by role."""
        return {
            role: MappedDevice(role, making.device.cls, tuple(making.settings.values()), making.origin, making.place)
            for role, making in self._devices.items()
        }

    def value(self, key: str) -> object | None:
        """What stands at a key of the profile, `devices.role.settings.name` or a section's."""
        head, _, rest = key.partition(".settings.")
        making = self._devices.get(head.removeprefix("devices."))
        found = making.settings.get(rest) if making is not None and rest else self.sections.get(key)
        return None if found is None else found.value

    def _make(self, config: ConfigObject, device: Device) -> None:
        taken = self._taken(config, device)
        if taken is None:
            return
        other = self._devices.get(device.role)
        if other is not None and self._same(other, device, taken):
            self._keep_beside(config, device, taken)
        elif other is not None:
            why = (
                f"devices.{device.role} is made of {other.origin} already; a profile has one device for a role: "
                "choose, and change the profile by hand if this is the right one"
            )
            used = [item for each in taken.values() if each is not None for item in each.items]
            self.ledger.settle([object_item(config), *used], Fate.TODO, why)
        else:
            self._keep(config, device, taken)

    @staticmethod
    def _same(other: _Making, device: Device, taken: Mapping[str, Taken | None]) -> bool:
        """Whether a second object says of a device what the first one said."""
        values = {key: each.value for key, each in taken.items() if each is not None}
        return other.device.cls == device.cls and values == {key: each.value for key, each in other.settings.items()}

    def _keep_beside(self, config: ConfigObject, device: Device, taken: Mapping[str, Taken | None]) -> None:
        where = f"devices.{device.role}"
        self.ledger.settle([object_item(config)], Fate.MAPPED, where)
        for key, each in taken.items():
            self.ledger.settle(each.items if each is not None else (), Fate.MAPPED, f"{where}.settings.{key}")

    def _make_usual(self, config: ConfigObject, device: Device) -> None:
        taken = self._taken(config, device)
        if taken is not None:
            self._keep(config, device, taken)

    def _taken(self, config: ConfigObject, device: Device) -> dict[str, Taken | None] | None:
        """Settings of a device; None if one is not there without which there is none."""
        taken = {key: self._take(source, config) for key, source in device.settings.items()}
        for key in device.needs:
            needed = taken[key]
            if needed is None:
                return None
            if needed.refusal is not None:
                self.ledger.settle(needed.items, Fate.TODO, f"devices.{device.role}.settings.{key}: {needed.refusal}")
                return None
        return taken

    def _keep(self, config: ConfigObject, device: Device, taken: Mapping[str, Taken | None]) -> None:
        making = _Making(device, f"{config.name} ({class_of(config)})", config.place)
        self._devices[device.role] = making
        self.ledger.settle([object_item(config)], Fate.MAPPED, f"devices.{device.role}")
        self._set(making, taken)
        self._look_at(device.checks, f"devices.{device.role}")

    def _add(self, config: ConfigObject, device: Device) -> None:
        making = self._devices.get(device.role)
        if making is None or making.device.cls != device.cls:
            return
        new = {key: source for key, source in device.settings.items() if key not in making.settings}
        added = {key: self._take(source, config) for key, source in new.items()}
        self._set(making, {key: each for key, each in added.items() if each is not None}, new)
        if any(each is not None and each.refusal is None for each in added.values()):
            self.ledger.settle([object_item(config)], Fate.MAPPED, f"devices.{device.role}")
            self._look_at(device.checks, f"devices.{device.role}")

    def _set(
        self, making: _Making, taken: Mapping[str, Taken | None], sources: Mapping[str, Source] | None = None
    ) -> None:
        for key, each in taken.items():
            where = f"devices.{making.device.role}.settings.{key}"
            source = (sources or making.device.settings)[key]
            if source.with_ is not None and source.with_ not in making.settings:
                continue
            if each is None or each.refusal is not None:
                if not source.optional:
                    self.missing[where] = Missing(where, source.what or "a value")
                if each is not None:
                    self.ledger.settle(each.items, Fate.TODO, f"{where}: {each.refusal}")
                continue
            making.settings[key] = MappedValue(key, each.value, each.place, each.origin)
            self.missing.pop(where, None)
            self.ledger.settle(each.items, Fate.MAPPED, where)

    def _fill(self, config: ConfigObject, row: Row) -> None:
        for key, source in row.sections.items():
            taken = self._take(source, config)
            if taken is None:
                continue
            before = self.sections.get(key)
            if taken.refusal is not None:
                self.ledger.settle(taken.items, Fate.TODO, f"{key}: {taken.refusal}")
            elif before is not None and before.value != taken.value:
                if taken.place is not None:
                    why = f"{key} is {before.value!r} of {before.told}; here it would be {taken.value!r}: choose"
                    self.ledger.settle(taken.items, Fate.TODO, why)
            else:
                self.sections.setdefault(key, MappedValue(key, taken.value, taken.place, taken.origin))
                own = [object_item(config)] if taken.place is not None else []
                self.ledger.settle([*own, *taken.items], Fate.MAPPED, key)
                self._look_at((source.check,) if source.check else (), key)

    def _follow(self, config: ConfigObject, row: Row) -> None:
        for follows in row.follows:
            keys = [f"devices.{device.role}.settings.{follows.of}" for device in row.devices] + [follows.of]
            value = next((found for key in keys if (found := self.value(key)) is not None), None)
            taken = self._take(follows.source, config)
            if value is None or taken is None:
                continue
            expected = follows.as_.format(value)
            if taken.refusal is None and str(taken.value) == expected:
                self.ledger.settle(taken.items, Fate.MAPPED, f"follows from {follows.of}")
            else:
                why = f"is {taken.value!r}, while {expected!r} follows from {follows.of}: look which is right"
                self.ledger.settle(taken.items, Fate.TODO, taken.refusal or why)

    def _take(self, source: Source, config: ConfigObject) -> Taken | None:
        return take(source, config, self.find, self.ledger)

    def _look_at(self, checks: Iterable[str], key: str) -> None:
        for what in checks:
            self.checks.setdefault(Check(key, what))
