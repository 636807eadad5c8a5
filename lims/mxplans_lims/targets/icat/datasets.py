"""A record as ICAT datasets: one for each folder of frames, in the names and units of ICAT. Pure.

Source: names of hdf5_cfg.xml (icat-esrf-definitions 3.8); habits of MX datasets as mxcubecore has them: `Sample_name` is
acronym-sample, `MX_scanType` is mesh, line, characterisation or datacollection (energy_scan, xrf).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from mxplans.model.extensions import DOMAIN
from mxplans_lims.executed import ExecutedSweep, characterises, executed_sweeps, overlap_deg
from mxplans_lims.names import without_none
from mxplans_lims.records import EnergyScanRecord, FluorescenceRecord, SampleRecord
from mxplans_lims.targets.icat.units import ev_to_angstrom, ev_to_kev, frac_to_percent, px_to_mm, um_to_mm

Fields = dict[str, Any]
_MOTORS = {"sampleX": "phiy", "sampleY": "sampx", "sampleZ": "sampy"}
"""As MD goniometers name them: phiy goes along omega, sampx and sampy turn with it."""


@dataclass(frozen=True)
class Dataset:
    """One dataset.

    Attributes:
        name: The folder's own.
        folder: Absolute; ICAT's `location`, which it is known by.
        fields: Parameters by ICAT's names.
        gallery: Pictures that belong to it, absolute or relative to the night's folder.
    """

    name: str
    folder: PurePosixPath
    fields: Fields
    gallery: tuple[str, ...] = ()


def datasets(record: SampleRecord) -> tuple[Dataset, ...]:
    """Datasets of a record whose experiment is over, in the order in which they began."""
    folders: dict[PurePosixPath, list[ExecutedSweep]] = {}
    for sweep in executed_sweeps(record):
        folders.setdefault(PurePosixPath(sweep.first.files[0].path).parent, []).append(sweep)
    found = [_of_sweeps(record, folder, sweeps) for folder, sweeps in folders.items()]
    found += [_of_energy_scan(record, scan) for scan in record.energy_scans if scan.scan_file]
    found += [_of_spectrum(record, spectrum) for spectrum in record.fluorescence if spectrum.scan_file]
    # A folder is one dataset, whatever lies in it: the first one tells of it.
    return tuple({each.folder: each for each in reversed(found)}.values())[::-1]


def _of_sweeps(record: SampleRecord, folder: PurePosixPath, sweeps: Sequence[ExecutedSweep]) -> Dataset:
    ends = [sweep.end for sweep in sweeps]
    end = max((end for end in ends if end is not None), default=None) if None not in ends else record.last
    # Where grids and a collection share a folder, the collection is what the dataset is of.
    first = next((sweep for sweep in sweeps if sweep.grid is None), sweeps[0])
    fields = {
        **_common(record, sweeps[0].start, end or record.last),
        **_beam(first),
        **_detector(first),
        **_axes(record, first, sweeps),
        "MX_scanType": _scan_type(first),
        "MX_directory": str(folder),
        "MX_template": _template(first),
        "MX_numberOfImages": sum(sweep.frames for sweep in sweeps),
        "MX_startImageNumber": int(first.in_image_order[0].scan["firstImageNumber"]),
        **_places(record, first),
    }
    pictures = tuple(picture.path for picture in record.snapshots) if first.grid is None else ()
    return Dataset(folder.name, folder, without_none(fields), pictures)


def _places(record: SampleRecord, sweep: ExecutedSweep) -> Fields:
    """Which point of the sample, which pose of several, which characterisation; of a helical sweep both ends, in words.

    `MX_motors_value` would be their place, but the definitions take one number there.
    """
    position = (sweep.asked.get("extensions") or {}).get(DOMAIN, {}).get("position")
    poses = list(dict.fromkeys(map(_pose, record.templates)))
    several = len(poses) > 1 and _pose(sweep.asked) in poses
    ends = [_motors(sweep.asked.get(f"axisPositions{end}") or {}) for end in ("Start", "End")]
    helical = sweep.asked.get("sweepType") == "helical" and all(ends)
    return {
        "MX_position_id": _text(position),
        "MX_positionName": position and f"Point-{position}",
        "MX_kappa_settings_id": str(poses.index(_pose(sweep.asked)) + 1) if several else None,
        "MX_characterisation_id": sweep.uuid if characterises(sweep.asked) else None,
        "scan_description": f"helical from {ends[0]} to {ends[1]} mm" if helical else None,
    }


def _motors(axes: Mapping[str, float]) -> str:
    return " ".join(f"{motor}={axes[axis]:.4f}" for axis, motor in _MOTORS.items() if axis in axes)


def _pose(asked: Mapping[str, Any]) -> tuple[float | None, ...]:
    axes = asked.get("axisPositionsStart") or {}
    return tuple(axes.get(axis) for axis in ("kappa", "phi", "chi"))


def _common(record: SampleRecord, start: datetime, end: datetime) -> Fields:
    objects = record.objects
    puck, pin = objects.get("Puck", {}), objects.get("Pin", objects.get("MultiPin", {}))
    acronym = objects.get("Macromolecule", {}).get("acronym")
    capacity = puck.get("numberPositions")
    return {
        "startDate": start.isoformat(),
        "endDate": end.isoformat(),
        "Sample_name": f"{acronym}-{record.sample_name}" if acronym else record.sample_name,
        "SampleProtein_acronym": acronym,
        "SampleChanger_position": record.locator or None,
        "SampleTrackingShipment_name": objects.get("Shipment", {}).get("name"),
        "SampleTrackingParcel_name": objects.get("Dewar", {}).get("barcode"),
        "SampleTrackingContainer_id": puck.get("barcode"),
        "SampleTrackingContainer_type": puck.get("puckType"),
        "SampleTrackingContainer_capacity": _text(capacity),
        "SampleTrackingContainer_position": _text(pin.get("positionInPuck")),
        # One experiment of the queue is one workflow: its grids and collections stand together in ICAT's tree.
        "Workflow_id": record.item_uid,
        "Workflow_name": str(record.experiment.get("experimentStrategy") or "mxplans"),
        "Workflow_type": str(record.experiment.get("experimentStrategy") or "mxplans"),
        "group_by": "Workflow_id",
        "definition": "MX",
    }


def _beam(sweep: ExecutedSweep) -> Fields:
    measured = sweep.measured
    energy_ev = measured.energy_ev or sweep.detector.energy_ev
    width_um, height_um = measured.beam_size_um or (None, None)
    return {
        "InstrumentMonochromator_energy": energy_ev and ev_to_kev(energy_ev),
        "MX_wavelength": energy_ev and ev_to_angstrom(energy_ev),
        "MX_transmission": _percent(measured.transmission_frac),
        "MX_flux": _at_sample(measured.flux_ph_s, measured.transmission_frac),
        "MX_fluxEnd": _at_sample(sweep.scans[-1].measured.flux_end_ph_s, measured.transmission_frac),
        "MX_beamSizeAtSampleX": width_um and um_to_mm(width_um),
        "MX_beamSizeAtSampleY": height_um and um_to_mm(height_um),
        "MX_beamShape": sweep.asked.get("beamShape"),
        "MX_aperture": (sweep.asked.get("extensions") or {}).get(DOMAIN, {}).get("aperture"),
        "InstrumentSource_current": measured.ring_current_ma,
    }


def _detector(sweep: ExecutedSweep) -> Fields:
    facts = sweep.detector
    distance_mm = sweep.measured.distance_mm or facts.distance_mm
    x_mm = _place_mm(facts.beam_centre_x_px, facts.pixel_x_um)
    y_mm = _place_mm(facts.beam_centre_y_px, facts.pixel_y_um)
    return {
        "MX_detectorDistance": distance_mm,
        "MX_xBeam": x_mm,
        "MX_yBeam": y_mm,
        "MX_exposureTime": facts.exposure_s or sweep.asked.get("exposureTime"),
        "MX_resolution": _resolution(sweep, distance_mm, x_mm, y_mm),
        "InstrumentDetector01_model": facts.model,
        "InstrumentDetector01_local_name": facts.serial_number,
    }


def _axes(record: SampleRecord, sweep: ExecutedSweep, beside: Sequence[ExecutedSweep]) -> Fields:
    """Of a sweep; wedges of a characterisation are told of as one, from the beginning of the first on."""
    measured, facts = sweep.measured, sweep.detector
    fields: Fields = {
        "MX_kappa": measured.kappa_deg,
        "MX_phi": measured.phi_deg,
        "MX_omega": measured.omega_deg if facts.omega_start_deg is None else facts.omega_start_deg,
        "MX_phiy": measured.x_mm,
        "MX_sampx": measured.y_mm,
        "MX_sampy": measured.z_mm,
    }
    if sweep.grid is not None or sweep.first.role == "still":
        return fields
    width_deg = sweep.image_width_deg
    wedges = [each for each in beside if characterises(each.asked)] if characterises(sweep.asked) else [sweep]
    turns = [(float(scan.scan["scanPositionStart"]), scan.frames) for each in wedges for scan in each.scans]
    start_deg, end_deg = min(turns)[0], max(start + frames * width_deg for start, frames in turns)
    return {
        **fields,
        "MX_rotation_axis": sweep.asked.get("scanAxis", "omega"),
        "MX_axis_start": start_deg,
        "MX_axis_end": end_deg,
        "MX_axis_range": end_deg - start_deg,
        "MX_oscillationStart": start_deg,
        "MX_oscillationRange": width_deg,
        "MX_oscillationOverlap": overlap_deg(record, sweep),
    }


def _scan_type(sweep: ExecutedSweep) -> str:
    if sweep.grid is not None:
        return "line" if 1 in (sweep.grid.rows, sweep.grid.columns) else "mesh"
    return "characterisation" if characterises(sweep.asked) else "datacollection"


def _template(sweep: ExecutedSweep) -> str:
    """The files' common name, its running number as `?`, where there is one file; else the folder tells."""
    names = sorted({PurePosixPath(file.path).name for scan in sweep.scans for file in scan.files})
    stem, _, number = PurePosixPath(names[0]).stem.rpartition("_")
    return f"{stem}_{'?' * len(number)}.h5" if len(names) == 1 and number.isdigit() else "*.h5"


