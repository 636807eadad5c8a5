"""Which session and which sample an experiment means: looked up, never made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select

from mxplans.errors import TargetRefused
from mxplans_lims.targets.ispyb.row import RESOLVE, SAMPLE, SESSION
from mxplans_lims.targets.ispyb.sessions import Session, session_at
from mxplans_lims.targets.ispyb.tables import table


def resolve(connection: Connection, meant: Mapping[str, Any]) -> dict[str, str]:
    """Identifiers of the session and, where ISPyB knows it, of the sample.

    The sample is found by an identifier that ISPyB gave, else by the barcode of its pin, else by the barcode of its
    puck and its places; always within the session's proposal. Of several the newest is meant: pins and pucks come back.

    Args:
        connection: In a transaction.
        meant: Payload of the first step.

    Raises:
        TargetRefused: If there is no such proposal or session, or none at that time where none is named.
    """
    session, proposal = _session(connection, meant)
    found = {RESOLVE: str(session), SESSION: str(session)}
    for query in _samples(proposal, meant["sample"]):
        sample = connection.execute(query).scalar()
        if sample is not None:
            return found | {SAMPLE: str(sample)}
    return found


def _session(connection: Connection, meant: Mapping[str, Any]) -> tuple[int, int]:
    proposals, sessions = table("Proposal"), table("BLSession")
    proposal = meant["proposal"]
    named = f"{proposal['code']}{proposal['number']}"
    which = (proposals.c.proposalCode == proposal["code"]) & (proposals.c.proposalNumber == proposal["number"])
    ours = connection.execute(select(proposals.c.proposalId).where(which)).scalars().all()
    if not ours:
        raise TargetRefused(
            f"ISPyB has no proposal {named}; allowed is one that it has: enter it there, or correct the shipment"
        )
    number = meant["session"] if meant["session"] is not None else session_at(_sessions(connection, ours), meant)
    query = select(sessions.c.sessionId, sessions.c.proposalId).where(
        sessions.c.proposalId.in_(ours), sessions.c.visit_number == number
    )
    row = connection.execute(query.order_by(sessions.c.sessionId.desc())).first()
    if row is None:
        there = select(sessions.c.visit_number).where(sessions.c.proposalId.in_(ours)).order_by(sessions.c.visit_number)
        known = ", ".join(map(str, connection.execute(there).scalars())) or "none"
        raise TargetRefused(
            f"proposal {named} has no session {number} in ISPyB; allowed is one of: {known}: enter it there, or correct "
            "the shipment"
        )
    return int(row[0]), int(row[1])


def _sessions(connection: Connection, proposals: Sequence[int]) -> list[Session]:
    of = table("BLSession").c
    query = select(of.visit_number, of.beamLineName, of.startDate, of.endDate).where(of.proposalId.in_(proposals))
    return [Session(*row) for row in connection.execute(query.order_by(of.visit_number))]


def _samples(proposal: int, sample: Mapping[str, Any]) -> Iterator[Select[tuple[int]]]:
    samples, containers = table("BLSample"), table("Container")
    where = _in_pin(sample.get("sub_location"))
    for identifier in sample["identifiers"]:
        if str(identifier).isdigit():
            yield _of(proposal, samples.c.blSampleId == int(identifier))
    if sample.get("barcode"):
        yield _of(proposal, samples.c.code == sample["barcode"], *where)
    if sample.get("container_barcode") and sample.get("location") is not None:
        yield _of(
            proposal,
            containers.c.barcode == sample["container_barcode"],
            samples.c.location == str(sample["location"]),
            *where,
            *_not_another(sample.get("barcode")),
        )


def _not_another(barcode: str | None) -> tuple[ColumnElement[bool], ...]:
    """What stands at a place is not meant when it has a barcode, and not the one that was read."""
    code = table("BLSample").c.code
    return () if barcode is None else (code.is_(None) | code.in_(("", barcode)),)


def _in_pin(position: int | None) -> tuple[ColumnElement[bool], ...]:
    return () if position is None else (table("BLSample").c.subLocation == position,)


def _of(proposal: int, *conditions: ColumnElement[bool]) -> Select[tuple[int]]:
    """Newest sample of a proposal's shippings that meets conditions."""
    samples, containers, dewars, shippings = map(table, ("BLSample", "Container", "Dewar", "Shipping"))
    chain = (
        samples.join(containers, samples.c.containerId == containers.c.containerId)
        .join(dewars, containers.c.dewarId == dewars.c.dewarId)
        .join(shippings, dewars.c.shippingId == shippings.c.shippingId)
    )
    query = select(samples.c.blSampleId).select_from(chain).where(shippings.c.proposalId == proposal, *conditions)
    # A pin with one loop is meant before a position of a pin with several, unless that is asked for.
    return query.order_by(samples.c.subLocation.is_not(None), samples.c.blSampleId.desc()).limit(1)
