"""Errors of the procedures as what they mean to a record: later, or never."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mxplans.errors import DeliveryError, InvalidInput, TargetRefused, TargetUnreachable

_SIGNALLED = 1644
"""A procedure says itself what it lacks."""
_NO_RIGHT = {1044, 1045, 1142, 1143, 1227, 1370, 1698}
"""Wrong password, or no right to call a procedure or to read a table."""
_OTHER_SCHEMA = {1054, 1146, 1305, 1318}
"""No such column, table or procedure, or one with another number of parameters."""


@contextmanager
def told_apart(where: str) -> Iterator[None]:
    """Turn errors of `ispyb` and of the connector below it into `TargetUnreachable` and `TargetRefused`.

    Args:
        where: Which database, for the message.
    """
    try:
        yield
    except (DeliveryError, InvalidInput):
        raise
    except Exception as error:
        meant = _meaning(error, where)
        if meant is None:
            raise
        raise meant from error


def _meaning(error: Exception, where: str) -> DeliveryError | None:
    """What an error means; None for one of the program. The connector's own stands behind that of `ispyb`."""
    cause = error if _number(error) is not None else error.__context__
    number = _number(cause)
    text = str(cause or error).strip().splitlines()[0] if str(cause or error).strip() else type(error).__name__
    if number in _NO_RIGHT:
        return TargetUnreachable(
            f"{where} refuses us: {text}; correct the credentials, or grant EXECUTE on its procedures and SELECT on the "
            "tables (without SELECT: look_up false)"
        )
    if number in _OTHER_SCHEMA:
        return TargetUnreachable(
            f"{where} is of another version than the installed package ispyb: {text}; update one of the two"
        )
    if type(cause).__name__ in ("DataError", "IntegrityError") or number == _SIGNALLED:
        return TargetRefused(f"{where} does not take this: {text}; correct the record")
    if number is not None or isinstance(error, OSError) or type(error).__module__.startswith(("ispyb", "mysql")):
        return TargetUnreachable(f"{where} does not answer: {text}; it is tried again")
    return None


def _number(error: BaseException | None) -> int | None:
    """The database's number of an error of the connector."""
    number = getattr(error, "errno", None)
    return number if isinstance(number, int) and type(error).__module__.startswith("mysql") else None
