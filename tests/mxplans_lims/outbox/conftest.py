"""An outbox with a clock that tests turn."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mxplans_lims.delivery import Step
from mxplans_lims.outbox import Outbox, spell


class Clock:
    """Seconds since 1970."""

    def __init__(self) -> None:
        self.now_s = 1_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outbox(tmp_path: Path, clock: Clock) -> Iterator[Outbox]:
    with Outbox(tmp_path / "lims" / "outbox.sqlite", clock) as outbox:
        yield outbox


@pytest.fixture
def put(outbox: Outbox) -> Callable[..., None]:
    """Puts steps, given as key=payload, in their order."""

    def put_steps(item: str, target: str = "lims", **steps: Any) -> None:
        outbox.put(item, {target: spell([Step(key, {"value": value}) for key, value in steps.items()])})

    return put_steps
