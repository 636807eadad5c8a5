"""Messages in a stream, however it is cut into pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxplans_sim.servers.exporter.framing import Deframer, frame

PAYLOADS = st.lists(st.text(st.characters(exclude_characters="\x02\x03", codec="utf-8"), max_size=30), max_size=8)
GARBAGE = st.binary(max_size=10).map(lambda data: bytes(byte for byte in data if byte not in (2, 3)))


@given(payloads=PAYLOADS, garbage=GARBAGE, cuts=st.lists(st.integers(1, 7), min_size=1))
def test_messages_come_out_whole_wherever_the_stream_is_cut(
    payloads: list[str], garbage: bytes, cuts: list[int]
) -> None:
    stream = b"".join(garbage + frame(payload) for payload in payloads) + garbage
    deframer, found, position, turn = Deframer(1000), [], 0, 0
    while position < len(stream):
        size = cuts[turn % len(cuts)]
        found += deframer.feed(stream[position : position + size])
        position, turn = position + size, turn + 1
    assert [payload.decode() for payload in found] == payloads
    assert not deframer.overflown


def test_a_second_begin_starts_the_message_anew_and_a_lone_end_means_nothing() -> None:
    assert Deframer(100).feed(b"\x03x\x02lost\x02NAME\x03\x03\x02LIST\x03") == [b"NAME", b"LIST"]


@pytest.mark.parametrize("piece", [b"x", b"\x02abc", b"\x02" + b"y" * 50])
def test_bytes_without_an_end_are_too_many_at_some_time_however_they_come(piece: bytes) -> None:
    deframer = Deframer(100)
    for _ in range(101):
        assert deframer.feed(piece) == []
    assert deframer.overflown


def test_a_message_of_the_largest_size_passes_and_one_more_byte_does_not() -> None:
    fits, exceeds = Deframer(100), Deframer(100)
    assert fits.feed(frame("y" * 99)) == [b"y" * 99]
    assert exceeds.feed(frame("y" * 101)) == []
    assert exceeds.overflown
