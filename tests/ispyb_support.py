"""ISPyB databases for tests, with the tables of the package `ispyb` and one proposal in them.

The tables know MySQL only; here is what SQLite needs to make them as well. It enforces neither widths nor enums.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ispyb.sqlalchemy._auto_db_schema import Base
from sqlalchemy import (
    Connection,
    DefaultClause,
    Engine,
    MetaData,
    Table,
    create_engine,
    event,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import make_url
from sqlalchemy.ext.compiler import compiles

TABLES: Mapping[str, Table] = Base.metadata.tables
PUCK, LOCATION = "PUCK-7", "3"
"""Where the samples of `lims_records` stand."""
_WHOLE = (mysql.TINYINT, mysql.SMALLINT, mysql.MEDIUMINT, mysql.INTEGER, mysql.BIGINT)
_TEXTS = (mysql.LONGTEXT, mysql.MEDIUMTEXT)


def _register() -> None:
    for kind in _WHOLE:
        compiles(kind, "sqlite")(lambda *_, **__: "INTEGER")
    for kind in _TEXTS:
        compiles(kind, "sqlite")(lambda *_, **__: "TEXT")
    compiles(mysql.LONGBLOB, "sqlite")(lambda *_, **__: "BLOB")
    compiles(mysql.VARCHAR, "sqlite")(lambda kind, *_, **__: f"VARCHAR({kind.length or 255})")


_register()


def _sqlite_metadata() -> MetaData:
    """Copies of the tables, whose defaults SQLite understands and whose indexes have names of their own."""
    metadata = MetaData()
    for table in TABLES.values():
        copy = table.to_metadata(metadata)
        for column in copy.columns:
            default = column.server_default
            if default is None:
                continue
            words = str(getattr(default, "arg", default)).lower()
            if "current_timestamp" in words:
                column.server_default = DefaultClause(text("CURRENT_TIMESTAMP"))
            elif "current_user" in words or "uuid" in words:
                column.server_default = None
        for index in copy.indexes:
            index.name = f"{table.name}_{index.name}"
    return metadata


def connect(url: str, password: str | None = None) -> Engine:
    """An engine of the test's own."""
    parsed = make_url(url)
    if parsed.drivername != "sqlite":
        return create_engine(parsed.set(password=password))
    engine = create_engine(parsed)
    event.listen(engine, "connect", _on_connect)
    return engine


def _on_connect(connection: Any, _: object) -> None:
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA synchronous=OFF")


def make_schema(engine: Engine) -> None:
    """All tables, and the rows that others need by default."""
    (_sqlite_metadata() if engine.dialect.name == "sqlite" else Base.metadata).create_all(engine)
    with engine.begin() as connection:
        # Container.priorityPipelineId is 6 by default.
        add(connection, "ProcessingPipeline", processingPipelineId=6, name="xia2", discipline="MX")
        add(connection, "ExperimentType", name="Default", proposalType="mx")
        add(connection, "EventType", name="XrayDetection")


def add(connection: Connection, table: str, /, **values: Any) -> int:
    """A row; its identifier."""
    result = connection.execute(insert(TABLES[table]).values(**values))
    return int(result.inserted_primary_key[0])


def add_proposal(connection: Connection, number: str = "1234", visits: tuple[int, ...] = (2, 5)) -> dict[str, int]:
    """A proposal of mx with sessions, and a shipment with one puck in it; identifiers by table."""
    ids: dict[str, int] = {}
    ids["Person"] = add(connection, "Person", familyName="Hodgkin", givenName="Dorothy", login=f"dch{number}")
    ids["Proposal"] = add(
        connection, "Proposal", personId=ids["Person"], proposalCode="mx", proposalNumber=number, title="Insulin"
    )
    for visit in visits:
        ids[f"BLSession{visit}"] = add(
            connection, "BLSession", proposalId=ids["Proposal"], visit_number=visit, beamLineName="sim"
        )
    ids["Shipping"] = add(connection, "Shipping", proposalId=ids["Proposal"], shippingName="November")
    ids["Dewar"] = add(connection, "Dewar", shippingId=ids["Shipping"], code="DLS-1", barCode=f"DLS-{number}")
    ids["Container"] = add(
        connection,
        "Container",
        dewarId=ids["Dewar"],
        code=PUCK,
        barcode=PUCK if number == "1234" else f"{PUCK}-{number}",
        containerType="Puck",
        capacity=16,
        sampleChangerLocation="2",
    )
    ids["Protein"] = add(connection, "Protein", proposalId=ids["Proposal"], acronym="Lyso", name="Lysozyme")
    ids["Crystal"] = add(connection, "Crystal", proteinId=ids["Protein"], name="Lyso", spaceGroup="P43212")
    return ids


def add_sample(connection: Connection, ids: Mapping[str, int], name: str, **values: Any) -> int:
    """A sample in the puck; by default where those of `lims_records` stand."""
    given = {"code": f"PIN-{name}", "location": LOCATION, "loopType": "litho", "holderLength": 22.0, **values}
    return add(connection, "BLSample", crystalId=ids["Crystal"], containerId=ids["Container"], name=name, **given)


def counts(engine: Engine) -> dict[str, int]:
    """Rows of each table that has any."""
    with engine.connect() as connection:
        found = {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in TABLES.items()
        }
    return {name: number for name, number in found.items() if number}


def rows(engine: Engine, name: str) -> list[dict[str, Any]]:
    """All rows of a table, oldest first."""
    table = TABLES[name]
    with engine.connect() as connection:
        found = connection.execute(select(table).order_by(*table.primary_key.columns))
        return [dict(row._mapping) for row in found]


def clear(engine: Engine, keep: tuple[str, ...] = ("ProcessingPipeline", "ExperimentType", "EventType")) -> None:
    """Take all rows away but those of `keep` (MariaDB)."""
    filled = [name for name in counts(engine) if name not in keep]
    with engine.begin() as connection:
        connection.execute(text("SET FOREIGN_KEY_CHECKS=0"))
        for name in filled:
            connection.execute(TABLES[name].delete())
        connection.execute(text("SET FOREIGN_KEY_CHECKS=1"))


def sqlite_template(folder: Path) -> Path:
    """A database file with the schema, to be copied."""
    path = folder / "template.sqlite"
    engine = connect(f"sqlite:///{path}")
    make_schema(engine)
    engine.dispose()
    return path
