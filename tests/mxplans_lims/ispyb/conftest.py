"""ISPyB databases: SQLite for each test, MariaDB started once for all."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ispyb_support import add_proposal, add_sample, clear, connect, make_schema, sqlite_template
from mariadb_support import PASSWORD, MariaDb, mariadb_server
from sqlalchemy import Engine

from mxplans_lims.targets.ispyb.target import IspybTarget


@dataclass
class Ispyb:
    """A database with a proposal, and the test's own way to look into it."""

    url: str
    engine: Engine
    ids: dict[str, int]
    password: Path | None = None

    def settings(self, **more: Any) -> dict[str, Any]:
        secret = {"password": {"file": str(self.password)}} if self.password else {}
        return {"url": self.url, "timezone": "Europe/Paris", **secret, **more}

    def target(self, **more: Any) -> IspybTarget:
        return IspybTarget("ispyb", IspybTarget.Settings(**self.settings(**more)))


def _filled(engine: Engine) -> dict[str, int]:
    with engine.begin() as connection:
        ids = add_proposal(connection)
        for name in ("Lyso-1", "Se-1", "Thau-1", "Se-2", "Metal-1", "Empty-1"):
            ids[name] = add_sample(connection, ids, name)
        ids["Many-2"] = add_sample(connection, ids, "Many-2", code="PIN-Many", subLocation=2)
    return ids


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sqlite_template(tmp_path_factory.mktemp("ispyb"))


@pytest.fixture
def sqlite(_template: Path, tmp_path: Path) -> Iterator[Ispyb]:
    path = shutil.copy(_template, tmp_path / "ispyb.sqlite")
    url = f"sqlite:///{path}"
    engine = connect(url)
    yield Ispyb(url, engine, _filled(engine))
    engine.dispose()


@pytest.fixture(scope="session")
def _server() -> Iterator[tuple[MariaDb, str]]:
    with mariadb_server() as server:
        url = server.database("ispyb")
        engine = connect(url, PASSWORD)
        make_schema(engine)
        engine.dispose()
        yield server, url


@pytest.fixture
def server(_server: tuple[MariaDb, str]) -> MariaDb:
    return _server[0]


@pytest.fixture
def mariadb(_server: tuple[MariaDb, str], tmp_path: Path) -> Iterator[Ispyb]:
    _, url = _server
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n")
    engine = connect(url, PASSWORD)
    clear(engine)
    yield Ispyb(url, engine, _filled(engine), password)
    engine.dispose()


@pytest.fixture(params=["sqlite", "mariadb"])
def ispyb(request: pytest.FixtureRequest) -> Ispyb:
    found: Ispyb = request.getfixturevalue(request.param)
    return found
