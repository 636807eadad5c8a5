"""Values on the wire."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxplans_sim.servers.exporter.values import Refused, Value, decode, encode


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (-0.0, "0.0"),
        (1 / 3, "0.333333"),
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
        ("Ready", "Ready"),
        ("a\x02b\x03c\x1fd", "a b c d"),
        (["Omega=Ready", "Phi=Moving"], "\x1fOmega=Ready\x1fPhi=Moving\x1f"),
        ([], "\x1f"),
    ],
)
def test_values_become_text(value: Value, text: str) -> None:
    assert encode(value) == text


@given(st.floats(-1e6, 1e6))
def test_numbers_come_back_to_a_millionth(number: float) -> None:
    assert decode(encode(number), "double", "x") == pytest.approx(number, abs=5e-7)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("yes", "boolean"),
        ("1.5", "int"),
        ("9" * 400, "int"),
        ("2147483648", "int"),
        ("nan", "double"),
        ("1e999", "double"),
    ],
)
def test_what_is_no_value_is_refused_and_named(text: str, kind: str) -> None:
    with pytest.raises(Refused, match="ScanRange: '"):
        decode(text, kind, "ScanRange")
