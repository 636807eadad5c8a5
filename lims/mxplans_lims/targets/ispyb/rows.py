"""An experiment as steps of ISPyB rows, in the order in which they must be written: pure, and with no database at all.

Where our uid stands, so that no row comes twice when an answer was lost:

| table | found again by |
|---|---|
| DataCollectionGroup | our uid in `scanParameters` (JSON), within the session |
| DataCollection | its group and `dataCollectionNumber`, which follows from the requested sweep |
| Position, MotorPosition | the data collection that points to it |
| GridInfo, XrayCentring | the one of its data collection or group |
| XrayCentringResult | its place among those of its centring |
| Screening | our uid in `comments`, within the group; all below it by parent and number |
| RobotAction | session, action and both times |
| EnergyScan, XFEFluorescenceSpectrum | session and start; an energy scan by element and edge too |
| DataCollectionFileAttachment | data collection and path |
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mxplans.errors import TargetRefused
from mxplans_lims.delivery import Step
from mxplans_lims.records import SampleRecord
from mxplans_lims.targets.ispyb.groups import Group, group_row, groups_of
from mxplans_lims.targets.ispyb.row import RESOLVE, step_of
from mxplans_lims.targets.ispyb.rows_collections import attachment_rows, collection_row, position_rows
from mxplans_lims.targets.ispyb.rows_grids import centring_rows, grid_row
from mxplans_lims.targets.ispyb.rows_others import (
    energy_scan_link,
    energy_scan_rows,
    fluorescence_rows,
    robot_rows,
    sample_row,
    screening_rows,
)
from mxplans_lims.targets.ispyb.site import Site, Told

IDENTIFIER = "ispyb"
"""Domain of identifiers that ISPyB gave, before the first dot: `ispyb.example.org`, or one a site chooses so."""


def ispyb_rows(record: SampleRecord, out: Path, site: Site) -> tuple[Step, ...]:
    """Steps of an experiment; each but the first has `rows` in its payload, see `rows_of`.

    The first has no rows: it says which session and sample are meant, and its answer are their identifiers under
    `session` and `sample`.

    Raises:
        TargetRefused: If the experiment names no proposal.
    """
    given = Told(record, out, site)
    return (Step(RESOLVE, _meant(given)), *_steps(given))


def _steps(given: Told) -> Iterator[Step]:
    record = given.record
    groups = groups_of(record)
    for row in robot_rows(given):
        yield step_of(row.key, [row])
    for group in groups:
        yield step_of(group.key, [group_row(given, group)])
    yield from _collections(given, groups)
    for group in groups:
        if group.what == "characterisation":
            for number, strategy in enumerate(record.strategies, start=1):
                rows = screening_rows(given, group, number, strategy)
                yield step_of(rows[0].key, rows)
    for row in energy_scan_rows(given):
        yield step_of(row.key, [row, energy_scan_link(row.key)])
    for row in fluorescence_rows(given):
        yield step_of(row.key, [row])
    if record.complete:
        yield step_of("end", [sample_row(given)])


def _collections(given: Told, groups: tuple[Group, ...]) -> Iterator[Step]:
    """Collections, then what hangs on them."""
    sweeps = [(group, sweep) for group in groups for sweep in group.sweeps]
    for group, sweep in sweeps:
        row = collection_row(given, group, sweep)
        yield step_of(row.key, [row])
    for _, sweep in sweeps:
        if positions := position_rows(sweep):
            yield step_of(f"position/{sweep.uuid}", positions)
    for _, sweep in sweeps:
        if sweep.grid is not None:
            row = grid_row(given, sweep, sweep.grid)
            yield step_of(row.key, [row])
    if found := centring_rows(given):
        yield step_of(found[0].key, found)
    for _, sweep in sweeps:
        for row in attachment_rows(given, sweep):
            yield step_of(row.key, [row])


def _meant(given: Told) -> dict[str, Any]:
    """Which session and which sample: all that may lead to them, in plain words.

    A shipment without a session is one of unattended data collection: then the target has one, or the time tells it.
    """
    record = given.record
    objects = record.objects
    shipment = objects.get("Shipment", {})
    proposal = record.proposal or shipment.get("proposalCode")
    if not proposal:
        raise TargetRefused(
            f"experiment {record.item_uid} names no proposal; allowed is one as mx1234: give its shipment proposalCode"
        )
    code, number, visit = _proposal(str(proposal))
    named = (record.session, shipment.get("sessionNumber"), visit, given.site.session)
    session = next((each for each in named if each is not None), None)
    place = objects.get("Pin", objects.get("MultiPin", {}))
    return {
        "proposal": {"code": code, "number": number},
        "session": None if session is None else int(session),
        "began": given.time(record.start),
        "beamline": given.site.beamline or record.beamline,
        "sample": {
            "name": record.sample_name,
            "identifiers": [
                text
                for kind in ("MacromoleculeSample", "PinPosition", "Pin")
                for domain, text in sorted((objects.get(kind, {}).get("identifiers") or {}).items())
                if domain.split(".")[0] == IDENTIFIER
            ],
            "barcode": place.get("barcode"),
            "container_barcode": objects.get("Puck", {}).get("barcode"),
            "location": place.get("positionInPuck"),
            "sub_location": objects.get("PinPosition", {}).get("positionInPin"),
        },
    }


def _proposal(text: str) -> tuple[str, str, str | None]:
    """Letters and digits of `mx1234`, and the session of a visit as `mx1234-5`."""
    head, _, visit = (part.strip() for part in text.partition("-"))
    code = head.rstrip("0123456789")
    if not code or code == head:
        raise TargetRefused(
            f"proposal is {text!r}; allowed are letters and then digits, as mx1234: correct the shipment"
        )
    if visit and not visit.isdecimal():
        raise TargetRefused(f"session is {visit!r} in proposal {text!r}; allowed is a number: correct the shipment")
    return code, head[len(code) :], visit or None
