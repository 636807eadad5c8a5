"""A connection to ISPyB: opened when it is needed, with time-outs, checked before use, given back whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from mxplans.errors import TargetUnreachable
from mxplans_lims.secret import Secret
from mxplans_lims.targets.ispyb.problems import told_apart
from mxplans_lims.targets.ispyb.tables import require_packages

_ONE = {"pool_size": 1, "max_overflow": 0}
_DRIVERS = ("mysql+pymysql", "sqlite")


def checked_url(text: str) -> str:
    """A URL that this target can use, with no password in it.

    Raises:
        ValueError: If it cannot be used.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # which say what stands there, a password perhaps
        raise ValueError("it is no URL; allowed is mysql+pymysql://user@host:3306/ispyb") from None
    if url.drivername not in _DRIVERS:
        raise ValueError(f"{url.drivername} is not known here; allowed is one of {', '.join(_DRIVERS)}")
    if url.password is not None:
        raise ValueError(
            "a password stands in the url; give it by `password` as a file or a variable of the environment"
        )
    return text


class Database:
    """Makes transactions.

    Args:
        url: `mysql+pymysql://user@host:port/database` or `sqlite:///path`.
        password: Read when a connection is opened anew.
        connect_timeout_s: Until a connection stands.
        answer_timeout_s: Until the server has answered a statement.
        tls: Path of the certificates of authorities that the server's is checked against; None goes unencrypted.

    Raises:
        InvalidInput: If a package is not installed that it needs.
    """

    def __init__(
        self, url: str, password: Secret | None, connect_timeout_s: int, answer_timeout_s: int, tls: Path | None = None
    ) -> None:
        require_packages(url)
        self.url = url
        self._password = password
        self._timeouts = connect_timeout_s, answer_timeout_s
        self._tls = tls
        self._engine: Engine | None = None

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction: all of it, or nothing.

        Raises:
            TargetUnreachable: If the database does not answer or does not let us in.
            TargetRefused: If it does not take what it was given.
        """
        with told_apart(self.url):
            if self._engine is None:
                self._engine = self._made()
            with self._engine.begin() as connection:
                yield connection

    def close(self) -> None:
        """Close what is open; a transaction opens it again."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _made(self) -> Engine:
        url = make_url(self.url)
        if url.drivername == "sqlite":
            return self._sqlite(url)
        connect_s, answer_s = self._timeouts
        arguments: dict[str, Any] = {
            "connect_timeout": connect_s,
            "read_timeout": answer_s,
            "write_timeout": answer_s,
            "charset": "utf8mb4",
        }
        if self._tls is not None:
            arguments["ssl"] = {"ca": str(self._tls)}
        # Nothing to reset: each transaction has ended when its connection is given back.
        engine = create_engine(url, pool_pre_ping=True, pool_reset_on_return=None, connect_args=arguments, **_ONE)
        event.listen(engine, "do_connect", self._with_password)
        return engine

    def _with_password(self, _dialect: object, _record: object, _args: object, parameters: dict[str, Any]) -> None:
        """Read anew for each connection, so that a password that is put right is used."""
        if self._password is not None:
            parameters["password"] = self._password.read()

    def _sqlite(self, url: URL) -> Engine:
        """A file that is there: SQLite would make an empty one."""
        path = Path(url.database or "")
        if not path.is_file():
            raise TargetUnreachable(f"ISPyB file {path} is not there; make it, or correct `url` of the target")
        engine = create_engine(url, connect_args={"timeout": self._timeouts[1]}, **_ONE)
        event.listen(engine, "connect", _enforce_keys)
        return engine


def _enforce_keys(connection: Any, _: object) -> None:
    """SQLite checks foreign keys on demand only."""
    connection.execute("PRAGMA foreign_keys=ON")
