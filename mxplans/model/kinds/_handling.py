"""Samples brought, centred with light, and taken away: no sweeps."""

from __future__ import annotations

from typing import Unpack

from mxplans.model.extensions import Kind
from mxplans.model.item import QueueItem
from mxplans.model.kinds._item import Asked, build


def load(**asked: Unpack[Asked]) -> QueueItem:
    """Bring a sample onto the goniometer.

    Args:
        asked: See `Asked`; `location` is required.

    Raises:
        InvalidInput: If the location is missing, or a value out of bounds.

    >>> load(sample_name="lyso", location=(2, 5)).location
    SampleLocation(puck=2, pin=5)
    """
    return build(Kind.LOAD, asked)


def optical_centring(**asked: Unpack[Asked]) -> QueueItem:
    """Bring a loop into the beam with the on-axis view.

    Args:
        asked: See `Asked`.

    Raises:
        InvalidInput: If a value is missing or out of bounds.

    >>> optical_centring(sample_name="lyso", snapshot_count=2).experiment.snapshot_count
    2
    """
    return build(Kind.OPTICAL_CENTRING, asked)


def unload(**asked: Unpack[Asked]) -> QueueItem:
    """Take away the sample that hangs on the goniometer.

    Args:
        asked: See `Asked`.

    Raises:
        InvalidInput: If a value is missing or out of bounds.

    >>> unload(sample_name="lyso").kind.value
    'unload'
    """
    return build(Kind.UNLOAD, asked)
