"""A connection of `ispyb`: opened when it is needed, read from as well, opened anew after any error.

The connector may block for five seconds when the server is away, and holds a lock: it belongs to the thread of the sender.
"""

from __future__ import annotations

import configparser
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, StaticPool, create_engine

from mxplans.errors import InvalidInput, TargetUnreachable
from mxplans_lims.targets.ispyb_procedures._problems import told_apart

SECTION = "ispyb_mariadb_sp"


def require_packages() -> None:
    """See that what is needed is installed, without loading it.

    Raises:
        InvalidInput: If a package is missing.
    """
    for name in ("ispyb", "mysql.connector"):
        try:
            found = find_spec(name) is not None
        except (ModuleNotFoundError, ValueError):  # its parent is missing
            found = False
        if not found:
            raise InvalidInput(
                f"package {name} is not installed; a target of type ispyb_procedures needs it: pip install "
                "'mxplans[ispyb]'"
            )


class ProcedureConnection:
    """Procedures and tables of one database.

    Args:
        credentials: File in the form of `ispyb`, with a section `ispyb_mariadb_sp`; the password stands there.
        answer_timeout_s: Until the database has answered.
    """

    def __init__(self, credentials: Path, answer_timeout_s: int) -> None:
        self._credentials = credentials
        self._answer_timeout_s = answer_timeout_s
        self._open: Any = None
        self._engine: Engine | None = None

    @contextmanager
    def procedures(self) -> Iterator[Any]:
        """What `ispyb.open` gives; its areas have the procedures.

        Raises:
            TargetUnreachable: If the database does not answer or does not let us in.
            TargetRefused: If it does not take what it was given.
        """
        where = f"ISPyB of {self._credentials}"
        try:
            with told_apart(where):
                if self._open is None:
                    self._open = self._opened()
                yield self._open
        except BaseException:
            self.close()
            raise

    @contextmanager
    def tables(self) -> Iterator[Connection]:
        """The same connection to read tables with SQLAlchemy.

        Raises:
            TargetUnreachable: If the database does not answer or does not let us read.
        """
        with self.procedures() as connector:
            if self._engine is None:
                self._engine = create_engine(
                    "mysql+mysqlconnector://", creator=lambda: connector.conn, poolclass=StaticPool
                )
            with self._engine.connect() as connection:
                yield connection

    def close(self) -> None:
        """Let go of the connection."""
        engine, self._engine = self._engine, None
        connector, self._open = self._open, None
        if engine is not None:
            engine.dispose()
        if connector is not None:
            connector.disconnect()

    def _opened(self) -> Any:
        config = configparser.RawConfigParser(allow_no_value=True)
        try:
            read = config.read(self._credentials)
        except OSError as error:
            raise TargetUnreachable(f"credentials in {self._credentials} cannot be read: {error.strerror}") from error
        except (configparser.Error, UnicodeDecodeError) as error:  # which say what stands there
            raise TargetUnreachable(
                f"credentials in {self._credentials} cannot be read ({type(error).__name__}); allowed is a section "
                f"[{SECTION}] with user, pw, host, port and db in it, each once"
            ) from None
        if not read or not config.has_section(SECTION):
            raise TargetUnreachable(
                f"credentials in {self._credentials} have no section [{SECTION}]; put a file there with user, pw, host, "
                "port and db in it, readable by its owner only"
            )
        try:
            connector = import_module("ispyb").open(str(self._credentials))
        except (TypeError, ValueError) as error:
            raise TargetUnreachable(
                f"credentials in {self._credentials} are not those of a database: {error}; allowed in [{SECTION}] are "
                "user, pw, host, port, db, reconn_attempts and reconn_delay"
            ) from error
        connector.conn.read_timeout = self._answer_timeout_s
        connector.conn.write_timeout = self._answer_timeout_s
        return connector
