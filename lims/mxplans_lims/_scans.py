"""Inner runs to scans: what was asked for, what was read back, what the detector said, where the frames stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from posixpath import basename, dirname
from typing import Any
from urllib.parse import unquote

from mxplans.model.document_keys import from_document
from mxplans_lims._runs import Event, Run, utc
from mxplans_lims.records import DetectorFacts, ExitStatus, FrameFile, GridRecord, Measured, ScanRecord

_MEASURED_KEYS = {
    "x_mm": ("goniometer_x",),
    "y_mm": ("goniometer_y",),
    "z_mm": ("goniometer_z",),
    "omega_deg": ("goniometer_omega",),
    "kappa_deg": ("goniometer_kappa",),
    "phi_deg": ("goniometer_phi",),
    "chi_deg": ("goniometer_chi",),
    "energy_ev": ("beam_energy",),
    "flux_ph_s": ("beam_flux",),
    "ring_current_ma": ("beam_ring_current",),
    "transmission_frac": ("attenuator", "attenuator_readback", "attenuator_transmission"),
    "distance_mm": ("detector_distance", "detector_distance_readback"),
}
_PLACE = {"goniometer_x", "goniometer_y", "goniometer_z"}
_DETECTOR = "detector_"
_DETECTOR_NUMBERS = (
    "pixel_x_um",
    "pixel_y_um",
    "beam_centre_x_px",
    "beam_centre_y_px",
    "distance_mm",
    "exposure_s",
    "energy_ev",
    "omega_start_deg",
    "omega_increment_deg",
)
_IMAGE = "detector_image"
_ROLES = ("rotation", "still")


class Scans:
    """Makes records of the inner runs of a fold; requested sweeps that are the same are kept once.

    Args:
        live: Whether a run without a stop document is still being written.
    """

    def __init__(self, live: bool) -> None:
        self._live = live
        self._sweeps: dict[str | None, tuple[Any, Mapping[str, Any]]] = {}

    def grids(self, inner: Sequence[Run], outer: Run) -> tuple[GridRecord, ...]:
        """The grids among them."""
        return tuple(self._grid(run, outer) for run in inner if run.role == "grid")

    def sweeps(self, inner: Sequence[Run]) -> tuple[ScanRecord, ...]:
        """Rotations and stills among them."""
        return tuple(ScanRecord(**self._scan(run)) for run in inner if run.role in _ROLES)

    def _grid(self, run: Run, outer: Run) -> GridRecord:
        grid = run.start["mxplans"]["grid"]
        scores = _grid_event(run, outer)
        return GridRecord(
            **self._scan(run),
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

    def _scan(self, run: Run) -> dict[str, Any]:
        start = run.start["mxplans"]
        after = run.last("mx_post")
        files = _files(run)
        return {
            "run_uid": run.uid,
            "role": start["role"],
            "sweep": self._sweep(start),
            "scan": from_document(start["scan"]),
            "measured": _measured(run.last("mx_pre"), after, stays=start["sweep"].get("sweepType") != "helical"),
            "files": files,
            "exit_status": exit_status(run, self._live),
            "start": utc(run.start["time"]),
            "end": end(run),
            "detector": _detector(run, files),
            "dose_mgy": after.data.get("dose_mgy") if after else None,
        }

    def _sweep(self, start: Mapping[str, Any]) -> Mapping[str, Any]:
        """Interleaved sweeps are told by each of their scans, in the same words."""
        told = start["sweep"]
        uuid = told.get("uuid")
        kept = self._sweeps.get(uuid)
        if kept is None or kept[0] != told:
            kept = self._sweeps[uuid] = (told, from_document(told))
        return kept[1]


def exit_status(run: Run, live: bool) -> ExitStatus:
    """How a run ended; without a stop document it goes on, or its process is gone."""
    if run.stop is not None:
        status: ExitStatus = run.stop["exit_status"]
        return status
    return "running" if live else "unfinished"


def end(run: Run) -> datetime | None:
    """When a run ended, None when it has no end: not before it began, also when the clock was put back meanwhile."""
    return utc(max(run.stop["time"], run.start["time"])) if run.stop else None


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


def _measured(before: Event | None, after: Event | None, stays: bool) -> Measured:
    """Readbacks before the scan; its place after it, if it `stays` there: the motion itself goes to where it starts."""
    data: dict[str, Any] = dict(before.data) if before else {}
    if after is not None and _PLACE <= after.data.keys():
        data |= {key: after.data[key] if stays else None for key in _PLACE}
        data = {key: value for key, value in data.items() if value is not None}
    values = {
        field: next((float(data[key]) for key in keys if key in data), None) for field, keys in _MEASURED_KEYS.items()
    }
    size = data.get("aperture_beam_size")
    both = None if size is None else (float(size), float(size)) if not isinstance(size, list) else tuple(size)
    flux_end = after.data.get("beam_flux") if after else None
    return Measured.model_validate({**values, "beam_size_um": both, "flux_end_ph_s": flux_end})


def _detector(run: Run, files: tuple[FrameFile, ...]) -> DetectorFacts:
    """What the detector's configuration says, and the shape of its frames."""
    said = run.configuration
    shape: Sequence[Any] = (run.data_keys.get(_IMAGE) or {}).get("shape") or ()
    height, width = (int(shape[-2]), int(shape[-1])) if len(shape) >= 2 else (None, None)
    numbers = {key: said[_DETECTOR + key] for key in _DETECTOR_NUMBERS if _DETECTOR + key in said}
    base = basename(said.get(_DETECTOR + "file_base") or "")
    return DetectorFacts(
        model=said.get(_DETECTOR + "model") or None,
        serial_number=said.get(_DETECTOR + "serial_number") or None,
        width_px=width,
        height_px=height,
        master=f"{dirname(files[0].path)}/{base}_master.h5" if base and files else None,
        **numbers,
    )


def _files(run: Run) -> tuple[FrameFile, ...]:
    """Files in the order of their frames, each with the frames its datums announce."""
    counts: dict[str, int] = {}
    first: dict[str, int] = {}
    for datum in run.stream_datums:
        indices = datum["indices"]
        uid = datum["stream_resource"]
        counts[uid] = counts.get(uid, 0) + indices["stop"] - indices["start"]
        number = datum["seq_nums"]["start"]
        first[uid] = min(number, first.get(uid, number))
    told = sorted(run.stream_resources, key=lambda resource: first.get(resource["uid"], len(counts)))
    return tuple(
        FrameFile(
            path=_path(resource["uri"]),
            dataset=resource["parameters"].get("dataset", ""),
            frames=counts.get(resource["uid"], 0),
        )
        for resource in told
    )


def _path(uri: str) -> str:
    """Of a file, without the host before it.

    >>> _path("file://localhost/data/a%20b.h5")
    '/data/a b.h5'
    """
    return "/" + unquote(uri.partition("://")[2].partition("/")[2])
