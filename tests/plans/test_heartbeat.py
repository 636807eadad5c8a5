"""While results are awaited nothing else stands still: the RunEngine's loop keeps its beat, a move ends when it ends."""

import asyncio
import http.server
import itertools
import json
import threading
import time
from collections.abc import Iterator

import pytest
from bluesky import plan_stubs as bps
from ophyd.status import Status

from mxplans.model.acquisition import SpotRequest
from mxplans.plans.waiting import set_and_wait, wait_for
from mxplans_devices import HttpSpotFinder

PERIOD_S = 0.02
LATE_S = 1.5
"""After so long the spot finder answers, in the middle of a request of HTTP."""
MOVE_S = 0.3
GAP_S = 0.25
"""No beat may be later: far below what is waited for, far above what a busy machine lets a loop wait."""


@pytest.fixture
def late_finder() -> Iterator[HttpSpotFinder]:
    """A spot finder that says nothing for a while, and then all at once."""
    asked = threading.Event()

    class Late(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.set()
            threading.Event().wait(LATE_S)
            body = json.dumps({"series": 1, "frames": [{"image": 1, "spots": []}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Late) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield HttpSpotFinder(name="spot_finder", url=f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join(10)


class Move:
    """A device that needs a while, whoever else waits for something."""

    name, parent = "move", None

    def set(self, value: float) -> Status:
        status = Status(timeout=10)
        timer = threading.Timer(MOVE_S, status.set_finished)
        timer.start()
        return status


def test_the_loop_keeps_its_beat_and_a_move_its_time_while_results_are_awaited(run_engine, late_finder):
    beats: list[float] = []
    moved_s: list[float] = []

    async def beat() -> None:
        while True:
            beats.append(time.monotonic())
            await asyncio.sleep(PERIOD_S)

    def plan():
        begin = time.monotonic()
        yield from bps.abs_set(late_finder, SpotRequest(sequence_id=1, number_images=1), group="spots")
        yield from set_and_wait(5.0, Move(), 1.0)
        moved_s.append(time.monotonic() - begin)
        yield from wait_for("spots", 20.0)

    heart = asyncio.run_coroutine_threadsafe(beat(), run_engine.loop)
    begin = time.monotonic()
    run_engine(plan())
    taken_s = time.monotonic() - begin
    heart.cancel()
    during = [one for one in beats if begin <= one <= begin + taken_s]
    assert taken_s >= LATE_S
    assert [len(frame.spots) for frame in late_finder.frames] == [0]
    assert max(later - one for one, later in itertools.pairwise(during)) < GAP_S
    assert MOVE_S <= moved_s[0] < MOVE_S + GAP_S
