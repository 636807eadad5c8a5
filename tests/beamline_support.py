"""Small verbs for tests that work with devices."""

import threading
from typing import Any

from mxplans.roles import Beamline


def wait(*statuses: Any) -> None:
    for status in statuses:
        status.wait(40)


def value(device: Any) -> Any:
    (reading,) = device.read().values()
    return reading["value"]


def home(beamline: Beamline) -> None:
    gonio = beamline.goniometer
    wait(gonio.x.set(0.0), gonio.y.set(0.0), gonio.z.set(0.0), gonio.omega.set(0.0))


def wait_until(condition: Any, timeout_s: float = 10.0) -> bool:
    tick = threading.Event()
    for _ in range(int(timeout_s / 0.02)):
        if condition():
            return True
        tick.wait(0.02)
    return False
