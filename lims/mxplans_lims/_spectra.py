"""What a characterisation, an energy scan or a fluorescence spectrum has come to, from their events.

A number that nobody knows is 0 there, a text or a list empty. Keys that records have no field for are left out.
"""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel

from mxplans_lims._runs import Event, utc
from mxplans_lims.records import EnergyScanRecord, FluorescenceRecord, StrategyRecord, StrategyWedge

R = TypeVar("R", bound=BaseModel)
_WEDGE = "strategy_wedge_"
_ALWAYS = ("omega_start_deg", "omega_end_deg", "image_width_deg", "number_images", "exposure_s")
"""What each wedge has; 0 is a number there."""


def strategy(event: Event) -> StrategyRecord:
    """Of one characterisation."""
    columns = {
        key: event.data[_WEDGE + key] for key in StrategyWedge.model_fields if len(event.data.get(_WEDGE + key, ()))
    }
    wedges = tuple(
        StrategyWedge(**{key: values[place] for key, values in columns.items() if values[place] or key in _ALWAYS})
        for place in range(len(columns.get("number_images", ())))
    )
    indexed = bool(event.data.get("strategy_indexed"))
    return _read(StrategyRecord, event, "strategy_", time=utc(event.time), indexed=indexed, wedges=wedges)


def energy_scan(event: Event) -> EnergyScanRecord:
    """Of one energy scan; its event is its end."""
    start = event.data.get("energy_scan_start_s") or event.time
    return _read(EnergyScanRecord, event, "energy_scan_", start=utc(start), end=utc(event.time))


def fluorescence(event: Event) -> FluorescenceRecord:
    """Of one spectrum; its event is its end."""
    start = event.data.get("xrf_start_s") or event.time
    return _read(FluorescenceRecord, event, "xrf_", start=utc(start), end=utc(event.time))


def _read(cls: type[R], event: Event, prefix: str, **known: Any) -> R:
    """The fields of a record that the event has under their names with a prefix, and those that are known otherwise.

    What nobody knows is left to the defaults; where there is none, it is as it was told.
    """
    said = {name: event.data[prefix + name] for name in cls.model_fields if prefix + name in event.data}
    kept = {name: value for name, value in said.items() if cls.model_fields[name].is_required() or _says(value)}
    return cls.model_validate({**kept, **known})


def _says(value: Any) -> bool:
    return len(value) > 0 if isinstance(value, str | list | tuple) else value != 0
