"""What the front door refuses, with the place and the reason; nothing of it reaches the queue."""

import pytest
from front_door_bench import STAFF, change
from served_queue import item

from mxplans.app.queueserver.requests import BODY_MOST

BAD = [  # what is changed, where it is wrong, what is said
    (lambda good: change(good, numberImages=-5), ["sweeps", 0, "numberImages"], "greater than 0"),
    (lambda good: change(good, exposureTime=0), ["sweeps", 0, "exposureTime"], "greater than 0"),
    (lambda good: change(good, exposureTime=0.001), ["sweeps"], "exposure"),
    (lambda good: change(good, exposure_tims=1), ["sweeps", 0, "exposure_tims"], "Extra inputs"),
    (lambda good: change(good, prefix="../../etc"), ["sweeps", 0, "prefix"], "pattern"),
    (lambda good: change(good, prefix="p" * 300), ["sweeps", 0, "prefix"], "45"),
    (lambda good: change(good, energy=80000.5e3), ["sweeps", 0, "energy"], "100000"),
    (lambda good: {**good, "sampleName": "../x"}, ["sampleName"], "pattern"),
    (lambda good: {**good, "surprise": 1}, ["surprise"], "Extra inputs"),
    (lambda good: [good, change(good, numberImages=0)], [1, "sweeps", 0, "numberImages"], "greater than 0"),
    (lambda good: 17, [], "valid dictionary"),
    (lambda good: [], ["body"], "no experiment"),
    (lambda good: {"version": "9.9"}, ["body"], "9.9"),
]


@pytest.mark.parametrize(("spoil", "loc", "said"), BAD)
def test_what_is_wrong_is_said_with_its_place_and_nothing_is_added(door, spoil, loc, said):
    as_, desk = door
    answer = as_(STAFF).post("/mx/items", json=spoil(item()))
    assert answer.status_code == 422
    first = answer.json()["detail"][0]
    assert first["loc"] == loc
    assert said in first["msg"]
    assert set(first) == {"loc", "msg", "input"}
    assert desk.store.order() == ()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "not JSON"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": 1, "a": 2}', "stands twice"),
        (b"[" * 5000 + b"]" * 5000, "nested too deeply"),
        (b'{"objects": {"a": ' + b'{"a": ' * 70 + b"1" + b"}" * 72, "nested too deeply"),
        (b'{"sampleName": "\\ud800"}', "half of a character"),
        (b"\xff\xfe", "not JSON"),
        (b"1" * 5000, "not JSON"),
    ],
)
def test_what_is_no_good_json_is_refused(door, body, said):
    answer = door[0](STAFF).post("/mx/items", content=body)
    assert answer.status_code == 422
    assert said in answer.json()["detail"][0]["msg"]


def test_a_body_that_is_too_long_is_refused_whether_it_says_so_or_not(door):
    too_long = b" " * (BODY_MOST + 1)
    for body in (too_long, iter([too_long[: BODY_MOST // 2]] * 3)):
        answer = door[0](STAFF).post("/mx/items", content=body)
        assert answer.status_code == 413
        assert f"allowed are {BODY_MOST}" in answer.json()["detail"]


def test_a_body_that_comes_in_parts_counts_as_any_other(door):
    client = door[0](STAFF)
    told = client.post("/mx/queue/stop", content=iter([b'{"reason": ', b'"ice"}']))
    assert told.json()["reason"] == "ice"
    assert client.post("/mx/queue/stop", content=iter([b'{"colour": "red"}'])).status_code == 422
    assert client.post("/mx/queue/stop", content=iter([b" " * (BODY_MOST // 2)] * 3)).status_code == 413
    assert client.post("/mx/queue/stop").status_code == 200
