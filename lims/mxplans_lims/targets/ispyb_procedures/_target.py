"""The target: each row is looked up, then written by the procedure of its table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from mxplans.errors import TargetRefused, TargetUnreachable
from mxplans_lims.delivery import Delivery, Step, TargetSettings
from mxplans_lims.targets.ispyb.guard import fitting
from mxplans_lims.targets.ispyb.lookup import resolve
from mxplans_lims.targets.ispyb.row import RESOLVE, SAMPLE, SESSION, Row, rows_of, step_of
from mxplans_lims.targets.ispyb.rows import ispyb_rows
from mxplans_lims.targets.ispyb.sessions import session_unknown
from mxplans_lims.targets.ispyb.site import SiteSettings
from mxplans_lims.targets.ispyb.tables import table
from mxplans_lims.targets.ispyb_procedures._connection import ProcedureConnection, require_packages
from mxplans_lims.targets.ispyb_procedures._problems import told_apart
from mxplans_lims.targets.ispyb_procedures._standing import standing, with_comments_of_others
from mxplans_lims.targets.ispyb_procedures.procedures import PROCEDURES, Procedure


class IspybProceduresSettings(SiteSettings):
    """What a profile says of an ISPyB database with stored procedures."""

    credentials: Path = Field(
        description="File of the package ispyb with a section [ispyb_mariadb_sp]; the password stands only there"
    )
    look_up: bool = Field(
        default=True,
        description="Whether the account may SELECT. Without, a row comes twice when the answer to its first was lost, "
        "and its comments stay as they were first told",
    )
    answer_timeout_s: int = Field(default=30, ge=1, le=600, description="Until a statement is answered")


class IspybProceduresTarget:
    """Sends records through the stored procedures of ISPyB.

    Args:
        name: As in the profile.
        settings: Which database, and how its site says things.

    Raises:
        InvalidInput: If a package that it needs is not installed.
    """

    Settings: type[TargetSettings] = IspybProceduresSettings

    def __init__(self, name: str, settings: IspybProceduresSettings) -> None:
        require_packages()
        self.name = name
        self._look_up = settings.look_up
        self._site = settings.site
        self._connection = ProcedureConnection(settings.credentials, settings.answer_timeout_s)

    def steps(self, delivery: Delivery) -> Sequence[Step]:
        """Rows of the tables that have a procedure, a step for each: procedures know no transaction."""
        first, *others = ispyb_rows(delivery.record, delivery.out, self._site)
        rows = (row for step in others for row in rows_of(step))
        return [first, *(step_of(row.key, [row]) for row in rows if row.table in PROCEDURES)]

    def send(self, step: Step, ids: Mapping[str, str]) -> Mapping[str, str]:
        """Write a row, or change it where it stands."""
        if step.key == RESOLVE:
            return self._resolved(step.payload)
        (row,) = rows_of(step)
        with told_apart("ISPyB"):
            values: Mapping[str, Any] = _values(row, ids)
        known = ids.get(row.key)
        if self._look_up:
            with self._connection.tables() as connection:
                known = known or standing(connection, row, values, ids)
                if known is not None:
                    values = with_comments_of_others(connection, row, values, ids, known)
        elif known is not None:  # what others may have written there cannot be read
            values = {column: value for column, value in values.items() if column != "comments"}
        procedure = PROCEDURES[row.table]
        if known is not None and not procedure.changes:
            return {row.key: known}
        with self._connection.procedures() as connector:
            told = _call(connector, procedure, values, ids[row.owner[0]] if row.owner else known)
        if row.owner is not None:
            return {}  # the procedure answers with the data collection, which leads to the row each time
        return {row.key: known or str(told)}

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _resolved(self, meant: Mapping[str, Any]) -> dict[str, str]:
        if self._look_up:
            with self._connection.tables() as connection:
                return resolve(connection, meant)
        if meant["session"] is None:
            raise session_unknown(meant)
        visit = f"{meant['proposal']['code']}{meant['proposal']['number']}-{meant['session']}"
        with self._connection.procedures() as connector:
            session = _session(connector, visit)
        sample = next((text for text in meant["sample"]["identifiers"] if text.isdigit()), None)
        return {RESOLVE: session, SESSION: session} | ({} if sample is None else {SAMPLE: sample})


def _session(connector: Any, visit: str) -> str:
    try:
        return str(connector.core.retrieve_visit_id(visit))
    except Exception as error:
        if type(error).__name__ != "NoResult":
            raise
        raise TargetRefused(
            f"ISPyB has no session {visit}; allowed is one that it has: enter it there, or correct the shipment"
        ) from error


def _values(row: Row, ids: Mapping[str, str]) -> dict[str, Any]:
    """By column: checked, with the identifiers of the rows that it hangs on.

    Raises:
        TargetRefused: If one does not fit, or the procedure takes less than its column.
        TargetUnreachable: If a row that it hangs on is not there yet.
    """
    said = row.words(ids)
    given = {**row.values, "comments": "; ".join(said)} if said else dict(row.values)
    for column, width in PROCEDURES[row.table].widths.items():
        if len(str(given.get(column, ""))) > width:
            raise TargetRefused(
                f"{row.table}.{column} is {given[column]!r}; allowed by its procedure are {width} characters: correct "
                "the record"
            )
    values = fitting(table(row.table), given)
    for column, key in row.links.items():
        if key in ids:
            values[column] = int(ids[key])
        elif key != SAMPLE:
            raise TargetUnreachable(f"{row.key} hangs on {key}, which is not there yet: it is sent after it")
    return values


def _call(connector: Any, procedure: Procedure, values: Mapping[str, Any], known: str | None) -> Any:
    area = getattr(connector, procedure.area)
    parameters = getattr(area, procedure.parameters)()
    if known is not None:
        parameters["id"] = int(known)
    for column, value in values.items():
        if column in procedure.columns:
            parameters[procedure.columns[column]] = value
    return getattr(area, procedure.call)(list(parameters.values()))
