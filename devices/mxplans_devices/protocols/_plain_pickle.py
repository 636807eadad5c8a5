"""Reads pickles from outside as data: nothing in them is called, imported or given a state.

A pickle is a program for a small machine. That machine is walked here by hand, over the operations that plain data
needs; names are only compared with a list, and the calls and states by which numpy describes an array are understood
in `_pickled_arrays`. Whatever else a pickle asks for ends the reading. What is claimed costs nothing: no memory is
reserved for it, and contents that are named many times are there once.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from typing import Any

from mxplans_devices.protocols._pickled_arrays import NAMES, NotPlain, call, set_state, value_of

MOST_OPERATIONS = 200_000
DEEPEST = 12
_MARK = object()

_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_ARGUMENTS = frozenset(
    ("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "SHORT_BINUNICODE", "BINUNICODE")
    + ("SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8")
)
_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_KEPT = frozenset(("BINPUT", "LONG_BINPUT"))
_FETCHED = frozenset(("BINGET", "LONG_BINGET"))


def read_plain(content: bytes) -> Any:
    """What a pickle holds: None, bool, int, float, str, bytes, list, tuple, dict with texts as keys, arrays of numbers.

    >>> import pickle
    >>> read_plain(pickle.dumps({"present": 1, "click": (0.5, 0.25)}))
    {'present': 1, 'click': (0.5, 0.25)}

    Raises:
        NotPlain: If it is no pickle, holds anything else, or is longer or deeper than a reply can be.
    """
    try:
        return _finished(_Machine().run(content), DEEPEST, {})
    except NotPlain:
        raise
    except Exception as error:  # whatever the walk over broken bytes runs into
        raise NotPlain(f"not a readable pickle ({type(error).__name__})") from error


class _Machine:
    """A stack, the places where things are kept, and one method per group of operations."""

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._kept: dict[int, Any] = {}
        self._steps: dict[str, Callable[[], None]] = {
            "APPEND": self._append,
            "APPENDS": self._append_many,
            "SETITEM": self._set_item,
            "SETITEMS": self._set_items,
            "TUPLE": lambda: self._push(tuple(self._since_mark())),
            "STACK_GLOBAL": lambda: self._push_name(*self._pop_many(2)),
            "REDUCE": lambda: self._push(call(*self._pop_many(2))),
            "BUILD": self._build,
            "MEMOIZE": lambda: self._keep(len(self._kept)),
            "MARK": lambda: self._push(_MARK),
            "EMPTY_LIST": lambda: self._push([]),
            "EMPTY_DICT": lambda: self._push({}),
        }

    def run(self, content: bytes) -> Any:
        """Walk over the operations to the end; returns what is on the stack then."""
        for count, (operation, argument, _) in enumerate(pickletools.genops(content)):
            if count > MOST_OPERATIONS:
                raise NotPlain(f"a pickle of more than {MOST_OPERATIONS} operations")
            self._step(operation.name, argument)
        if len(self._stack) != 1:
            raise NotPlain(f"a pickle that ends with {len(self._stack)} things instead of one")
        return self._stack[0]

    def _step(self, name: str, argument: Any) -> None:
        if name in _ARGUMENTS:
            self._push(argument)
        elif name in _CONSTANTS:
            self._push(_CONSTANTS[name])
        elif name in self._steps:
            self._steps[name]()
        elif name in _TUPLES:
            self._push(tuple(self._pop_many(_TUPLES[name])))
        elif name in _FETCHED:
            self._push(self._kept[argument])
        elif name in _KEPT:
            self._keep(argument)
        elif name == "GLOBAL":
            self._push_name(*argument.split(" ", 1))
        elif name not in ("PROTO", "FRAME", "STOP"):
            raise NotPlain(f"the operation {name}, which plain data does not need")

    def _push(self, value: Any) -> None:
        self._stack.append(value)

    def _push_name(self, module: object, name: object) -> None:
        found = NAMES.get((module, name)) if isinstance(module, str) and isinstance(name, str) else None
        if found is None:
            raise NotPlain(f"the name {str(module)[:60]}.{str(name)[:60]}, which is neither a number's nor an array's")
        self._push(found)

    def _pop_many(self, number: int) -> list[Any]:
        """The topmost values, the lowest first."""
        if len(self._stack) < number:
            raise NotPlain("a pickle that takes from an empty stack")
        taken = self._stack[len(self._stack) - number :]
        if any(value is _MARK for value in taken):
            raise NotPlain("a pickle that takes a mark for a value")
        del self._stack[len(self._stack) - number :]
        return taken

    def _since_mark(self) -> list[Any]:
        at = len(self._stack) - 1
        while at >= 0 and self._stack[at] is not _MARK:
            at -= 1
        if at < 0:
            raise NotPlain("a pickle without the mark that it speaks of")
        taken = self._stack[at + 1 :]
        del self._stack[at:]
        return taken

    def _top(self, kind: type) -> Any:
        if not self._stack or type(self._stack[-1]) is not kind:
            raise NotPlain(f"a pickle that adds to something that is no {kind.__name__}")
        return self._stack[-1]

    def _append(self) -> None:
        (value,) = self._pop_many(1)
        self._top(list).append(value)

    def _append_many(self) -> None:
        values = self._since_mark()
        self._top(list).extend(values)

    def _set_item(self) -> None:
        self._fill(self._pop_many(2))

    def _set_items(self) -> None:
        self._fill(self._since_mark())

    def _fill(self, values: list[Any]) -> None:
        target = self._top(dict)
        for key, value in zip(values[::2], values[1::2], strict=True):
            if not isinstance(key, str):  # texts are hashed with a secret: nobody can make them collide
                raise NotPlain(f"a dict with a {type(key).__name__} as key; allowed are texts")
            target[key] = value

    def _build(self) -> None:
        target, state = self._pop_many(2)
        set_state(target, state)
        self._push(target)

    def _keep(self, place: int) -> None:
        if not self._stack or self._stack[-1] is _MARK:
            raise NotPlain("a pickle that keeps what is not there")
        self._kept[place] = self._stack[-1]


def _finished(value: Any, depth: int, known: dict[int, Any]) -> Any:
    """The value with arrays in the place of their descriptions; what is named many times is finished once."""
    if not isinstance(value, list | tuple | dict):
        return value_of(value)
    if id(value) in known:
        if known[id(value)] is None:
            raise NotPlain("a container that holds itself")
        return known[id(value)]
    if not depth:
        raise NotPlain(f"containers in containers, more than {DEEPEST} deep")
    known[id(value)] = None
    if isinstance(value, dict):
        known[id(value)] = {key: _finished(item, depth - 1, known) for key, item in value.items()}
    else:
        known[id(value)] = type(value)(_finished(item, depth - 1, known) for item in value)
    return known[id(value)]
