"""How numpy describes arrays, scalars and types in a pickle, understood without calling numpy's own functions for it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

_MOST_DIMENSIONS = 4
# Numbers of a fixed size: no objects, no records, no text.
_NUMBERS = frozenset(("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"))
_CLASSES = {
    "BoolDType": "b1",
    **{f"Int{8 * size}DType": f"i{size}" for size in (1, 2, 4, 8)},
    **{f"UInt{8 * size}DType": f"u{size}" for size in (1, 2, 4, 8)},
    **{f"Float{8 * size}DType": f"f{size}" for size in (2, 4, 8)},
}


class NotPlain(ValueError):
    """Bytes from outside that are not plain data, and why."""


class Name(Enum):
    """What a pickle may call or name."""

    NDARRAY = "ndarray"
    DTYPE = "dtype"
    RECONSTRUCT = "_reconstruct"
    SCALAR = "scalar"
    FROM_BUFFER = "_frombuffer"
    ENCODE = "encode"
    BYTES = "bytes"


@dataclass
class _Type:
    code: str
    order: str = "|"

    @property
    def numpy(self) -> np.dtype[Any]:
        return np.dtype(self.code if self.order in "|=" else f"{self.order}{self.code}")


@dataclass
class _Array:
    value: npt.NDArray[Any] | None = None


@dataclass(frozen=True)
class _TypeClass:
    code: str


_CORES = ("numpy.core", "numpy._core")
NAMES: dict[tuple[str, str], Name | _TypeClass] = {
    ("numpy", "ndarray"): Name.NDARRAY,
    ("numpy", "dtype"): Name.DTYPE,
    ("_codecs", "encode"): Name.ENCODE,
    ("__builtin__", "bytes"): Name.BYTES,
    **{(f"{core}.multiarray", "_reconstruct"): Name.RECONSTRUCT for core in _CORES},
    **{(f"{core}.multiarray", "scalar"): Name.SCALAR for core in _CORES},
    **{(f"{core}.numeric", "_frombuffer"): Name.FROM_BUFFER for core in _CORES},
    **{("numpy.dtypes", name): _TypeClass(code) for name, code in _CLASSES.items()},
}
"""The only names that are read, and what they stand for."""


def call(what: object, arguments: object) -> object:
    """What a call means; nothing is called.

    Raises:
        NotPlain: If it is not one of those by which numpy writes numbers and arrays.
    """
    match what, arguments:
        case Name.DTYPE, (str() as text, *_) if text.lstrip("<>=|") in _NUMBERS:
            code = text.lstrip("<>=|")
            return _Type(code, text[: len(text) - len(code)][:1] or "|")
        case _TypeClass() as named, ():
            return _Type(named.code)
        case Name.RECONSTRUCT, (Name.NDARRAY, (0,), b"b" | "b"):
            return _Array()
        case Name.FROM_BUFFER, (
            bytes() | bytearray() as content,
            _Type() as kind,
            tuple() as shape,
            "C" | "F" as order,
        ):
            return _Array(_filled(content, kind, shape, order))
        case Name.SCALAR, (_Type() as kind, bytes() as content):
            return _filled(content, kind, (), "C").item()
        case Name.ENCODE, (str() as text, "latin1" | "latin-1"):
            return text.encode("latin1")
        case Name.BYTES, ():  # how protocol 2 writes none
            return b""
        case _:
            told = what.value if isinstance(what, Name) else type(what).__name__
            raise NotPlain(f"a call of {told} in another way than numpy writes numbers and arrays")


def set_state(target: object, state: object) -> None:
    """Fill an array or a type that was begun.

    Raises:
        NotPlain: If it is anything else, or another state than numpy writes.
    """
    match target, state:
        case _Type(), (int(), "<" | ">" | "|" | "=" as order, None, None, None, -1, -1, 0):
            target.order = order
        case (
            _Array(),
            (int(), tuple() as shape, _Type() as kind, bool() as by_columns, bytes() | bytearray() as content),
        ):
            target.value = _filled(content, kind, shape, "F" if by_columns else "C")
        case _:
            raise NotPlain(f"a state for a {type(target).__name__.strip('_')} that numpy does not write")


def value_of(item: object) -> Any:
    """A plain value as it is, an array in the place of its description.

    Raises:
        NotPlain: If it is something that a pickle may name but not hold.
    """
    if isinstance(item, _Array):
        if item.value is None:
            raise NotPlain("an array that was begun and not filled")
        return item.value
    if item is None or isinstance(item, bool | int | float | str | bytes | bytearray):
        return item
    raise NotPlain(f"a {type(item).__name__.strip('_')} where data should be")


def _filled(content: bytes | bytearray, kind: _Type, shape: tuple[Any, ...], order: str) -> npt.NDArray[Any]:
    sizes = [size for size in shape if type(size) is int and 0 <= size < 2**31]
    if len(sizes) != len(shape) or len(shape) > _MOST_DIMENSIONS:
        raise NotPlain(f"an array of {len(shape)} dimensions; allowed are {_MOST_DIMENSIONS}, each a number from 0")
    wanted = math.prod(sizes) * kind.numpy.itemsize
    if wanted != len(content):
        raise NotPlain(f"an array that needs {wanted} bytes and has {len(content)}")
    return np.frombuffer(content, kind.numpy).reshape(sizes, order="F" if order == "F" else "C")
