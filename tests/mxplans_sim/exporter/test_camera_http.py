"""The on-axis viewer over HTTP."""

import re
import threading

import cv2
import httpx
import numpy as np
import pytest
from md3_bench import Site


def test_a_snapshot_is_the_latest_frame_in_the_format_asked_for(site: Site) -> None:
    answers = {}
    with httpx.Client(base_url=site.camera_url, trust_env=False) as client:
        for form in ("raw", "png", "jpeg"):
            answers[form] = client.get("/snapshot", params={"format": form})
            threading.Event().wait(0.1)  # at this speed-up, more than a hundred frames
    shapes, numbers = set(), []
    for answer in answers.values():
        assert answer.status_code == 200
        numbers.append(int(answer.headers["X-Frame-Id"]))
        shapes.add((int(answer.headers["X-Frame-Height"]), int(answer.headers["X-Frame-Width"])))
        assert float(answer.headers["X-Frame-Stamp"]) > 1.7e9
    assert numbers[0] < numbers[1] < numbers[2]
    assert numbers[2] - numbers[0] > 100
    (shape,) = shapes
    assert len(answers["raw"].content) == shape[0] * shape[1]
    for form in ("png", "jpeg"):
        image = cv2.imdecode(np.frombuffer(answers[form].content, np.uint8), cv2.IMREAD_UNCHANGED)
        assert image.shape == shape


def test_the_stream_goes_on_until_it_is_closed(site: Site) -> None:
    with httpx.Client(base_url=site.camera_url, trust_env=False) as client:
        with client.stream("GET", "/stream") as answer:
            assert answer.headers["content-type"] == "multipart/x-mixed-replace; boundary=frame"
            data = b""
            for piece in answer.iter_bytes():
                data += piece
                if data.count(b"--frame\r\n") >= 3:
                    break
        assert client.get("/snapshot").status_code == 200
    numbers = [int(number) for number in re.findall(rb"X-Frame-Id: (\d+)\r\n", data)]
    assert numbers == sorted(set(numbers))


def test_the_status_tells_what_the_latest_frame_is_and_what_time_it_is(site: Site) -> None:
    with httpx.Client(base_url=site.camera_url, trust_env=False) as client:
        first, second = (client.get("/status").json() for _ in range(2))
        assert second["id"] >= first["id"]
        # A frame is there 0.01 s after it began, and stays the latest for 1/30 s, at a speed-up of 50.
        assert 0.01 / 50 - 1e-3 <= second["now"] - second["stamp"] <= (0.01 + 1 / 30) / 50 + 1e-3


def test_the_side_camera_has_its_own_address(site: Site) -> None:
    with httpx.Client(base_url=site.camera_url, trust_env=False) as client:
        answer = client.get("/side/snapshot", params={"format": "raw"})
        assert client.get("/side/status").json()["id"] >= int(answer.headers["X-Frame-Id"])
    settings = site.world.side_camera.settings
    assert (int(answer.headers["X-Frame-Width"]), int(answer.headers["X-Frame-Height"])) == (640, 480)
    assert len(answer.content) == settings.width_px * settings.height_px


@pytest.mark.parametrize(("path", "status"), [("/snapshot?format=tiff", 400), ("/elsewhere", 404)])
def test_what_is_not_there_is_refused(site: Site, path: str, status: int) -> None:
    assert httpx.get(site.camera_url + path, trust_env=False).status_code == status
