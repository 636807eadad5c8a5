"""The spot finder client against services that answer late, in disorder, or not at all."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from mxplans.errors import DeviceFault
from mxplans.model.acquisition import Spot, SpotRequest
from mxplans_devices import HttpSpotFinder

pytestmark = pytest.mark.usefixtures("no_new_threads")
SPOT = [10.5, 20.25, 400.0, 20.0, 2.5]


class Finder(HttpSpotFinder):
    """A spot finder whose requests go to a function."""

    def __init__(self, handler: Callable[[int], httpx.Response], **kwargs: Any) -> None:
        super().__init__(name="spot_finder", url="http://spots", period_s=0.001, **kwargs)
        self._handler = handler

    def _client(self) -> httpx.Client:
        def answer(request: httpx.Request) -> httpx.Response:
            assert request.url.path == "/spotfinder/1/series/7"
            return self._handler(int(request.url.params["from"]))

        return httpx.Client(base_url="http://spots", transport=httpx.MockTransport(answer))


def frames(*images: int) -> httpx.Response:
    return httpx.Response(200, json={"series": 7, "frames": [{"image": image, "spots": [SPOT]} for image in images]})


def ask(finder: Finder, number_images: int = 5) -> list[int]:
    finder.set(SpotRequest(sequence_id=7, number_images=number_images)).wait(10)
    return [frame.image for frame in finder.frames]


def test_frames_are_asked_for_once_and_come_in_order() -> None:
    asked: list[int] = []

    def handler(known: int) -> httpx.Response:
        asked.append(known)
        return frames(*range(known + 1, min(known + 2, 5) + 1))

    finder = Finder(handler)
    assert ask(finder) == [1, 2, 3, 4, 5]
    assert asked == [0, 2, 4]
    assert finder.frames[0].spots == (Spot(x_px=10.5, y_px=20.25, intensity=400.0, sigma=20.0, d_a=2.5),)


def test_a_frame_that_comes_late_is_not_skipped() -> None:
    answers = [frames(1, 3), frames(3, 4, 5), frames(2, 3, 4, 5)]
    asked: list[int] = []

    def handler(known: int) -> httpx.Response:
        asked.append(known)
        return answers.pop(0)

    assert ask(Finder(handler)) == [1, 2, 3, 4, 5]
    assert asked == [0, 1, 1]


def test_a_service_that_stalls_is_a_fault_that_says_where() -> None:
    finder = Finder(lambda known: frames(1, 2), stall_timeout_s=0.1)
    with pytest.raises(DeviceFault, match="2 frames are analysed and nothing new comes"):
        ask(finder)
    assert len(finder.frames) == 2


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(404, text="unknown series"),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"done": 3}),
        httpx.Response(200, json={"series": 8, "frames": [{"image": 1, "spots": []}]}),
        httpx.Response(200, json={"series": 7, "frames": [{"image": 1, "spots": [[1, 2]]}]}),
        httpx.Response(200, json={"series": 7, "frames": [{"image": 0, "spots": []}]}),
    ],
)
def test_unusable_answers_are_faults(response: httpx.Response) -> None:
    with pytest.raises(DeviceFault, match="series/7 gave no usable answer"):
        ask(Finder(lambda known: response))


def test_stop_ends_the_polling() -> None:
    finder = Finder(lambda known: frames())
    status = finder.set(SpotRequest(sequence_id=7, number_images=1))
    finder.stop()
    with pytest.raises(DeviceFault, match="was stopped before its end"):
        status.wait(5)
