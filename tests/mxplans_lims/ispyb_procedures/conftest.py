"""A MariaDB with the tables of ISPyB and generated procedures, started once for all tests here."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pymysql
import pytest
from ispyb_stubs import statements
from ispyb_support import add, add_proposal, add_sample, clear, connect, make_schema
from mariadb_support import PASSWORD, USER, MariaDb, mariadb_server
from sqlalchemy import Engine

from mxplans_lims.targets.ispyb_procedures import IspybProceduresSettings, IspybProceduresTarget

NAME = "ispyb"
LIMITED = "limited"
"""May call procedures, and nothing else."""


@dataclass
class Ispyb:
    """A database with a proposal, and the test's own way to look into it."""

    server: MariaDb
    engine: Engine
    credentials: Path
    ids: dict[str, int]
    targets: list[IspybProceduresTarget] = field(default_factory=list)

    def write_credentials(self, **changes: Any) -> None:
        given = {"user": USER, "pw": PASSWORD, "host": "127.0.0.1", "port": self.server.port, "db": NAME, **changes}
        lines = [f"{name} = {value}" for name, value in given.items()]
        self.credentials.write_text("\n".join(["[ispyb_mariadb_sp]", *lines, ""]))

    def target(self, **more: Any) -> IspybProceduresTarget:
        given = {"credentials": str(self.credentials), "timezone": "Europe/Paris", **more}
        self.targets.append(IspybProceduresTarget("lims", IspybProceduresSettings(**given)))
        return self.targets[-1]


@pytest.fixture(scope="session")
def _server() -> Iterator[tuple[MariaDb, str]]:
    with mariadb_server() as server:
        url = server.database(NAME)
        engine = connect(url, PASSWORD)
        make_schema(engine)
        engine.dispose()
        _make_procedures(server)
        server.as_root(
            f"CREATE USER '{LIMITED}'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'",
            f"GRANT EXECUTE ON `{NAME}`.* TO '{LIMITED}'@'127.0.0.1'",
        )
        yield server, url


def _make_procedures(server: MariaDb) -> None:
    connection = pymysql.connect(unix_socket=str(server.socket), user="root", database=NAME)
    try:
        with connection.cursor() as cursor:
            for statement in statements():
                cursor.execute(statement)
    finally:
        connection.close()


@pytest.fixture
def ispyb(_server: tuple[MariaDb, str], tmp_path: Path) -> Iterator[Ispyb]:
    server, url = _server
    engine = connect(url, PASSWORD)
    clear(engine)
    with engine.begin() as connection:
        ids = add_proposal(connection)
        for place, name in enumerate(("Lyso-1", "Thau-1", "Se-2", "Metal-1"), start=3):
            ids[name] = add_sample(connection, ids, name, location=str(place))
        for kind in ("Mesh3D", "OSC", "Characterization"):
            add(connection, "ExperimentType", name=kind, proposalType="mx")
    made = Ispyb(server, engine, tmp_path / "ispyb.cfg", ids)
    made.write_credentials()
    yield made
    for target in made.targets:
        target.close()
    engine.dispose()
