"""Ten thousand requests to the detector, all on their way at once."""

import asyncio
import json

import pytest
from http_support import burst, get, half_open

API = "/detector/api/1.8.0"


@pytest.fixture
def ready(light_server):
    light_server.command("initialize")
    return light_server


def put(path, value):
    body = json.dumps({"value": value}).encode()
    return f"PUT {path} HTTP/1.1\r\nHost: here\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def test_ten_thousand_requests_in_a_burst_are_answered_each_with_its_own(ready):
    """Questions, settings, settings that are refused, and commands that its state does not allow, in turn."""
    kinds = [
        (get(f"{API}/status/state"), 200),
        (put(f"{API}/config/nimages", 5), 200),
        (put(f"{API}/config/nimages", -5), 400),
        (get(f"{API}/config/nothing"), 404),
    ]
    requests = [kinds[index % len(kinds)][0] for index in range(10_000)]
    answers = asyncio.run(burst(ready.url, requests))
    assert [status for status, _ in answers] == [status for _, status in kinds] * 2500
    assert {json.loads(body)["value"] for _, body in answers[::4]} == {"idle"}
    assert ready.get("config/nimages") == 5


def test_a_series_is_taken_whole_while_others_ask_without_end(ready):
    """A burst in the middle of a series costs none of its frames."""
    series = ready.arm(20)
    ready.publish(ready.burst(10))
    answers = asyncio.run(burst(ready.url, [get(f"{API}/status/state")] * 2000))
    ready.publish(ready.burst(10))
    ready.wait_written()
    assert {status for status, _ in answers} == {200}
    assert ready.frames(series).shape[0] == 20


def test_half_open_connections_keep_nobody_from_arming(ready):
    head = f"PUT {API}/command/arm HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\n{{".encode()
    with half_open(ready.url, 100, head):
        assert ready.command("arm").status_code == 200
        assert ready.command("disarm").status_code == 200
    assert ready.get("status/state") == "idle"
