"""A stand-in service in a thread of its own, looks that it knows, and a service that answers what it is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import zmq
from murko_support import EXACT, SPEED_UP, UM_PER_PX, Strikes, picture, truth
from stomp_support import running

from mxplans.model.detection import Look, PinSide
from mxplans_sim.clock import RealClock
from mxplans_sim.servers.murko.server import MurkoServer
from mxplans_sim.settings.analysis import MurkoSettings
from mxplans_sim.world.recent import RecentFrames

Truth = Mapping[str, Any]
QUICK = {"timeout_s": 10.0, "connect_timeout_s": 1.0}


def looks_of(*truths: Truth, pin_side: PinSide = PinSide.RIGHT) -> tuple[RecentFrames, list[Look]]:
    """Pictures of what is true, and a memory of them."""
    recent, looks = RecentFrames(), []
    for seed, masks in enumerate(truths):
        gray = picture(masks, seed)
        recent.keep(gray, UM_PER_PX, lambda masks=masks: masks)  # type: ignore[misc]
        looks.append(Look(gray, UM_PER_PX, pin_side))
    return recent, looks


@contextmanager
def serving(
    recent: RecentFrames, faults: Strikes | None = None, speed_up: float = SPEED_UP, port: int = 0, **settings: Any
) -> Iterator[str]:
    """The stand-in; gives its address."""

    def make() -> MurkoServer:
        return MurkoServer(recent, RealClock(speed_up), MurkoSettings.model_validate(EXACT | settings), 5, faults)

    with running(make, port=port) as (_, facts):
        yield facts["murko_addr"]


@contextmanager
def saying(answer: Callable[[bytes], bytes | list[bytes] | None]) -> Iterator[str]:
    """A REP service that answers what a function makes of each request; None is no answer."""
    context = zmq.Context()
    socket = context.socket(zmq.ROUTER)
    socket.linger = 0
    socket.bind("tcp://127.0.0.1:*")
    address = socket.getsockopt_string(zmq.LAST_ENDPOINT).removeprefix("tcp://")
    ended = threading.Event()

    def work() -> None:
        with socket:
            while not ended.is_set():
                if socket.poll(20):
                    name, empty, content = socket.recv_multipart()
                    said = answer(content)
                    if said is not None:
                        socket.send_multipart([name, empty, *(said if isinstance(said, list) else [said])])

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield address
    finally:
        ended.set()
        thread.join()
        context.destroy(linger=0)


def iou(one: Any, other: Any) -> float:
    """Overlap of two masks."""
    return float(np.logical_and(one, other).sum() / np.logical_or(one, other).sum())


def mirrored(masks: Truth) -> Truth:
    """The same from the other side."""
    return {name: np.ascontiguousarray(mask[:, ::-1]) for name, mask in masks.items()}


__all__ = ["QUICK", "iou", "looks_of", "mirrored", "saying", "serving", "truth"]
