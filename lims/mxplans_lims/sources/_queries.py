"""Rows of ISPyB that tell what waits: read in one transaction, as plain values by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Select, select

from mxplans_lims.targets.ispyb.tables import table

Columns = Mapping[str, Any]


@dataclass(frozen=True)
class SampleRows:
    """A sample with what belongs to it; without a row, a mapping is empty."""

    sample: Columns
    plan: Columns
    crystal: Columns
    protein: Columns


@dataclass(frozen=True)
class ContainerRows:
    """A container that waits, with all that it stands in and holds."""

    queue: Columns
    container: Columns
    dewar: Columns
    shipping: Columns
    proposal: Columns
    session: Columns
    samples: tuple[SampleRows, ...]


def waiting_containers(connection: Connection, beamline: str | None) -> tuple[ContainerRows, ...]:
    """Containers that were queued and are not done, the oldest first.

    Args:
        connection: In a transaction.
        beamline: Only those that stand there (`Container.beamlineLocation`); None takes all.
    """
    queue, container = table("ContainerQueue"), table("Container")
    query = (
        select(queue.c.containerQueueId, container.c.containerId)
        .join(container, queue.c.containerId == container.c.containerId)
        .where(queue.c.completedTimeStamp.is_(None))
        .order_by(queue.c.createdTimeStamp, queue.c.containerQueueId)
    )
    if beamline is not None:
        query = query.where(container.c.beamlineLocation == beamline)
    return tuple(_container(connection, queued, holder) for queued, holder in connection.execute(query).all())


def _container(connection: Connection, queued: int, holder: int) -> ContainerRows:
    container = _row(connection, "Container", holder)
    dewar = _row(connection, "Dewar", container.get("dewarId"))
    shipping = _row(connection, "Shipping", dewar.get("shippingId"))
    return ContainerRows(
        queue=_row(connection, "ContainerQueue", queued),
        container=container,
        dewar=dewar,
        shipping=shipping,
        proposal=_row(connection, "Proposal", shipping.get("proposalId")),
        session=_row(connection, "BLSession", container.get("sessionId") or dewar.get("firstExperimentId")),
        samples=_samples(connection, queued, holder),
    )


def _samples(connection: Connection, queued: int, holder: int) -> tuple[SampleRows, ...]:
    """Those that were queued by name, each with the plan that it was queued with; else all of the container."""
    chosen, samples = table("ContainerQueueSample"), table("BLSample")
    plans = {
        row["blSampleId"]: row["dataCollectionPlanId"]
        for row in _rows(connection, select(chosen).where(chosen.c.containerQueueId == queued))
        if row["blSampleId"] is not None
    }
    found = _rows(connection, select(samples).where(samples.c.containerId == holder).order_by(samples.c.blSampleId))
    return tuple(
        _sample(connection, row, plans.get(row["blSampleId"]))
        for row in found
        if not plans or row["blSampleId"] in plans
    )


def _sample(connection: Connection, sample: Columns, plan: int | None) -> SampleRows:
    crystal = _row(connection, "Crystal", sample["crystalId"])
    named = plan or sample["diffractionPlanId"] or crystal.get("diffractionPlanId")
    return SampleRows(
        sample=sample,
        plan=_row(connection, "DiffractionPlan", named),
        crystal=crystal,
        protein=_row(connection, "Protein", crystal.get("proteinId")),
    )


def _row(connection: Connection, name: str, identifier: int | None) -> Columns:
    of = table(name)
    (key,) = of.primary_key.columns
    found = _rows(connection, select(of).where(key == identifier)) if identifier is not None else ()
    return found[0] if found else {}


def _rows(connection: Connection, query: Select[Any]) -> Sequence[Columns]:
    return [
        {name: float(value) if isinstance(value, Decimal) else value for name, value in row._mapping.items()}  # noqa: SLF001
        for row in connection.execute(query)
    ]
