"""Sends the steps of records to a target as an outbox does: in order, each with the identifiers given so far."""

from collections.abc import Mapping

from lims_records import delivery

from mxplans_lims.delivery import Target
from mxplans_lims.records import SampleRecord


def send_all(target: Target, record: SampleRecord, ids: Mapping[str, str] | None = None) -> dict[str, str]:
    """Send all steps; what the target gave, by key."""
    known = dict(ids or {})
    for step in target.steps(delivery(record)):
        known |= target.send(step, known)
    return known
