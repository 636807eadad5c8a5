"""A stand-in for ExpEye for each test, on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from expeye_server import TOKEN, ExpeyeServer, running_expeye


@pytest.fixture
def server() -> Iterator[ExpeyeServer]:
    with running_expeye() as state:
        yield state


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    return file
