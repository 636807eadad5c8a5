"""The report of a night: one HTML file that needs nothing else, neither a server nor the network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from mxplans_lims._pictures import camera_picture, colour, frame_picture
from mxplans_lims.records import GridRecord, SampleRecord

PHASE_NAMES = ("mount", "optical", "xray", "collect", "unmount")
VERDICTS = {
    "COLLECTED": ("Collected", "good"),
    "DONE": ("Done", "good"),
    "EMPTY_MOUNT": ("Empty mount", "sample"),
    "PIN_MISSING": ("Pin missing", "sample"),
    "NOT_CENTRED": ("Not centred", "sample"),
    "NO_DIFFRACTION": ("No diffraction", "sample"),
    "NO_LIMS_ID": ("No identifier of a LIMS", "bad"),
    "FAILED": ("Failed", "bad"),
}
_BOX_PX = 12
_SCANS_SHOWN = 4


@dataclass(frozen=True)
class _Box:
    x: float
    y: float
    fill: str
    label: str


def write_report(records: Sequence[SampleRecord], outdir: Path, title: str) -> Path:
    """Write OUTDIR/report.html.

    Args:
        records: Of the night, in its order.
        outdir: The night's folder, which holds the snapshots.
        title: The beamline, for people.

    Returns:
        The file.
    """
    environment = Environment(
        loader=PackageLoader("mxplans_lims"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    html = environment.get_template("report.html.j2").render(
        title=title,
        night=_night(records),
        samples=[_sample(record, outdir) for record in records],
        phases=PHASE_NAMES,
    )
    path = outdir / "report.html"
    partial = outdir / "report.html.partial"
    partial.write_text(html, encoding="utf-8")
    partial.replace(path)
    return path


def spelled_duration(seconds: float | None) -> str:
    """Seconds for people.

    >>> spelled_duration(7.25), spelled_duration(75), spelled_duration(3720), spelled_duration(None)
    ('7.2 s', '1 min 15 s', '1 h 02 min', 'no end')
    """
    if seconds is None:
        return "no end"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def _night(records: Sequence[SampleRecord]) -> dict[str, Any]:
    start = min((record.start for record in records), default=None)
    end = max((record.end or record.last for record in records), default=None)
    return {
        "samples": len(records),
        "collected": sum(record.verdict == "COLLECTED" for record in records),
        "frames": sum(record.frames for record in records),
        "duration": spelled_duration((end - start).total_seconds()) if start and end else "-",
        "start": _when(start),
        "end": _when(end),
        "verdicts": [(*_verdict(name), number) for name, number in Counter(r.verdict for r in records).items()],
    }


def _when(time: datetime | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC") if time else "-"


def _verdict(name: str) -> tuple[str, str]:
    return VERDICTS.get(name, (name, "bad"))


def _sample(record: SampleRecord, outdir: Path) -> dict[str, Any]:
    label, kind = _verdict(record.verdict)
    shown = next((sweep for sweep in record.sweeps if sweep.frames), None)
    return {
        "record": record,
        "label": label,
        "kind": kind,
        "evidence": [(name.replace("_", " "), f"{value:.4g}") for name, value in record.evidence.items()],
        "camera": _camera(record, outdir),
        "grids": [_heat_map(grid) for grid in record.grids if grid.score],
        "frame": frame_picture(shown) if shown else None,
        "frame_number": shown.frames // 2 + 1 if shown else 0,
        "phases": _bars(record),
        "total": spelled_duration(((record.end or record.last) - record.start).total_seconds()),
        "facts": _facts(record),
    }


def _camera(record: SampleRecord, outdir: Path) -> dict[str, Any] | None:
    """The last on-axis image with its point; one outside the night's folder is not shown."""
    for snapshot in reversed(record.snapshots):
        path = (outdir / snapshot.path).resolve()
        picture = camera_picture(path) if path.is_relative_to(outdir.resolve()) else None
        if picture is None:
            continue
        uri, scale, width, height = picture
        return {
            "uri": uri,
            "width": width,
            "height": height,
            "x": snapshot.point_x_px * scale,
            "y": snapshot.point_y_px * scale,
            "bar": 100 / snapshot.um_per_px * scale,
            "omega": snapshot.omega_deg,
        }
    return None


def _heat_map(grid: GridRecord) -> dict[str, Any]:
    score = grid.score or ()
    best = max((value for row in score for value in row), default=0.0)
    boxes = [
        _Box(
            x=column * _BOX_PX,
            y=row * _BOX_PX,
            fill=colour(value / best if best > 0 else 0.0),
            label=f"row {row + 1}, column {column + 1}: {value:.3g}",
        )
        for row, values in enumerate(score)
        for column, value in enumerate(values)
    ]
    return {
        "boxes": boxes,
        "side": _BOX_PX,
        "width": max((len(row) for row in score), default=1) * _BOX_PX,
        "height": max(len(score), 1) * _BOX_PX,
        "best": best,
        "omega": grid.centre["omega_deg"],
        "boxes_text": f"{grid.columns} x {grid.rows} boxes of {grid.step_um:g} um",
    }


def _bars(record: SampleRecord) -> list[dict[str, Any]]:
    known = [phase for phase in record.phases if phase.duration_s is not None]
    whole = sum(phase.duration_s or 0.0 for phase in known) or 1.0
    return [
        {
            "name": phase.name,
            "share": 100 * (phase.duration_s or 0.0) / whole,
            "text": spelled_duration(phase.duration_s),
        }
        for phase in record.phases
    ]


def _facts(record: SampleRecord) -> list[tuple[str, str]]:
    facts = [("Place", record.locator or "-"), ("Experiment", record.item_uid)]
    for sweep in record.sweeps[:_SCANS_SHOWN]:
        measured = sweep.measured
        facts.append(("Frames", f"{sweep.frames} of {sweep.scan.get('numberImages', '?')}"))
        if measured.energy_ev and measured.distance_mm is not None:
            facts.append(("Energy, distance", f"{measured.energy_ev:.0f} eV, {measured.distance_mm:.1f} mm"))
        if measured.transmission_frac is not None and measured.beam_size_um:
            size = " x ".join(f"{value:g}" for value in measured.beam_size_um)
            facts.append(("Transmission, beam", f"{measured.transmission_frac:.3g}, {size} um"))
        if sweep.files:
            facts.append(("Files", sweep.files[0].path))
    if len(record.sweeps) > _SCANS_SHOWN:
        facts.append(("Scans", f"{len(record.sweeps)} in all, {record.frames} frames"))
    if record.xray:
        centre = record.xray
        facts.append(("Crystal at", f"{centre.x_mm:.4f}, {centre.y_mm:.4f}, {centre.z_mm:.4f} mm"))
    return facts
