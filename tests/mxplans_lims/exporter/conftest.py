"""An exporter's folder, targets and process."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from exporter_support import Experiments, ExporterProcess

from mxplans_lims.outbox import Outbox


@pytest.fixture(scope="session")
def experiments(make_night: Callable[..., Any]) -> Experiments:
    night = make_night({"Good": "COLLECTED"})
    lines = (night.out / "documents.jsonl").read_text().splitlines()
    return Experiments([tuple(json.loads(line)) for line in lines])


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "night"
    (folder / "lims").mkdir(parents=True)
    return folder


@pytest.fixture(scope="session")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that, on Python's path, registers the target of the tests."""
    folder = tmp_path_factory.mktemp("plugins")
    info = folder / "exporter_tests-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: exporter-tests\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[mxplans.lims_targets]\nremote = remote_target:RemoteTarget\n")
    return folder


@pytest.fixture
def start(out: Path, plugins: Path) -> Iterator[Callable[..., ExporterProcess]]:
    """Starts exporters of the test's folder, and ends what is left of them."""
    started: list[ExporterProcess] = []

    def begin(*options: str) -> ExporterProcess:
        started.append(ExporterProcess(out, plugins, *options))
        return started[-1]

    yield begin
    for process in started:
        process.close()


@pytest.fixture
def outbox(out: Path) -> Iterator[Outbox]:
    with Outbox(out / "lims" / "outbox.sqlite") as outbox:
        yield outbox
