"""A stand-in for ExpEye for each test, on loopback."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from expeye_server import TOKEN, ExpeyeServer, running_expeye

from mxplans_lims.targets.expeye import ExpeyeSettings, ExpeyeTarget


@pytest.fixture
def server() -> Iterator[ExpeyeServer]:
    with running_expeye() as state:
        yield state


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    return file


@pytest.fixture
def settings(server: ExpeyeServer, token_file: Path) -> dict[str, Any]:
    """As a profile has them."""
    return {"url": server.url, "token": {"file": str(token_file)}, "answer_timeout_s": 0.5, "timezone": "Europe/London"}


@pytest.fixture
def target(settings: dict[str, Any]) -> Iterator[ExpeyeTarget]:
    made = ExpeyeTarget("lims", ExpeyeSettings(**settings))
    yield made
    made.close()
