"""What all parts of the world file share."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, ConfigDict

STRICT = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _ascending(limits: tuple[float, float]) -> tuple[float, float]:
    low, high = limits
    if not low < high:
        raise ValueError(f"limits are {low:g} to {high:g}; give the lower one first, and a higher one")
    return limits


Limits = Annotated[tuple[float, float], AfterValidator(_ascending)]
"""Lowest and highest value."""


class SettingsError(ValueError):
    """A world file or a shipment that cannot be used."""
