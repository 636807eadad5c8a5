"""What all records have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """Frozen, and without a field that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")
