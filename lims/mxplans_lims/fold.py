"""Documents to records: a pure fold. The outer run of a sample with its inner runs becomes one `SampleRecord`.

The only keys it knows are those of the documents contract; measured values come from events, frame counts from the
detector's stream documents, never from what was asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from mxplans.model.document_keys import from_document
from mxplans_lims import _spectra as spectra
from mxplans_lims._attempts import joined
from mxplans_lims._runs import Event, Run, collect_runs, utc
from mxplans_lims._scans import Scans, end, exit_status
from mxplans_lims.journal import Document, read_journal
from mxplans_lims.records import ExitStatus, LineOfSight, Phase, RobotAction, SampleRecord, Snapshot, XrayCentre

FAILED = "FAILED"
RUNNING = "RUNNING"
"""Verdict of a sample of which nothing is decided yet."""
_EVIDENCE = "evidence_"


def fold_journal(path: Path) -> list[SampleRecord]:
    """Records of a night, from its journal."""
    return fold(read_journal(path))


def fold(documents: Iterable[Document], live: bool = False) -> list[SampleRecord]:
    """Records of a night, in its order, one for each queue item. Runs that belong to no sample are left out.

    Args:
        documents: In any order, and any of them twice, as long as each run's start document is there.
        live: Whether somebody still writes them. Then the latest sample may lack a stop document because it is not over
            yet; otherwise, and for each earlier one, the process that wrote it has ended first.
    """
    runs = sorted(collect_runs(documents), key=lambda run: float(run.start["time"]))
    inner: dict[str, list[Run]] = {}
    for run in runs:
        if run.parent_uid is not None:
            inner.setdefault(run.parent_uid, []).append(run)
    items: dict[str, list[Run]] = {}
    latest = ""
    for run in (run for run in runs if run.role == "sample"):
        latest = run.start["mxplans"]["item_uid"]
        items.setdefault(latest, []).append(run)
    records = []
    for item_uid, attempts in items.items():
        attempts.sort(key=_attempt)  # of which a later one may have an earlier time: clocks are put back
        last = attempts[-1]
        going_on = last if live and item_uid == latest and last.stop is None else None
        records.append(joined([_sample(run, inner.get(run.uid, []), run is going_on) for run in attempts]))
    return records


def _attempt(run: Run) -> int:
    return int(run.start["mxplans"].get("attempt", 1))


def _sample(run: Run, inner: Sequence[Run], live: bool) -> SampleRecord:
    start = from_document(run.start["mxplans"])
    status = exit_status(run, live)
    verdict, reason, evidence = _verdict(run, status)
    scans = Scans(live)
    snapshots = run.events("mx_snapshot")
    optical = run.last("mx_optical")
    told = _last_told(run.events("mx_xrc_result"), "xrc_rank")
    return SampleRecord(
        run_uid=run.uid,
        item_uid=start["item_uid"],
        attempt=_attempt(run),
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
        exit_status=status,
        start=utc(run.start["time"]),
        end=end(run),
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
        grids=scans.grids(inner, run),
        sweeps=scans.sweeps(inner),
        lims=start.get("lims") or {},
        strategies=tuple(spectra.strategy(event) for event in run.events("mx_strategy")),
        energy_scans=tuple(spectra.energy_scan(event) for event in run.events("mx_energy_scan")),
        fluorescence=tuple(spectra.fluorescence(event) for event in run.events("mx_xrf")),
    )


def _verdict(run: Run, status: ExitStatus) -> tuple[str, str, dict[str, float]]:
    """What the plan said of the sample, unless the run came to a bad end afterwards."""
    event = run.last("mx_verdict")
    data = event.data if event else {}
    evidence = {key.removeprefix(_EVIDENCE): value for key, value in data.items() if key.startswith(_EVIDENCE)}
    said = str(data.get("verdict_reason", ""))
    if status == "running" or (status == "success" and event is not None):
        return str(data.get("verdict", RUNNING)), said, evidence
    problem = {
        "success": "the run ended without a verdict",
        "unfinished": "the run has no stop document: the process that wrote it ended first",
    }.get(status) or f"{status}: {(run.stop or {}).get('reason') or 'no reason given'}"
    if event is not None and data.get("verdict") == "COLLECTED":
        return "COLLECTED", f"{said}; then {problem}", evidence
    return FAILED, f"{said}; then {problem}" if said else problem, evidence


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
            seconds = max(0.0, (utc(event.time) - found[place].start).total_seconds())
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
        start=utc(data["robot_start_s"]) if data.get("robot_start_s") else None,
        barcode=data.get("robot_barcode") or None,
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
