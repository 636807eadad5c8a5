"""The transforms that a table may name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mxplans.profile.mapping import sizes
from mxplans.profile.mapping import transforms as t

TRANSFORMS: Mapping[str, t.Transform] = {
    "apertures_from_definer_list_mm": sizes.of_definer_list,
    "apertures_from_definer_mm": sizes.of_definer,
    "apertures_from_diameters_um": sizes.of_diameters,
    "apertures_from_positions_um": sizes.of_positions,
    "apertures_from_values_um": sizes.of_aperture_values,
    "ev_from_kev": t.ev_from_kev,
    "exporter_address": t.exporter_address,
    "first": t.first,
    "frac_from_percent": t.frac_from_percent,
    "fraction": t.fraction,
    "http_url": t.http_url,
    "integer": t.integer,
    "last": t.last,
    "literal": t.literal,
    "mm_from_m": t.mm_from_m,
    "mm_from_um": t.mm_from_um,
    "negate": t.negate,
    "number": t.number,
    "positive": t.positive,
    "record": t.record,
    "s_from_ms": t.s_from_ms,
    "sign": t.sign,
    "span": t.span,
    "text": t.text,
    "um_from_mm": t.um_from_mm,
    "xray_ev": t.xray_ev,
}
"""By name; a conversion's name is what comes out, then what goes in."""

WITH_ARGUMENT: Mapping[str, Any] = {"without_suffix": t.without_suffix, "with_suffix": t.with_suffix}
"""Those that take a text: `{without_suffix: _RBV}`."""


def transform_of(step: str | Mapping[str, str]) -> t.Transform:
    """The function of a step.

    Raises:
        KeyError: If there is none of that name.
    """
    if isinstance(step, str):
        return TRANSFORMS[step]
    ((name, argument),) = step.items()
    made: t.Transform = WITH_ARGUMENT[name](argument)
    return made
