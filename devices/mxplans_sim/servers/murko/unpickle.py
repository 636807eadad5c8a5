"""Reads pickled requests without running what is in them.

A pickle is a program. Here it may build plain containers and scalars, and numpy arrays; of these it only ever gets
descriptions made here, from which `load` makes arrays itself after checking type and size. The opcodes are counted
and checked before the interpreter sees them, because some make it reserve memory for sizes that are only claimed.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

AnyArray = npt.NDArray[Any]

_MOST_OPCODES = 100_000
_OPCODES = frozenset(
    (
        *("PROTO", "FRAME", "STOP", "MARK"),
        *("NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"),
        *("SHORT_BINUNICODE", "BINUNICODE", "SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8"),
        *("EMPTY_LIST", "APPEND", "APPENDS", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"),
        *("EMPTY_DICT", "SETITEM", "SETITEMS"),
        *("GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD"),
        *("MEMOIZE", "BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET"),
    )
)
# Fixed-size numbers; no objects, no records, no text.
_TYPES = frozenset(("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"))


class Refused(ValueError):
    """A request that is not read, and why."""


class NotAPickle(Refused):
    """A request that is no pickle at all, or a broken one."""


class _Sealed:
    """What a pickle may hold and hand on, but not change."""

    __slots__ = ()

    def __setstate__(self, state: object) -> None:
        raise Refused(f"a pickle sets the state of {type(self).__name__}; only that of arrays can be set")


class _Name(_Sealed):
    """A class that is only named."""

    __slots__ = ()


class _Maker(_Sealed):
    """A function that a pickle may call."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[..., object]) -> None:
        self._make = make

    def __call__(self, *arguments: object) -> object:
        return self._make(*arguments)


class _Type(_Sealed):
    """A data type: first the name, then the byte order."""

    __slots__ = ("_name", "_order")

    def __init__(self, name: str) -> None:
        self._name = name
        self._order: Literal["<", ">", "|", "="] = "|"

    def __setstate__(self, state: object) -> None:
        match state:
            case (int(), "<" | ">" | "|" | "=" as order, None, None, None, -1, -1, 0):
                self._order = order
            case _:
                raise Refused(f"the type {self._name} has a state that plain numbers do not have")

    @property
    def numpy(self) -> np.dtype[Any]:
        return np.dtype(self._name).newbyteorder(self._order)


class _Array(_Sealed):
    """An array that is filled by its state."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: AnyArray | None = None

    def __setstate__(self, state: object) -> None:
        match state:
            case (int(), tuple() as shape, _Type() as kind, bool() as by_columns, bytes() | bytearray() as content):
                self.value = _filled(content, kind, shape, "F" if by_columns else "C")
            case _:
                raise Refused("the state of an array is not (version, shape, type, order, bytes)")


def load(content: bytes) -> Any:
    """What a pickle holds: None, bool, int, float, str, bytes, list, tuple, dict, numpy arrays of numbers.

    Arrays are found where a request may have them: at the top, in a list, as values of a dict, or in a list of those.

    Raises:
        NotAPickle: If it is none.
        Refused: If it holds anything else.
    """
    _check_opcodes(content)
    try:
        return _plain(_Unpickler(io.BytesIO(content)).load(), 3, {})
    except Refused:
        raise
    except Exception as error:  # whatever a malformed program runs into
        raise NotAPickle(f"not a readable pickle: {type(error).__name__}: {error}") from error


def _check_opcodes(content: bytes) -> None:
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(content)):
            if opcode.name not in _OPCODES:
                raise Refused(f"the pickle uses {opcode.name}, which plain data does not need")
            if count > _MOST_OPCODES:
                raise Refused(f"the pickle has more than {_MOST_OPCODES} operations; send images as one array")
            # The interpreter makes room for all places up to the one that is named.
            if opcode.name == "LONG_BINPUT" and isinstance(argument, int) and argument > count:
                raise Refused(f"the pickle names place {argument} after {count} operations")
    except Refused:
        raise
    except Exception as error:
        raise NotAPickle(f"not a pickle: {type(error).__name__}: {error}") from error


class _Unpickler(pickle.Unpickler):
    """Knows the names that arrays need, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        maker = _NAMES.get((module, name))
        if maker is None:
            raise Refused(f"the pickle names {module}.{name}; allowed are plain containers and numpy arrays")
        return maker()


