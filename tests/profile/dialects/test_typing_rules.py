"""Typing of texts as MXCuBE does it: row by row, and against a grammar of numbers that is written down here."""

from __future__ import annotations

import json
import math
import re
import sys
import unicodedata
import warnings
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxplans.profile.dialects.config_object import same_value
from mxplans.profile.dialects.typing_rules import INT_DIGITS, bracketed, literal, surprise, typed

_ROWS = [
    ("007", 7, "leading zeros"),
    (" 7 ", 7, "blanks"),
    ("\n    8000\n  ", 8000, "blanks"),
    ("1_000", 1000, "underscores"),
    ("1e3", 1000.0, "exponent"),
    ("nan", math.nan, "number nan"),
    ("inf", math.inf, "number inf"),
    ("Infinity", math.inf, "number inf"),
    ("-INF", -math.inf, "number -inf"),
    ("1e999", math.inf, "too large"),
    (" True ", " True ", "blanks"),
    ("None\n", "None\n", "blanks"),
    ("true", "true", "only True and False"),
    ("yes", "yes", "only True and False"),
    ("null", "null", "only None"),
    ("0x10", "0x10", "base ten"),
    ("0o7", "0o7", "base ten"),
    ("٣", 3, "another script"),
    ("00.5", 0.5, "leading zeros"),
    ("True", True, None),
    ("False", False, None),
    ("None", None, None),
    ("", "", None),
    (" ", " ", None),
    ("-1", -1, None),
    ("0", 0, None),
    ("0.50", 0.5, None),
    ("1e-05", 1e-05, None),
    ("1.5e3", 1500.0, None),
    ("(4, 20)", "(4, 20)", None),
    ('["a"]', '["a"]', None),
    ('{"x": 1}', '{"x": 1}', None),
    ("12:30", "12:30", None),
    ("1 000", "1 000", None),
    ("_1", "_1", None),
    ("1__0", "1__0", None),
    ("0,5", "0,5", None),
]


@pytest.mark.parametrize(("text", "value", "reason"), _ROWS)
def test_each_rule_has_its_value_and_says_where_it_surprises(text: str, value: Any, reason: str | None) -> None:
    assert same_value(typed(text), value)
    said = surprise(text)
    assert said is None if reason is None else (said is not None and reason in said)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("9" * INT_DIGITS, 10**INT_DIGITS - 1),
        ("9" * (INT_DIGITS + 1), math.inf),
        ("-" + "1" * 3_000_000, -math.inf),
        ("0" * INT_DIGITS + "5", 5.0),
        ("1_" * 2000 + "1", int("1" * 2001)),
    ],
    ids=["most digits", "one more", "millions", "zeros", "underscores do not count"],
)
def test_integers_of_any_length_are_read_at_once(text: str, value: Any) -> None:
    assert same_value(typed(text), value)
    if isinstance(value, float):
        assert "4300 digits" in str(surprise(text)) or "too large" in str(surprise(text))


def test_the_length_of_integers_does_not_depend_on_how_python_was_started() -> None:
    allowed = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        assert typed("9" * (INT_DIGITS + 1)) == math.inf
    finally:
        sys.set_int_max_str_digits(allowed)


_INT = re.compile(r"\s*([+-]?)(\d+(?:_\d+)*)\s*")
_FLOAT = re.compile(
    r"\s*([+-]?)(?:((?:\d+(?:_\d+)*)?)(?:\.((?:\d+(?:_\d+)*)?))?(?:[eE]([+-]?\d+(?:_\d+)*))?|(nan)|(inf(?:inity)?))\s*",
    re.IGNORECASE,
)


def _digits(text: str) -> str:
    return "".join(sign if sign in "+-" else str(unicodedata.decimal(sign)) for sign in text.replace("_", ""))


def _oracle(text: str) -> Any:
    """The rules again, with the grammar of Python's numbers as its manual states it, and no int() of the text."""
    if text in ("None", "True", "False"):
        return {"None": None, "True": True, "False": False}[text]
    whole = _INT.fullmatch(text)
    if whole:
        value = 0
        for digit in _digits(whole[2]):
            value = 10 * value + "0123456789".index(digit)
        return -value if whole[1] == "-" else value
    number = _FLOAT.fullmatch(text)
    if number is None:
        return text
    sign, before, behind, exponent, nan, infinity = number.groups()
    if nan or infinity:
        return math.nan if nan else math.copysign(math.inf, -1 if sign == "-" else 1)
    if not before and not behind:
        return text
    written = f"{sign}{_digits(before) or 0}.{_digits(behind or '')}e{_digits(exponent or '0')}"
    return float(Decimal(written))


_PIECES = st.sampled_from(
    [*"0123456789+-_.eE xX٣५０\t\n\u00a0\u2003", "inf", "NaN", "inity", "True", "None", "False", "1e5"]
)


@given(
    st.lists(_PIECES, max_size=8).map("".join) | st.floats().map(repr) | st.integers().map(str) | st.text(max_size=6)
)
def test_values_are_those_of_the_grammar(text: str) -> None:
    assert same_value(typed(text), _oracle(text)), (typed(text), _oracle(text))


@given(st.text(max_size=10) | st.lists(_PIECES, max_size=6).map("".join))
def test_a_conversion_that_does_not_write_back_as_it_was_is_a_surprise_or_a_matter_of_digits(text: str) -> None:
    value = typed(text)
    if isinstance(value, int) and not isinstance(value, bool) and str(value) != text:
        bare = text.lstrip("+-")
        assert surprise(text) or bare == "0" or text.startswith("+")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=10,
).filter(lambda value: isinstance(value, (list, dict)))


@given(_JSON, st.booleans())
def test_json_and_python_say_the_same(value: Any, ascii_only: bool) -> None:
    assert same_value(literal(json.dumps(value, ensure_ascii=ascii_only)), value)
    if "nan" not in repr(value) and "inf" not in repr(value):
        assert same_value(literal(repr(value)), value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("(4, 20)", [4, 20]),
        ("((1, 2), [3])", [[1, 2], [3]]),
        (' ["a"] ', ["a"]),
        ('{"IN": True, "OUT": false}', None),
        ("{'IN': True}", {"IN": True}),
        ("'quoted'", "quoted"),
        ("[-1, +2.5]", [-1, 2.5]),
        ("'\\d'", "\\d"),
        ("(not a literal)", None),
        ("{1: 2}", None),
        ("{'a': 1, 'a': 2}", None),
        ('{"a": 1, "a": 2}', None),
        ("{1, 2}", None),
        ("[1j]", None),
        ("b'x'", None),
        ("[-True]", None),
        ("[__import__('os')]", None),
        ("[open]", None),
        ('"\\ud800"', None),
        ("1, 2", None),
        ("plain", None),
        ("", None),
    ],
)
def test_literals_inside_of_text(text: str, value: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert same_value(literal(text), value)


@pytest.mark.parametrize(
    "inner", ["-" * 90_000 + "1", "1+" * 40_000 + "1", "x." * 40_000 + "y", "(" * 90_000, "[" * 33 + "]" * 33]
)
def test_a_hostile_literal_is_none_and_costs_nothing(inner: str) -> None:
    assert literal(f"[{inner}]") is None


def test_a_long_literal_stays_text() -> None:
    assert literal("[" + "1," * 60_000 + "]") is None
    assert len(literal("[" + "1," * 20_000 + "]") or ()) == 20_000


def test_bracketed_text_is_told_from_other_text() -> None:
    assert [bracketed(text) for text in ("(mm)", " [1", "{", "mm (old)", "", "'a'")] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]
