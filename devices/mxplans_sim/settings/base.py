"""What all parts of the world file share."""

from __future__ import annotations

from pydantic import ConfigDict

STRICT = ConfigDict(frozen=True, extra="forbid")


class SettingsError(ValueError):
    """A world file or a shipment that cannot be used."""
