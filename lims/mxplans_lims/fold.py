"""Documents to records: a pure fold. The outer run of a sample with its inner runs becomes one `SampleRecord`.

The only keys it knows are those of the documents contract; measured values come from events, frame counts from the
detector's stream documents, never from what was asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from mxplans.model.document_keys import from_document
from mxplans_lims._attempts import joined
from mxplans_lims._runs import Event, Run, collect_runs, utc
from mxplans_lims.journal import Document, read_journal
from mxplans_lims.records import (
    ExitStatus,
    FrameFile,
    GridRecord,
    LineOfSight,
    Measured,
    Phase,
    RobotAction,
    SampleRecord,
    ScanRecord,
    Snapshot,
    XrayCentre,
)

FAILED = "FAILED"
_EVIDENCE = "evidence_"
_MEASURED_KEYS = {
    "x_mm": ("goniometer_x",),
    "y_mm": ("goniometer_y",),
    "z_mm": ("goniometer_z",),
    "omega_deg": ("goniometer_omega",),
    "energy_ev": ("beam_energy",),
    "flux_ph_s": ("beam_flux",),
    "ring_current_ma": ("beam_ring_current",),
    "transmission_frac": ("attenuator", "attenuator_readback", "attenuator_transmission"),
    "distance_mm": ("detector_distance", "detector_distance_readback"),
}


def fold_journal(path: Path) -> list[SampleRecord]:
    """Records of a night, from its journal."""
    return fold(read_journal(path))


def fold(documents: Iterable[Document]) -> list[SampleRecord]:
    """Records of a night, in its order, one for each queue item. Runs that belong to no sample are left out."""
    runs = collect_runs(documents)
    inner: dict[str, list[Run]] = {}
    for run in runs:
        if run.parent_uid is not None:
            inner.setdefault(run.parent_uid, []).append(run)
    attempts: dict[str, list[SampleRecord]] = {}
    for run in runs:
        if run.role == "sample":
            record = _sample(run, inner.get(run.uid, []))
            attempts.setdefault(record.item_uid, []).append(record)
    return [joined(records) for records in attempts.values()]


def _sample(run: Run, inner: Sequence[Run]) -> SampleRecord:
    start = from_document(run.start["mxplans"])
    verdict, reason, evidence = _verdict(run)
    snapshots = run.events("mx_snapshot")
    optical = run.last("mx_optical")
    told = _last_told(run.events("mx_xrc_result"), "xrc_rank")
    return SampleRecord(
        run_uid=run.uid,
        item_uid=start["item_uid"],
        attempt=start.get("attempt", 1),
        sample_name=run.start.get("sample_name") or start["mxlims"]["sample"].get("name") or start["item_uid"],
        locator=str(start["mxlims"]["sample"].get("locator") or ""),
        beamline=run.start.get("beamline"),
        experiment=start["item"],
        templates=tuple(start.get("sweeps") or ()),
        objects=start.get("objects") or {},
        mxlims_version=start["mxlims"]["version"],
        verdict=verdict,
        reason=reason,
        evidence=evidence,
        exit_status=_exit_status(run),
        start=utc(run.start["time"]),
        end=_end(run),
        last=max([utc(run.last_time), *(utc(scan.last_time) for scan in inner)]),
        phases=_phases(run.events("mx_phase")),
        robot=tuple(_robot(event) for event in run.events("mx_robot")),
        optical={} if optical is None else optical.data,
        snapshots=tuple(_snapshot(event) for event in snapshots),
        xray=_chosen(told),
        crystals=tuple(_crystal(event) for event in told),
        lines=tuple(
            LineOfSight(values=event.data, time=utc(event.time))
            for event in _last_told(run.events("mx_xrc_line"), "xrc_line_number")
        ),
        grids=tuple(_grid(scan, run) for scan in inner if scan.role == "grid"),
        sweeps=tuple(ScanRecord(**_scan(scan)) for scan in inner if scan.role in ("rotation", "still")),
    )


def _verdict(run: Run) -> tuple[str, str, dict[str, float]]:
    """What the plan said of the sample, unless the run came to a bad end afterwards."""
    event = run.last("mx_verdict")
    data = event.data if event else {}
    evidence = {key.removeprefix(_EVIDENCE): value for key, value in data.items() if key.startswith(_EVIDENCE)}
    said = str(data.get("verdict_reason", ""))
    status = _exit_status(run)
    if status == "success" and event is not None:
        return str(data["verdict"]), said, evidence
    problem = {
        "success": "the run ended without a verdict",
        "unfinished": "the run has no stop document: the process that wrote it ended first",
    }.get(status) or f"{status}: {(run.stop or {}).get('reason') or 'no reason given'}"
    if event is not None and data.get("verdict") == "COLLECTED":
        return "COLLECTED", f"{said}; then {problem}", evidence
    return FAILED, f"{said}; then {problem}" if said else problem, evidence


def _exit_status(run: Run) -> ExitStatus:
    status: ExitStatus = run.stop["exit_status"] if run.stop else "unfinished"
    return status


def _end(run: Run) -> datetime | None:
    return utc(run.stop["time"]) if run.stop else None


def _phases(events: Sequence[Event]) -> tuple[Phase, ...]:
    """Pairs of begin and end; a phase that never ended has no duration."""
    found: list[Phase] = []
    open_phases: dict[str, int] = {}
    for event in events:
        name = str(event.data["phase"])
        if event.data["state"] == "begin":
            open_phases[name] = len(found)
            found.append(Phase(name=name, start=utc(event.time), duration_s=None))
        elif name in open_phases:
            place = open_phases.pop(name)
            seconds = (utc(event.time) - found[place].start).total_seconds()
            found[place] = found[place].model_copy(update={"duration_s": seconds})
    return tuple(found)


def _robot(event: Event) -> RobotAction:
    data = event.data
    return RobotAction(
        action=data["robot_action"],
        puck=data["robot_puck"],
        pin=data["robot_pin"],
        code=data["robot_code"],
        message=data["robot_message"],
        time=utc(event.time),
    )


def _snapshot(event: Event) -> Snapshot:
    data = event.data
    return Snapshot(
        path=data["viewer_snapshot_file"],
        label=data.get("snapshot_label", ""),
        omega_deg=data["snapshot_omega_deg"],
        um_per_px=data["viewer_um_per_px"],
        point_x_px=data.get("snapshot_point_x_px", data["viewer_beam_x_px"]),
        point_y_px=data.get("snapshot_point_y_px", data["viewer_beam_y_px"]),
        time=utc(event.time),
    )


def _last_told(events: Sequence[Event], number: str) -> list[Event]:
    """Events of the last time that something was told, in their order; each time is counted from 1 anew.

    Where they are not counted, each is all there was to tell.
    """
    last: dict[int, Event] = {}
    for event in events:
        place = int(event.data.get(number, 1))
        if place == 1:
            last.clear()
        last[place] = event
    return [last[place] for place in sorted(last)]


def _chosen(told: Sequence[Event]) -> XrayCentre | None:
    """The crystal that the experiment goes on with; the best one where no event says which."""
    found = [event for event in told if event.data.get("xrc_chosen", 1)]
    return _crystal(found[0]) if found else None


def _crystal(event: Event) -> XrayCentre:
    data = event.data
    return XrayCentre(
        x_mm=data["xrc_x_mm"], y_mm=data["xrc_y_mm"], z_mm=data["xrc_z_mm"], values=data, time=utc(event.time)
    )


def _grid(run: Run, outer: Run) -> GridRecord:
    grid = run.start["mxplans"]["grid"]
    scores = _grid_event(run, outer)
    return GridRecord(
        **_scan(run),
        rows=grid["rows"],
        columns=grid["columns"],
        step_um=grid["step_um"],
        row_step_um=grid.get("row_step_um", grid["step_um"]),
        snake=grid.get("snake", False),
        centre=grid["centre"],
        volume_scan_uuid=run.start["mxplans"].get("volume_scan_uuid"),
        score=_table(scores.get("grid_score")),
        n_spots=_table(scores.get("grid_n_spots")),
    )


def _grid_event(run: Run, outer: Run) -> Mapping[str, Any]:
    """Scores stand in the grid's own run, or in the sample's run under the grid's ordinal."""
    own = run.last("mx_grid")
    if own is not None:
        return own.data
    ordinal = run.start["mxplans"]["scan"]["ordinal"]
    found = [event.data for event in outer.events("mx_grid") if event.data.get("grid_ordinal") == ordinal]
    return found[-1] if found else {}


