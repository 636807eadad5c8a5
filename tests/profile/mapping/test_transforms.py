"""Values of MXCuBE become those of a profile: each unit by its factor, and nothing else than what is meant."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxplans.profile.mapping import sizes
from mxplans.profile.mapping import transforms as t
from mxplans.profile.mapping.registry import TRANSFORMS, transform_of

# name: factor, and its way back where the registry has one
CONVERSIONS = {
    "s_from_ms": 1e-3,
    "frac_from_percent": 1e-2,
    "ev_from_kev": 1e3,
    "um_from_mm": 1e3,
    "mm_from_um": 1e-3,
    "mm_from_m": 1e3,
}
quantities = st.floats(min_value=-1e9, max_value=1e9, allow_subnormal=False)
decimals = st.decimals(min_value=-100_000, max_value=100_000, places=4).map(float)


@given(st.sampled_from(sorted(CONVERSIONS)), quantities)
def test_a_conversion_multiplies_by_its_factor(name, value):
    assert TRANSFORMS[name](value) == pytest.approx(value * CONVERSIONS[name], rel=1e-11, abs=1e-300)


@given(st.sampled_from(sorted(CONVERSIONS)), st.lists(quantities, max_size=4))
def test_a_conversion_of_several_is_that_of_each(name, values):
    assert TRANSFORMS[name](values) == [TRANSFORMS[name](value) for value in values]


@given(decimals)
def test_there_and_back_gives_the_decimal_that_was_written(value):
    assert t.mm_from_um(t.um_from_mm(value)) == value


@given(decimals)
def test_text_is_converted_as_its_number(value):
    assert t.ev_from_kev(f" {value} ") == t.ev_from_kev(value)


def test_conversions_leave_no_tail_of_binary_fractions():
    assert t.um_from_mm(0.075) == 75.0
    assert t.ev_from_kev(12.6587) == 12658.7
    assert t.frac_from_percent(7) == 0.07


NO_NUMBERS = [True, None, "", "ten", math.nan, math.inf, {}]
OF_ONE = ["number", "positive", "integer", "sign"]


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name in (*CONVERSIONS, *OF_ONE) for value in NO_NUMBERS] + [(name, []) for name in OF_ONE],
)
def test_what_is_no_number_is_refused(name, value):
    with pytest.raises(t.NotConverted):
        TRANSFORMS[name](value)


@pytest.mark.parametrize(
    ("value", "read"),
    [("(4, 20)", [4, 20]), ("[1.5, 2]", [1.5, 2]), ('{"a": (1, 2)}', {"a": [1, 2]}), ([1, 2], [1, 2])],
)
def test_literals_in_text_are_read(value, read):
    assert t.literal(value) == read


@pytest.mark.parametrize("value", ["__import__('os')", "f(1)", "(1, 2", "word", "[" * 5000])
def test_what_is_no_literal_is_refused_and_not_run(value):
    with pytest.raises(t.NotConverted):
        t.literal(value)


@given(st.lists(quantities, min_size=2, max_size=2))
def test_a_range_is_in_order(ends):
    low, high = t.span(ends)
    assert low <= high
    assert {low, high} == set(ends)


@pytest.mark.parametrize("value", [[1], [1, 2, 3], "1 2", [None, 2]])
def test_what_has_not_two_ends_is_no_range(value):
    with pytest.raises(t.NotConverted):
        t.span(value)


def test_signs_are_one_or_minus_one():
    assert (t.sign(1), t.sign(-1.0), t.negate(t.sign("-1"))) == (1, -1, 1)
    for value in (0, 2, -0.5):
        with pytest.raises(t.NotConverted):
            t.sign(value)


def test_addresses_have_a_host_and_a_port():
    assert t.exporter_address(" md3.site.example:9001 ") == "md3.site.example:9001"
    for value in ("md3.site.example", "host:port", "host:1 x", "a b:9001", 9001):
        with pytest.raises(t.NotConverted):
            t.exporter_address(value)


def test_a_bare_host_is_reached_over_http():
    assert t.http_url("10.1.2.3:80") == "http://10.1.2.3:80"
    assert t.http_url("https://dcu.site.example/") == "https://dcu.site.example"
    for value in ("ftp://x", "lab/eiger/1", "two words", ""):
        with pytest.raises(t.NotConverted):
            t.http_url(value)


def test_a_record_is_a_process_variable_without_its_field():
    assert t.record("S:MOT:X.VAL") == "S:MOT:X"
    assert t.record("S:MOT:X") == "S:MOT:X"
    assert t.record("S:MOT.X:Y") == "S:MOT.X:Y"


@given(st.text(min_size=1).filter(str.strip).map(str.strip), st.text("ABC_:", min_size=1))
def test_what_is_put_behind_can_be_cut(name, suffix):
    assert transform_of({"without_suffix": suffix})(transform_of({"with_suffix": suffix})(name)) == name


def test_a_suffix_that_is_not_there_is_refused():
    with pytest.raises(t.NotConverted, match="does not end with 'ENERGY'"):
        transform_of({"without_suffix": "ENERGY"})("S:MONO:E")


def test_first_and_last_of_several():
    assert (t.first([3, 4]), t.last({"a": 1, "b": 2})) == (3, "b")
    for transform in (t.first, t.last):
        with pytest.raises(t.NotConverted):
            transform([])


sizes_mm = st.floats(min_value=0.001, max_value=1).map(lambda size: round(size, 4))


@given(st.dictionaries(st.text("ABx0123456789", min_size=1), st.tuples(sizes_mm, sizes_mm), min_size=1))
def test_a_definer_s_sizes_in_mm_become_um_under_their_names(given_mm):
    found = sizes.of_definer(repr(given_mm))
    assert list(found) == list(given_mm)
    for name, (horizontal, vertical) in given_mm.items():
        assert found[name]["horizontal_um"] == pytest.approx(horizontal * 1000)
        assert found[name]["vertical_um"] == pytest.approx(vertical * 1000)


@pytest.mark.parametrize(
    ("transform", "value"),
    [
        (sizes.of_definer, "{}"),
        (sizes.of_definer, '{"a": 0.05}'),
        (sizes.of_definer, '{"a": (0.05, 0)}'),
        (sizes.of_aperture_values, '{"A10": 10}'),
        (sizes.of_aperture_values, '{"A10": (0, 10, 1.5)}'),
        (sizes.of_diameters, "[]"),
        (sizes.of_diameters, "[10, -1]"),
        (sizes.of_positions, [{"name": "a"}]),
    ],
)
def test_sizes_that_cannot_be_are_refused(transform, value):
    with pytest.raises(t.NotConverted):
        transform(value)
