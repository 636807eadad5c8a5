"""The on-axis viewer over HTTP, against clients that misbehave: it goes on, for everybody else and for them."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from http_support import LYING, burst, get, half_open, say, status_of
from hypothesis import given, settings
from hypothesis import strategies as st
from md3_bench import Site

SMALL = {
    "width_px": 64,
    "height_px": 64,
    "zooms": [{"name": "1", "um_per_px": 20.0, "beam_x_px": 32.0, "beam_y_px": 32.0}],
}
"""A picture that costs little, so that the requests are what counts."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Site(speed_up=1000.0, camera=SMALL) as site:
        yield site.camera_url


def alive(url: str) -> None:
    """A client of good manners gets a picture."""
    answer = httpx.get(f"{url}/snapshot", params={"format": "raw"}, trust_env=False)
    assert (answer.status_code, len(answer.content)) == (200, 64 * 64)


def test_ten_thousand_requests_in_a_burst_are_answered_each_with_its_own(url: str) -> None:
    """One in four is for a picture; the others are for what is not there and for formats that are none."""
    kinds = ("/snapshot?format=raw", "/elsewhere", "/snapshot?format=tiff", "/elsewhere")
    answers = asyncio.run(burst(url, [get(kinds[index % 4]) for index in range(10_000)]))
    assert [status for status, _ in answers] == [200, 404, 400, 404] * 2500
    assert {len(body) for status, body in answers if status == 200} == {64 * 64}
    alive(url)


@pytest.mark.parametrize("wrong", LYING)
def test_requests_that_lie_are_refused_or_cut_off(url: str, wrong: str) -> None:
    assert status_of(say(url, LYING[wrong])) in (400, None)
    alive(url)


@settings(max_examples=60, deadline=None)
@given(content=st.binary(min_size=1, max_size=300))
def test_no_bytes_stop_the_server(url: str, content: bytes) -> None:
    assert status_of(say(url, content + b"\r\n\r\n")) in (400, 404, None)
    alive(url)


@settings(max_examples=60, deadline=None)
@given(query=st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), max_size=60))
def test_whatever_is_asked_of_a_picture_is_a_picture_or_refused(url: str, query: str) -> None:
    answer = httpx.get(f"{url}/snapshot", params={"format": query}, trust_env=False)
    assert answer.status_code == (200 if query in ("raw", "png", "jpeg") else 400)


def test_a_body_that_is_too_large_is_not_waited_for(url: str) -> None:
    head = b"POST /snapshot HTTP/1.1\r\nHost: here\r\nContent-Length: 2000000000\r\n\r\n"
    assert status_of(say(url, head + bytes(1_000_000))) == 405
    alive(url)


def test_half_open_connections_keep_nobody_out(url: str) -> None:
    with half_open(url, 100), half_open(url, 20, b""):
        alive(url)
    alive(url)


def test_clients_that_go_before_their_picture_and_streams_that_are_not_read_harm_nobody(url: str) -> None:
    with half_open(url, 50, get("/snapshot")), half_open(url, 10, get("/stream")):
        alive(url)
    alive(url)