def _resolution(
    sweep: ExecutedSweep, distance_mm: float | None, x_mm: float | None, y_mm: float | None
) -> float | None:
    """At the edge of the detector that is nearest to the beam, by Bragg's law (angstrom)."""
    facts, energy_ev = sweep.detector, sweep.measured.energy_ev or sweep.detector.energy_ev
    width_mm, height_mm = _place_mm(facts.width_px, facts.pixel_x_um), _place_mm(facts.height_px, facts.pixel_y_um)
    if None in (distance_mm, x_mm, y_mm, energy_ev, width_mm, height_mm):
        return None
    nearest = min(x_mm, y_mm, width_mm - x_mm, height_mm - y_mm)  # type: ignore[operator,type-var]  # none is None
    if nearest is None or nearest <= 0 or not distance_mm or not energy_ev:
        return None
    return ev_to_angstrom(energy_ev) / (2 * math.sin(math.atan(nearest / distance_mm) / 2))


def _of_energy_scan(record: SampleRecord, scan: EnergyScanRecord) -> Dataset:
    folder = PurePosixPath(str(scan.scan_file)).parent
    fields = {
        **_common(record, scan.start, scan.end or record.last),
        "MX_scanType": "energy_scan",
        "MX_directory": str(folder),
        "MX_exposureTime": scan.exposure_s,
        "MX_transmission": _percent(scan.transmission_frac),
        "MX_flux": _at_sample(scan.flux_ph_s, scan.transmission_frac),
        "InstrumentMonochromator_energy": scan.peak_energy_ev and ev_to_kev(scan.peak_energy_ev),
        "scan_description": f"{scan.element} {scan.edge}",
    }
    return Dataset(folder.name, folder, without_none(fields), _pictures(scan.picture_file))


