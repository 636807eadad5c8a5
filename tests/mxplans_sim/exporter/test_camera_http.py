"""The on-axis viewer over HTTP."""

import cv2
import httpx
import numpy as np
import pytest
from md3_bench import Site


def test_each_snapshot_is_a_new_frame_in_the_format_asked_for(site: Site) -> None:
    with httpx.Client(base_url=site.camera_url, trust_env=False) as client:
        answers = {form: client.get("/snapshot", params={"format": form}) for form in ("raw", "png", "jpeg")}
    shapes, numbers = set(), []
    for answer in answers.values():
        assert answer.status_code == 200
        numbers.append(int(answer.headers["X-Frame-Id"]))
        shapes.add((int(answer.headers["X-Frame-Height"]), int(answer.headers["X-Frame-Width"])))
        assert float(answer.headers["X-Frame-Stamp"]) > 1.7e9
    assert numbers == [1, 2, 3]
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
    assert b"X-Frame-Id: 2\r\n" in data


@pytest.mark.parametrize(("path", "status"), [("/snapshot?format=tiff", 400), ("/elsewhere", 404)])
def test_what_is_not_there_is_refused(site: Site, path: str, status: int) -> None:
    assert httpx.get(site.camera_url + path, trust_env=False).status_code == status
