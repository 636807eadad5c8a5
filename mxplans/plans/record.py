"""A result as an event: values with names and units that no device holds."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from bluesky.utils import Msg, MsgGenerator

from mxplans.plans._document_keys import unit_of
from mxplans.plans.pausing import ScanInterrupted

Value = str | float | int | list[Any] | np.ndarray[Any, Any]


class Record:
    """Something that `bps.read` can read: fixed values under fixed keys.

    Args:
        values: Values by key; a key's unit is its suffix.
        source: Where they come from, for the descriptor.

    >>> Record({"xrc_x_mm": 0.25}, "xray centring").describe()["xrc_x_mm"]["units"]
    'mm'
    """

    def __init__(self, values: Mapping[str, Value], source: str) -> None:
        self.name = source.replace(" ", "_")
        self.parent = None
        self._values = {key: _plain(value) for key, value in values.items()}
        self._source = source
        self._time_s = time.time()

    def __eq__(self, other: object) -> bool:
        """Alike in source and keys: the RunEngine wants the same objects in every event of a stream."""
        return isinstance(other, Record) and (self.name, set(self._values)) == (other.name, set(other._values))

    def __hash__(self) -> int:
        """Of source and keys."""
        return hash((self.name, frozenset(self._values)))

    def read(self) -> dict[str, Any]:
        """The values, stamped when the record was made."""
        return {key: {"value": value, "timestamp": self._time_s} for key, value in self._values.items()}

    def describe(self) -> dict[str, Any]:
        """Type, shape and unit of each value."""
        return {key: self._data_key(key, value) for key, value in self._values.items()}

    def _data_key(self, key: str, value: Value) -> dict[str, Any]:
        described: dict[str, Any] = {"source": self._source, "dtype": _dtype(value), "shape": list(np.shape(value))}
        unit = unit_of(key)
        if unit:
            described["units"] = unit
        return described


def _plain(value: Value) -> Value:
    plain: Value = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
    return plain


def _dtype(value: Value) -> str:
    if isinstance(value, str):
        return "string"
    if isinstance(value, list):
        return "array"
    return "integer" if isinstance(value, int) else "number"


def record(
    stream: str,
    values: Mapping[str, Value],
    *readables: Any,
    follows: Callable[[Mapping[str, Any]], Mapping[str, Value]] | None = None,
) -> MsgGenerator[dict[str, Any]]:
    """Emit one event into a stream of the open run.

    Args:
        stream: Name of the stream; `document_streams` says which keys it has.
        values: What to record.
        readables: Devices to read into the same event.
        follows: Tells what else to record, from what the devices said.

    Returns:
        What the devices said, by key.

    Raises:
        ScanInterrupted: After a pause, where pauses are noticed; the event is dropped then, so that it can be begun again.
    """
    said: dict[str, Any] = {}
    try:
        yield Msg("create", name=stream)
        if values:
            yield Msg("read", Record(values, stream))
        for readable in readables:
            reading = yield Msg("read", readable)
            said |= {key: each["value"] for key, each in (reading or {}).items()}
        if follows is not None and (more := follows(said)):
            yield Msg("read", Record(more, stream))
    except ScanInterrupted:
        yield Msg("drop")
        raise
    yield Msg("save")
    return said
