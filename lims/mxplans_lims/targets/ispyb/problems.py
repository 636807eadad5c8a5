"""Errors of a database as what they mean to a record: later, or never."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError

from mxplans.errors import DeliveryError, TargetRefused, TargetUnreachable

_NO_ACCESS = {1044, 1045, 1049, 1130, 1142, 1143, 1227, 1698}
"""MariaDB: wrong password, host or database, or no right to write: nothing that a record could do about it."""
_OTHER_SCHEMA = {1054, 1146, 1364}
"""MariaDB: no such column, no such table, a column without a default that we do not know."""
_BUSY = {1021, 1040, 1053, 1077, 1158, 1159, 1160, 1161, 1203, 1205, 1213, 1290, 1317, 1836, 1927, 4031}
"""MariaDB: no room, too many connections, going down, a lock, read-only for now, the query or connection was cut."""
_CLIENT = range(2000, 2100)
"""Errors of the client: no connection, or one that broke."""
_SQLITE_SCHEMA = ("no such table", "no such column", "has no column named")


@contextmanager
def told_apart(url: str) -> Iterator[None]:
    """Turn errors of a database into `TargetUnreachable` and `TargetRefused`.

    Args:
        url: Of the database, without its password.
    """
    try:
        yield
    except SQLAlchemyError as error:
        raise _meaning(error, url) from error
    except (OSError, RuntimeError) as error:
        if isinstance(error, DeliveryError):
            raise
        raise TargetUnreachable(f"ISPyB at {url} cannot be used: {error}; it is tried again") from error


def _meaning(error: SQLAlchemyError, url: str) -> DeliveryError:
    if not isinstance(error, DBAPIError) or error.orig is None:
        if isinstance(error, StatementError):
            return TargetRefused(f"ISPyB at {url} cannot be told this: {error}; correct the record")
        return TargetUnreachable(f"ISPyB at {url} gives no connection: {error}; it is tried again")
    number, text = _told(error.orig)
    if number in _NO_ACCESS:
        return TargetUnreachable(f"ISPyB at {url} refuses us: {text}; check user, password, database and rights")
    if number in _OTHER_SCHEMA or any(words in text for words in _SQLITE_SCHEMA):
        return TargetUnreachable(
            f"ISPyB at {url} is of another version than the installed package ispyb: {text}; update one of the two"
        )
    if error.connection_invalidated or number in _BUSY or number in _CLIENT or _is_away(error, number):
        return TargetUnreachable(f"ISPyB at {url} does not answer: {text}; it is tried again")
    return TargetRefused(f"ISPyB at {url} does not take this: {text}; correct the record")


def _told(cause: BaseException) -> tuple[int | None, str]:
    """Number and text of an error of the driver."""
    parts = cause.args
    if parts and isinstance(parts[0], int):
        return parts[0], f"{parts[1] if len(parts) > 1 else ''} ({parts[0]})"
    return None, str(cause)


def _is_away(error: DBAPIError, number: int | None) -> bool:
    """Without a number of the server it is the file, the disk or the connection; MariaDB numbers what is wrong with data."""
    return number in (None, 0) and type(error).__name__ in ("OperationalError", "InterfaceError", "InternalError")
