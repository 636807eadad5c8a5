"""The target: each row is looked up, made or changed through the routes of the site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import AfterValidator, Field

from mxplans.errors import TargetUnreachable
from mxplans_lims.delivery import Delivery, Step
from mxplans_lims.targets.expeye._calls import Call, calls_of
from mxplans_lims.targets.expeye._client import ClientSettings, RestClient
from mxplans_lims.targets.expeye.routes import WIDTHS, Route, routes_with, usable_routes
from mxplans_lims.targets.ispyb.comments import beside, shortened
from mxplans_lims.targets.ispyb.row import RESOLVE, SESSION
from mxplans_lims.targets.ispyb.rows import ispyb_rows
from mxplans_lims.targets.ispyb.sessions import Session, session_at, session_unknown
from mxplans_lims.targets.ispyb.site import SiteSettings


class ExpeyeSettings(SiteSettings, ClientSettings):
    """What a profile says of ISPyB over REST."""

    look_up: bool = Field(
        default=True,
        description="Whether the server lists rows. Without, a row comes twice when the answer to its first was lost, "
        "and its comments stay as they were first told",
    )
    routes: Annotated[dict[str, dict[str, Any]], AfterValidator(usable_routes)] = Field(
        default={}, description="What is otherwise on this server, by table: see `routes.Route`"
    )


class ExpeyeTarget:
    """Sends records to ISPyB over REST.

    Args:
        name: As in the profile.
        settings: What the profile says of it.
    """

    Settings = ExpeyeSettings

    def __init__(self, name: str, settings: ExpeyeSettings) -> None:
        self.name = name
        self.place = settings.url
        self._look_up = settings.look_up
        self._routes = routes_with(settings.routes)
        self._site = settings.site
        self._client = RestClient(settings)

    def steps(self, delivery: Delivery) -> Sequence[Step]:
        """One for each row that has a route, in the order in which they hang on each other.

        Where the experiment names no session, the first one finds it.
        """
        rows = ispyb_rows(delivery.record, delivery.out, self._site)
        first = rows[:1] if rows[0].payload["session"] is None else ()
        return [*first, *(Step(key, call.to_json()) for key, call in calls_of(rows, self._routes))]

    def send(self, step: Step, ids: Mapping[str, str]) -> Mapping[str, str]:
        """Change the row where it stands; otherwise look for it beside the others, and make it where it is not."""
        if step.key == RESOLVE:
            number = self._session_at(step.payload)
            return {RESOLVE: number, SESSION: number}
        call = Call.of(step.payload)
        route = self._routes[call.table]
        where = _where(call, ids)
        known = call.known or ids.get(step.key)
        if known is None and self._look_up:
            known = self._found(route, call, where)
        if known is None:
            known = self._made(route, call, where)
        elif route.row is not None:
            self._change(route.row.format(id=quote(known, safe="")), call)
        return {step.key: known}

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _session_at(self, meant: Mapping[str, Any]) -> str:
        """Number of the session that an experiment began in, by the times that the server lists."""
        if not self._look_up:
            raise session_unknown(meant)
        route = self._routes["BLSession"]
        proposal = meant["proposal"]["code"] + meant["proposal"]["number"]
        listed = self._client.rows((route.create or "").format(proposal=quote(proposal, safe="")))
        return str(session_at([_session_of(route, row) for row in listed], meant))

    def _found(self, route: Route, call: Call, where: Mapping[str, str]) -> str | None:
        """A row that an earlier attempt has left there, its answer lost."""
        if route.pointer is not None and route.parent is not None:
            above = self._routes[route.parent].row
            pointed = self._client.one((above or "").format(id=where["parent"])).get(route.pointer)
            return None if pointed is None else str(pointed)
        beside = self._client.rows((route.create or "").format_map(where))
        same = (row for row in beside if _is_meant(route, call, row))
        found = next(islice(same, call.place, None), None)
        return None if found is None else _id_of(route, found)

    def _made(self, route: Route, call: Call, where: Mapping[str, str]) -> str:
        return _id_of(route, self._client.create((route.create or "").format_map(where), _marked(call)))

    def _change(self, path: str, call: Call) -> None:
        """Comments grow: what people or programs have written there stays, so that nothing is said where it is not read."""
        body = dict(call.body)
        ours = body.pop("comments", None)
        if ours is not None and self._look_up:
            stands = str(self._client.one(path).get("comments") or "")
            whole = beside(stands, (ours,), WIDTHS["comments"])
            body |= {"comments": whole} if whole != stands else {}
        if body:
            self._client.update(path, body)


def _marked(call: Call) -> dict[str, Any]:
    """The body of a new row: its comments end with what is said at first, which our uid is part of."""
    body = dict(call.body)
    if call.at_first:
        said = shortened(body.get("comments", ""), WIDTHS["comments"] - len(call.at_first) - 2)
        body["comments"] = f"{said}; {call.at_first}" if said else call.at_first
    return body


def _where(call: Call, ids: Mapping[str, str]) -> dict[str, str]:
    """What stands for the places in a path."""
    session = ids.get(SESSION) if call.session is None else str(call.session)
    if session is None:
        raise TargetUnreachable(f"{call.table} hangs on a session, which is not found yet: it is sent after it")
    where = {"proposal": quote(call.proposal, safe=""), "session": session}
    if call.parent is not None:
        if call.parent not in ids:
            raise TargetUnreachable(f"{call.table} hangs on {call.parent}, which is not there yet: it is sent after it")
        where["parent"] = quote(ids[call.parent], safe="")
    return where


def _id_of(route: Route, row: Mapping[str, Any]) -> str:
    if row.get(route.id_field) is None:
        raise TargetUnreachable(
            f"a row came without {route.id_field}, it has {', '.join(row) or 'nothing'}: the server is of another "
            "version, check `routes` of the target"
        )
    return str(row[route.id_field])


def _session_of(route: Route, row: Mapping[str, Any]) -> Session:
    """A session that is listed; times are read without the zone that some servers put there."""
    told = {column: row.get(name) for column, name in route.fields.items()}
    start, end = (_plain(told.get(column)) for column in ("startDate", "endDate"))
    return Session(
        int(_id_of(route, row)),
        told.get("beamLineName"),
        start if isinstance(start, datetime) else None,
        end if isinstance(end, datetime) else None,
    )


def _is_meant(route: Route, call: Call, row: Mapping[str, Any]) -> bool:
    if call.mark is not None and route.mark is not None:
        return call.mark in str(row.get(route.mark))
    return all(_plain(row.get(field)) == _plain(value) for field, value in call.match.items())


def _plain(value: Any) -> Any:
    """Times are spelled in several ways: with a T or a blank, with a zone that nobody meant."""
    if isinstance(value, str) and value[:4].isdigit():
        try:
            return datetime.fromisoformat(value).replace(tzinfo=None, microsecond=0)
        except ValueError:
            return value
    return value
