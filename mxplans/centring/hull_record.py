"""A hull as plain JSON, for documents and files: the cells of the box around it as compressed bits."""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mxplans.centring.hull import Hull
from mxplans.errors import InvalidInput
from mxplans.model.acquisition import Vector

BITS_MOST = 64_000_000
"""A box of 400 cells in each direction; more is no sample."""

Edge = Annotated[int, Field(gt=0, le=4096)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    type: Literal["hull/1"] = "hull/1"
    origin_mm: Vector
    step_mm: float = Field(gt=0)
    shape: tuple[Edge, Edge, Edge]
    cells: str
    views: int = Field(ge=2)
    tolerance: int = Field(ge=0)


def hull_record(hull: Hull) -> dict[str, Any]:
    """Plain JSON.

    `cells` is Base64 of zlib of one bit per cell of a box of `shape` (x, y, z; z fastest), most significant first; the
    box's first cell is centred at `origin_mm` of the sample's frame.
    """
    first = hull.cells.min(axis=0)
    shape = hull.cells.max(axis=0) - first + 1
    inside = np.zeros(shape, dtype=bool)
    inside[tuple((hull.cells - first).T)] = True
    x, y, z = (float(value) for value in hull.origin_mm + first * hull.step_mm)
    record = _Record(
        origin_mm=(x, y, z),
        step_mm=hull.step_mm,
        shape=(int(shape[0]), int(shape[1]), int(shape[2])),
        cells=base64.b64encode(zlib.compress(np.packbits(inside).tobytes())).decode(),
        views=hull.views,
        tolerance=hull.tolerance,
    )
    return record.model_dump(mode="json")


def read_hull(content: Any) -> Hull:
    """The hull that a record holds; its cells come in the order x, y, z, z fastest.

    Raises:
        InvalidInput: If it is no such record, or one of more cells than a sample has.
    """
    try:
        record = _Record.model_validate(content)
    except ValidationError as wrong:
        raise InvalidInput(f"this is no hull: {wrong.errors()[0]['loc']}: {wrong.errors()[0]['msg']}") from wrong
    number = record.shape[0] * record.shape[1] * record.shape[2]
    if number > BITS_MOST:
        raise InvalidInput(f"a hull of {number} cells; allowed are {BITS_MOST}: carve it with a larger step")
    expected = (number + 7) // 8
    try:
        packed = zlib.decompressobj().decompress(base64.b64decode(record.cells, validate=True), expected + 1)
    except (binascii.Error, zlib.error) as wrong:
        raise InvalidInput(f"the cells of a hull are not compressed bits ({wrong}); carve it anew") from wrong
    if len(packed) != expected:
        raise InvalidInput(f"a hull of {number} cells has {len(packed)} bytes or more; allowed are {expected}")
    inside = np.unpackbits(np.frombuffer(packed, dtype=np.uint8), count=number).reshape(record.shape)
    cells = np.argwhere(inside).astype(np.int32)
    if not len(cells):
        raise InvalidInput("a hull has no cell; allowed is one or more: carve it anew")
    return Hull(cells, np.array(record.origin_mm), record.step_mm, record.views, record.tolerance)
