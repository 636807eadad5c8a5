"""The work source against clients that misbehave: no instruction is lost for anybody else, and it goes on."""

import asyncio
import threading
from collections.abc import Iterator

import httpx
import pytest
from http_support import LYING, burst, get, half_open, say, status_of
from hypothesis import given, settings
from hypothesis import strategies as st
from stomp_support import running

from mxplans_sim.clock import RealClock
from mxplans_sim.servers.work_source.server import WorkSourceServer

WAITS = [{"wait": number} for number in range(1, 1001)]
PATH = "/getnextcollect/i03"


@pytest.fixture
def url() -> Iterator[str]:
    with running(lambda: WorkSourceServer(WAITS, RealClock())) as (_, facts):
        yield facts["work_source_url"]


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[str]:
    with running(lambda: WorkSourceServer(WAITS, RealClock())) as (_, facts):
        yield facts["work_source_url"]


def next_of(url: str) -> object:
    """What a client of good manners gets."""
    return httpx.get(url + PATH, trust_env=False).raise_for_status().json()


def test_of_ten_thousand_requests_on_their_way_each_instruction_answers_one(url: str) -> None:
    answers = asyncio.run(burst(url, [get(PATH)] * 10_000))
    assert {status for status, _ in answers} == {200}
    bodies = sorted(body for _, body in answers)
    assert sorted(body for body in bodies if body != b"{}") == sorted(
        b'{"wait": %d}' % number for number in range(1, 1001)
    )
    assert next_of(url) == {}


@pytest.mark.parametrize("wrong", LYING)
def test_requests_that_lie_are_refused_or_cut_off_and_take_nothing(url: str, wrong: str) -> None:
    assert status_of(say(url, LYING[wrong])) in (400, None)
    assert next_of(url) == WAITS[0]


@settings(max_examples=100, deadline=None)
@given(content=st.binary(min_size=1, max_size=300))
def test_no_bytes_stop_the_server_or_take_an_instruction(fuzzed: str, content: bytes) -> None:
    assert status_of(say(fuzzed, content + b"\r\n\r\n")) in (400, 404, None)
    assert httpx.get(f"{fuzzed}/healthy", trust_env=False).status_code == 404


def test_after_garbage_the_first_instruction_is_still_there(fuzzed: str) -> None:
    assert next_of(fuzzed) == WAITS[0]


def test_other_methods_and_large_bodies_are_refused(url: str) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nHost: here\r\nContent-Length: 2000000000\r\n\r\n".encode()
    assert status_of(say(url, head + bytes(1_000_000))) == 405
    assert status_of(say(url, f"GET /{'x' * 20_000}{PATH} HTTP/1.1\r\nHost: here\r\n\r\n".encode())) in (200, 400, 414)
    assert next_of(url) in WAITS[:2]


def test_half_open_connections_keep_nobody_out(url: str) -> None:
    with half_open(url, 100), half_open(url, 20, b""):
        assert next_of(url) == WAITS[0]
    assert next_of(url) == WAITS[1]


def test_two_clients_never_get_the_same_instruction(url: str) -> None:
    got: list[list[object]] = [[], []]

    def ask(mine: list[object]) -> None:
        with httpx.Client(base_url=url, trust_env=False) as client:
            mine.extend(client.get(PATH).json()["wait"] for _ in range(100))

    threads = [threading.Thread(target=ask, args=(mine,)) for mine in got]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(int, map(str, got[0] + got[1]))) == list(range(1, 201))
    assert all(mine == sorted(map(int, map(str, mine))) for mine in got)
