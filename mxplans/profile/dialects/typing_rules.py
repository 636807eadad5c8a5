"""What MXCuBE makes of a text in XML: the rules themselves, and where they surprise.

Every text of a leaf and of an attribute goes through `typed`. Lists and mappings stay text there, for the class that
reads them; `literal` tells what such a text says.
"""

from __future__ import annotations

import ast
import json
import math
import re
import warnings
from collections.abc import Iterable
from typing import Never

from mxplans.profile.dialects.config_object import Value

INT_DIGITS = 4300
"""Digits up to which Python reads an integer (its default, here whatever the interpreter was started with)."""
LITERAL_CHARACTERS = 100_000
LITERAL_DEPTH = 32
_TRUTHS = {"true", "false", "yes", "no"}
_NOTHINGS = {"none", "null", "nil", "~"}
_BASED = re.compile(r"[+-]?0[xXoObB][0-9a-fA-F_]+")
_LEADING_ZEROS = re.compile(r"[+-]?0[0_]*[0-9]")
_BRACKETS = "([{"
_SURROGATES = re.compile("[\ud800-\udfff]")


def typed(text: str) -> Value:
    """The value of a text of XML, tried in this order: None, int(), float(), True and False, else the text as it is.

    `None`, `True` and `False` only exactly so: nothing is stripped. `int()` and `float()` are Python's own, which
    take blanks around, underscores between and digits of other scripts. An integer of more than 4300 digits, leading
    zeros among them, is no `int` for Python: `float()` reads it, so that it becomes inf or, after zeros, what fits.

    >>> [typed(text) for text in ("None", "007", "1_000", "1e3", "True", " True ", "0x10", "")]
    [None, 7, 1000, 1000.0, True, ' True ', '0x10', '']
    """
    if text == "None":
        return None
    if len(text) <= INT_DIGITS or sum(map(str.isdecimal, text)) <= INT_DIGITS:
        try:
            return int(text)
        except ValueError:
            pass
    try:
        return float(text)
    except ValueError:
        pass
    return {"True": True, "False": False}.get(text, text)


def surprise(text: str) -> str | None:
    """Why the value of a text may not be what its author meant, as the end of a sentence; None if it is.

    >>> surprise("007")
    'is read as 7, without its leading zeros'
    >>> surprise(" True ")
    'is read as text, since blanks stand around it'
    >>> surprise("7") is None
    True
    """
    value = typed(text)
    if value is None or isinstance(value, bool):
        return None
    return _surprise_of_text(text) if isinstance(value, str) else _surprise_of_number(text, value)


def _surprise_of_text(text: str) -> str | None:
    bare = text.strip()
    if bare != text and bare in ("True", "False", "None"):
        return "is read as text, since blanks stand around it"
    if bare.lower() in _TRUTHS:
        return "is read as text: only True and False are truth values"
    if bare.lower() in _NOTHINGS:
        return "is read as text: only None stands for nothing"
    if _BASED.fullmatch(bare):
        return "is read as text: numbers are read in base ten only"
    return None


def _surprise_of_number(text: str, value: float) -> str | None:
    bare = text.strip()
    if isinstance(value, float) and not math.isfinite(value):
        if bare.lstrip("+-")[:1].isdecimal():
            return f"is read as {value!r}, since it is too large for a number"
        return f"is read as the number {value!r}, not as text"
    reasons = (
        (len(text) > INT_DIGITS and isinstance(value, float), f"since it has more than {INT_DIGITS} digits"),
        (not bare.isascii(), "from digits of another script"),
        ("_" in bare, "without its underscores"),
        (_LEADING_ZEROS.match(bare), "without its leading zeros"),
        (
            isinstance(value, float) and value.is_integer() and "." not in bare,
            "a number with decimals, for its exponent",
        ),
        (bare != text, "without the blanks around it"),
    )
    said = [reason for holds, reason in reasons if holds]
    return f"is read as {value!r}, {' and '.join(said)}" if said else None


def bracketed(text: str) -> bool:
    """Whether a text begins like a list, tuple or mapping. If `literal` makes nothing of it, its class must.

    >>> bracketed(" [1, 2]"), bracketed("(mm)"), bracketed("1, 2")
    (True, True, False)
    """
    return text.lstrip()[:1] in tuple(_BRACKETS)


def literal(text: str) -> Value | None:
    """What a text says that is a list, tuple, mapping or quoted text of JSON or Python; None if it is none of these.

    Tuples become lists. Nothing is evaluated. None as well for: more than 100 000 characters or 32 levels; a mapping
    whose keys are no text, or that has a key twice; sets, bytes, complex numbers and names.

    >>> literal("(4, 20)"), literal('{"x": true}'), literal("'a b'"), literal("(mm)")
    ([4, 20], {'x': True}, 'a b', None)
    """
    bare = text.strip()
    if not bare or bare[0] not in f"{_BRACKETS}'\"" or not _within_bounds(bare):
        return None
    for read in (_from_json, _from_python):
        try:
            value = read(bare)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        return None if _SURROGATES.search(_texts(value)) else value
    return None


def _texts(value: Value) -> str:
    """All texts within a value, one after the other."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "".join(_texts(each) for pair in value.items() for each in pair)
    return "".join(map(_texts, value)) if isinstance(value, list) else ""


def _within_bounds(text: str) -> bool:
    """Whether it is short, and flat even if each bracket within quotes counts."""
    depth = deepest = 0
    for sign in text if len(text) <= LITERAL_CHARACTERS else "":
        depth += (sign in _BRACKETS) - (sign in ")]}")
        deepest = max(deepest, depth)
    return len(text) <= LITERAL_CHARACTERS and deepest <= LITERAL_DEPTH


def _from_json(text: str) -> Value:
    return json.loads(text, object_pairs_hook=_mapping)


def _from_python(text: str) -> Value:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an escape Python does not know is text as it stands
        return _built(ast.parse(text, mode="eval").body)


def _built(node: ast.AST) -> Value:
    match node:
        case ast.Constant(value=None | bool() | int() | float() | str() as value):
            return value
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=ast.Constant(value=int() | float() as value)):
            if isinstance(value, bool):
                _refuse()
            return -value if isinstance(sign, ast.USub) else +value
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return [_built(element) for element in elements]
        case ast.Dict(keys=keys, values=values):
            return _mapping(
                (_built(key) if key else None, _built(value)) for key, value in zip(keys, values, strict=True)
            )
    _refuse()


def _mapping(pairs: Iterable[tuple[Value, Value]]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for key, value in pairs:
        if not isinstance(key, str) or key in found:
            _refuse()
        found[key] = value
    return found


def _refuse() -> Never:
    raise ValueError("no literal; allowed are lists, tuples, mappings with different keys of text, texts and numbers")
