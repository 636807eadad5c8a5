"""Scalars are read as YAML 1.2 has it, and as MXCuBE's reader takes them."""

from __future__ import annotations

import datetime
import math
import re
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from yaml12_support import REFUSED, comparable, ours, reference

from mxplans.profile.yaml12 import plain, read_text, scalar_value, written

READ = {
    # not YAML 1.1: words, octals, times of day
    "yes": "yes",
    "on": "on",
    "No": "No",
    "012": 12,
    "0o14": 12,
    "12:30": "12:30",
    "1e-05": 1e-05,
    "1.5e3": 1500.0,
    # the words of the core schema, in the three ways to write them, and no others
    "True": True,
    "FALSE": False,
    "tRUE": "tRUE",
    "NULL": None,
    "~": None,
    "None": "None",
    "-.INF": -math.inf,
    ".inf": math.inf,
    "inf": "inf",
    # numbers
    "0x1F": 31,
    "0b11": 3,
    "1_000": 1000,
    "+7": 7,
    "-_7": -7,
    "-_": "-_",
    "5.": 5.0,
    ".5": 0.5,
    ".5e3": 500.0,
    "1.2.3": "1.2.3",
    "--1": "--1",
    # dates
    "2024-01-02": datetime.date(2024, 1, 2),
    "2024-1-2": "2024-1-2",
    "2024-01-02 03:04:05": datetime.datetime(2024, 1, 2, 3, 4, 5),
    "2024-1-2T3:04:05.25Z": datetime.datetime(2024, 1, 2, 3, 4, 5, 250000, datetime.UTC),
    "2024-01-02T03:04:05.9999999": datetime.datetime(2024, 1, 2, 3, 4, 6),
}


@pytest.mark.parametrize(("text", "value"), READ.items())
def test_a_scalar_without_quotes_is_read_as_yaml_1_2(text: str, value: Any) -> None:
    assert comparable(scalar_value(text)) == comparable(value)


@pytest.mark.parametrize("text", ["2024-13-01", "2024-01-02T25:00:00", "9999-12-31T23:59:59.9999999"])
def test_what_looks_like_a_date_and_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        scalar_value(text)


_characters = st.sampled_from("0123456789.eE+-_:xobTtZ ~nulaifyNI#\"',[]{}&*!|>%@`?")
_dates = st.from_regex(
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ]+[0-9]{1,2}:[0-5][0-9]:[0-5][0-9](\.[0-9]{0,8})?( ?(Z|[-+][0-9]{1,2}(:[0-5][0-9])?))?)?",
    fullmatch=True,
)
_scalars = st.one_of(st.text(_characters, max_size=8), st.text("0123456789.eE+-_:", max_size=10), _dates)


@given(_scalars)
@example("012")
@example("1e5")
@example("a#b #c")
@example("._5")
def test_a_scalar_is_read_as_ruamel_reads_it(text: str) -> None:
    # It differs from YAML 1.2 in an exponent behind a leading point and in a tag of no type, from the calendar in a
    # fraction that rounds up to a second, and takes numbers without digits as such, and fails.
    assume(not (text.lstrip("+-").startswith(".") and "e" in text.lower()))
    assume(text.strip() != "!" and set(text) - set("+-._ ") and not re.search(r"\.999999[5-9]", text))
    document = f"- {text}\n"
    found = ours(document)
    # Refusing more is allowed: libyaml has no empty keys, and few characters in names of anchors.
    assert found == reference(document) or (found == REFUSED and text.strip()[:1] in ("&", ":", "?", "*", "[", "{"))


@given(st.text(st.characters(codec="utf-8", exclude_characters="\ufeff")))
@example("null")
@example("12:30")
@example("2024-99-99")
@example("a\u2028b")
@example("\x85")
@example("\t")
@example("._")
@example("._5")
def test_a_text_as_written_is_read_as_itself_by_both(text: str) -> None:
    for document in (f"- {written(text)}\n", f"{{k: [{written(text)}, 1]}}\n", f"{written(text)}: 1\n"):
        assume(len(written(text)) < 900)
        assert ours(document) == reference(document) != REFUSED
    assert plain(read_text(f"a: {written(text)}\n", "")) == {"a": text}


@given(st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.datetimes())
def test_a_value_as_written_is_read_as_itself_by_both(value: Any) -> None:
    document = f"[{written(value)}]\n"
    assert ours(document) == reference(document) == ("list", [comparable(value)])


def test_long_digits_take_no_time() -> None:
    assert isinstance(scalar_value("9" * 1_000_000), str)
    assert isinstance(scalar_value("0x" + "f" * 1_000_000), str)