def _of_spectrum(record: SampleRecord, spectrum: FluorescenceRecord) -> Dataset:
    folder = PurePosixPath(str(spectrum.scan_file)).parent
    fields = {
        **_common(record, spectrum.start, spectrum.end or record.last),
        "MX_scanType": "xrf",
        "MX_directory": str(folder),
        "MX_exposureTime": spectrum.count_time_s,
        "MX_transmission": _percent(spectrum.transmission_frac),
        "MX_flux": _at_sample(spectrum.flux_ph_s, spectrum.transmission_frac),
        "InstrumentMonochromator_energy": ev_to_kev(spectrum.energy_ev),
        "scan_description": " ".join(spectrum.elements) or None,
    }
    return Dataset(folder.name, folder, without_none(fields), _pictures(spectrum.picture_file))


def _pictures(path: str | None) -> tuple[str, ...]:
    return (str(Path(path)),) if path else ()


def _at_sample(flux_ph_s: float | None, transmission_frac: float | None) -> float | None:
    """A flux as records have it is at full transmission; with an unknown one nobody knows what reaches the sample."""
    return None if flux_ph_s is None or transmission_frac is None else flux_ph_s * transmission_frac


def _percent(frac: float | None) -> float | None:
    return None if frac is None else frac_to_percent(frac)


def _place_mm(place_px: float | None, pixel_um: float | None) -> float | None:
    return None if place_px is None or pixel_um is None else px_to_mm(place_px, pixel_um)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def told(fields: Mapping[str, Any]) -> Fields:
    """Fields as ICAT takes them: text, numbers as Python spells them."""
    return {key: value if isinstance(value, str) else repr(value) for key, value in fields.items()}