def _dtype(*arguments: object) -> _Type:
    match arguments:
        case (str() as name, *_) if name.lstrip("<>=|") in _TYPES:
            return _Type(name.lstrip("<>=|"))
        case _:
            raise Refused(f"an array of {arguments[:1]}; allowed are numbers: {', '.join(sorted(_TYPES))}")


def _reconstruct(*arguments: object) -> _Array:
    match arguments:
        case (_Name(), (0,), b"b" | "b"):
            return _Array()
        case _:
            raise Refused("an array is begun in another way than numpy does")


def _from_buffer(*arguments: object) -> AnyArray:
    match arguments:
        case (bytes() | bytearray() as content, _Type() as kind, tuple() as shape, "C" | "F" as order):
            return _filled(content, kind, shape, order)
        case _:
            raise Refused("an array is made of something else than (bytes, type, shape, order)")


def _scalar(*arguments: object) -> object:
    match arguments:
        case (_Type() as kind, bytes() as content):
            return _filled(content, kind, (), "C").item()
        case _:
            raise Refused("a scalar is made of something else than (type, bytes)")


def _encode(*arguments: object) -> bytes:
    match arguments:
        case (str() as text, "latin1"):
            return text.encode("latin1")
        case _:
            raise Refused("a text is encoded in another way than as latin1")


def _no_bytes(*arguments: object) -> bytes:
    """Old pickles call for empty bytes."""
    if arguments:
        raise Refused("bytes that are made by a call")
    return b""


def _filled(content: bytes | bytearray, kind: _Type, shape: tuple[object, ...], order: str) -> AnyArray:
    sizes = [size for size in shape if isinstance(size, int) and not isinstance(size, bool) and size >= 0]
    wanted = kind.numpy.itemsize
    for size in sizes:
        wanted *= size  # Python's own integers: no overflow
    if len(sizes) != len(shape) or len(shape) > 8 or wanted != len(content):
        raise Refused(f"an array of shape {shape} in {len(content)} bytes; it needs {wanted}")
    return np.frombuffer(content, kind.numpy).reshape(tuple(sizes), order="F" if order == "F" else "C")


def _plain(value: Any, depth: int, known: dict[int, Any]) -> Any:
    """Put the arrays in the place of what describes them; what is named many times is looked at once."""
    if isinstance(value, _Array):
        if value.value is None:
            raise Refused("an array without content")
        return value.value
    if isinstance(value, _Sealed):
        raise Refused(f"a {type(value).__name__.strip('_').lower()} instead of data")
    if not depth or not isinstance(value, list | tuple | dict):
        return value
    if id(value) not in known:
        known[id(value)] = None  # of a container that holds itself
        if isinstance(value, dict):
            known[id(value)] = {key: _plain(item, depth - 1, known) for key, item in value.items()}
        else:
            known[id(value)] = [_plain(item, depth - 1, known) for item in value]
    return known[id(value)]


_CORES = ("numpy.core", "numpy._core")
_NAMES: dict[tuple[str, str], Callable[[], object]] = {
    ("numpy", "ndarray"): _Name,
    ("numpy", "dtype"): lambda: _Maker(_dtype),
    ("_codecs", "encode"): lambda: _Maker(_encode),
    ("__builtin__", "bytes"): lambda: _Maker(_no_bytes),
    **{(f"{core}.multiarray", "_reconstruct"): (lambda: _Maker(_reconstruct)) for core in _CORES},
    **{(f"{core}.multiarray", "scalar"): (lambda: _Maker(_scalar)) for core in _CORES},
    **{(f"{core}.numeric", "_frombuffer"): (lambda: _Maker(_from_buffer)) for core in _CORES},
}