def _table(rows: Any) -> tuple[tuple[float, ...], ...] | None:
    return None if rows is None else tuple(tuple(float(value) for value in row) for row in rows)


def _scan(run: Run) -> dict[str, Any]:
    start = from_document(run.start["mxplans"])
    return {
        "run_uid": run.uid,
        "role": start["role"],
        "sweep": start["sweep"],
        "scan": start["scan"],
        "measured": _measured(run.last("mx_pre")),
        "files": _files(run),
        "exit_status": _exit_status(run),
        "start": utc(run.start["time"]),
        "end": _end(run),
    }


def _measured(event: Event | None) -> Measured:
    if event is None:
        return Measured()
    data = event.data
    values = {
        field: next((float(data[key]) for key in keys if key in data), None) for field, keys in _MEASURED_KEYS.items()
    }
    size = data.get("aperture_beam_size")
    both = None if size is None else (float(size), float(size)) if not isinstance(size, list) else tuple(size)
    return Measured.model_validate({**values, "beam_size_um": both})


def _files(run: Run) -> tuple[FrameFile, ...]:
    """Files in the order of their resources, each with the frames its datums announce."""
    counts: dict[str, int] = {}
    for datum in run.stream_datums:
        indices = datum["indices"]
        uid = datum["stream_resource"]
        counts[uid] = counts.get(uid, 0) + indices["stop"] - indices["start"]
    return tuple(
        FrameFile(
            path=unquote(urlparse(resource["uri"]).path),
            dataset=resource["parameters"].get("dataset", ""),
            frames=counts.get(resource["uid"], 0),
        )
        for resource in run.stream_resources
    )
