import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mxplans_sim.servers.proxy.mode import Mode, Way


def test_one_number_goes_where_the_way_needs_it():
    assert Mode.of("slow", 2.5).latency_s == 2.5
    assert Mode.of("close", 10).after_bytes == 10
    assert Mode.of("http_status", 409.0).status == 409
    assert Mode.of("die_and_return", 30).down_s == 30.0
    assert Mode.of("garbage", 8).garbage_bytes == 8
    assert Mode.of("hang", 7) == Mode(Way.HANG)
    assert Mode.of("slow") == Mode(Way.SLOW)


@pytest.mark.parametrize(
    ("way", "number", "told"),
    [
        ("lag", None, "knows no mode 'lag', allowed are pass, slow"),
        ("slow", -1, "latency_s is -1.0 s, allowed is 0 to 1e"),
        ("slow", math.nan, "latency_s is nan"),
        ("http_status", 42, "status is 42 as an HTTP status, allowed is 200 to 599"),
        ("http_status", 503.5, "must be a whole number"),
        ("garbage", 0, "allowed is 1 to"),
        ("close", -1, "after_bytes is -1"),
        ("close", math.inf, "must be a whole number"),
    ],
)
def test_what_is_not_allowed_is_refused(way, number, told):
    with pytest.raises(ValueError, match=told):
        Mode.of(way, number)


@settings(deadline=None)
@given(st.sampled_from(list(Way)), st.none() | st.floats(allow_nan=True))
def test_a_mode_is_within_its_bounds_or_refused(way, number):
    try:
        mode = Mode.of(way, number)
    except ValueError:
        return
    assert 0 <= mode.latency_s <= 1e6
    assert 0 <= mode.down_s <= 1e6
    assert 200 <= mode.status <= 599
    assert mode.after_bytes >= 0
