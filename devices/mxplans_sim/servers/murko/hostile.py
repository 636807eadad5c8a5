"""Replies of somebody who means harm: pickles that run something, or claim more than there is.

What would be run is harmless, in case a client does run it: the point is that it could have been anything.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import cache

_BEGIN = b"\x80\x04"
_ARRAY = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R"

_PROGRAMS: Mapping[str, bytes] = {
    "system": _BEGIN + b"cposix\nsystem\n\x8c\x04true\x85R.",
    "eval": _BEGIN + b"cbuiltins\neval\n\x8c\x031+1\x85R.",
    "getattr": _BEGIN + b"cbuiltins\ngetattr\n\x8c\x00\x8c\x04join\x86R.",
    # An array of objects: its content is made by whatever the pickle says.
    "objects": _BEGIN + _ARRAY + b"(K\x01K\x01\x85cnumpy\ndtype\n\x8c\x02O8\x89\x88\x87R\x89]cposix\ngetpid\n)Ratb.",
    # Changes a class of the client's for good.
    "state": _BEGIN + b"cnumpy\nndarray\n}\x8c\x05shapeK\x00sb.",
    # Four thousand million elements in one byte, and a place in the memory that a reader would make room for.
    "size": _BEGIN + _ARRAY + b"(K\x01J\xff\xff\xff\x7f\x85cnumpy\ndtype\n\x8c\x02u1\x89\x88\x87R\x89C\x01xtb.",
    "memory": _BEGIN + b"Nr\xff\xff\xff\x7f.",
    # Sixty lists, each of which holds the one before ten times.
    "bomb": _BEGIN + b"]\x94" + b"".join(b"](" + b"h%c" % k * 10 + b"e\x94" for k in range(60)) + b".",
    "deep": _BEGIN + b"]" * 50_000 + b"a" * 49_999 + b".",
    "operations": _BEGIN + b"](" + b"N" * 500_000 + b"e.",
    "garbage": b"<html>502 Bad Gateway</html>",
}
TRICKS = (*_PROGRAMS, "huge")
_HUGE_BYTES = 80 * 2**20


@cache
def hostile(trick: str) -> bytes:
    """A reply, by the name of its trick; `huge` is honest data, and more of it than anybody can have asked for."""
    if trick == "huge":
        return _BEGIN + b"B" + struct.pack("<I", _HUGE_BYTES) + bytes(_HUGE_BYTES) + b"."
    return _PROGRAMS[trick]
