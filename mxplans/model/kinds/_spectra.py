"""Fluorescence instead of diffraction: no sweeps."""

from __future__ import annotations

from typing import Unpack

from mxplans.model.extensions import Edge, Kind
from mxplans.model.item import QueueItem
from mxplans.model.kinds._item import Asked, build


def energy_scan(*, element: str, edge: Edge, **asked: Unpack[Asked]) -> QueueItem:
    """Fluorescence over an absorption edge, which gives peak and inflection for MAD.

    Args:
        element: Symbol of a chemical element.
        edge: K, L1, L2 or L3.
        asked: See `Asked`.

    Raises:
        InvalidInput: If a value is missing or out of bounds.

    >>> energy_scan(element="Se", edge="K", sample_name="semet").extension.element
    'Se'
    """
    return build(Kind.ENERGY_SCAN, asked, said={"element": element, "edge": edge})


def xrf_spectrum(*, count_time_s: float = 1.0, **asked: Unpack[Asked]) -> QueueItem:
    """A fluorescence spectrum at the present energy, which tells the elements in a crystal.

    Args:
        count_time_s: More than 0 to 3600 s.
        asked: See `Asked`.

    Raises:
        InvalidInput: If a value is missing or out of bounds.

    >>> xrf_spectrum(count_time_s=3, sample_name="lyso").extension.count_time_s
    3.0
    """
    return build(Kind.XRF_SPECTRUM, asked, said={"count_time_s": count_time_s})
