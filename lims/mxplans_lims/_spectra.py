"""What a characterisation, an energy scan or a fluorescence spectrum has come to, from their events.

A number that nobody knows is 0 there, a text or a list empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mxplans_lims._runs import Event, utc
from mxplans_lims.records import EnergyScanRecord, FluorescenceRecord, StrategyRecord, StrategyWedge

_WEDGE = "strategy_wedge_"
_ALWAYS = ("omega_start_deg", "omega_end_deg", "image_width_deg", "number_images", "exposure_s")
"""What each wedge has; 0 is a number there."""


def strategy(event: Event) -> StrategyRecord:
    """Of one characterisation."""
    told = _known(event.data, "strategy_")
    columns = {key.removeprefix(_WEDGE): values for key, values in event.data.items() if key.startswith(_WEDGE)}
    count = len(columns.get("number_images", ()))
    wedges = tuple(
        StrategyWedge(**{key: values[n] for key, values in columns.items() if values[n] or key in _ALWAYS})
        for n in range(count)
    )
    fields = {key: value for key, value in told.items() if not key.startswith("wedge_")}
    return StrategyRecord.model_validate(
        {"program": "", **fields, "indexed": bool(told.get("indexed")), "time": utc(event.time), "wedges": wedges}
    )


def energy_scan(event: Event) -> EnergyScanRecord:
    """Of one energy scan; its event is its end."""
    told = _known(event.data, "energy_scan_")
    return EnergyScanRecord.model_validate(
        {**told, "start": utc(told.pop("start_s", event.time)), "end": utc(event.time)}
    )


def fluorescence(event: Event) -> FluorescenceRecord:
    """Of one spectrum; its event is its end."""
    told = _known(event.data, "xrf_")
    return FluorescenceRecord.model_validate(
        {**told, "start": utc(told.pop("start_s", event.time)), "end": utc(event.time)}
    )


def _known(data: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Values without the prefix of their keys, and without those that nobody knows."""
    return {key.removeprefix(prefix): value for key, value in data.items() if key.startswith(prefix) and _says(value)}


def _says(value: Any) -> bool:
    return len(value) > 0 if isinstance(value, str | list | tuple) else value != 0
