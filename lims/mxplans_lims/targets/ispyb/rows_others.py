"""Rows of the robot, of strategies, of energy scans and of spectra, and what becomes of the sample."""

from __future__ import annotations

from typing import Any

from mxplans_lims.names import made_uuid
from mxplans_lims.records import StrategyRecord, StrategyWedge
from mxplans_lims.targets.ispyb.groups import Group
from mxplans_lims.targets.ispyb.row import SAMPLE, SESSION, Row, told
from mxplans_lims.targets.ispyb.rows_collections import collection_key
from mxplans_lims.targets.ispyb.site import Told
from mxplans_lims.targets.ispyb.units import at_sample, ev_to_angstrom, frac_to_percent, um_to_mm


def robot_rows(given: Told) -> tuple[Row, ...]:
    """What the robot did; where its beginning is not known, its end stands for both."""
    record = given.record
    barcode = record.objects.get("Pin", record.objects.get("MultiPin", {})).get("barcode")
    return tuple(
        Row(
            key=f"robot/{made_uuid(record.item_uid, 'robot', action.action, action.time.isoformat())}",
            table="RobotAction",
            values=told(
                {
                    "startTimestamp": given.time(action.start or action.time),
                    "endTimestamp": given.time(action.time),
                    "actionType": action.action.upper(),
                    "status": "SUCCESS" if action.code == 0 else "ERROR",
                    "message": action.message if action.code == 0 else f"{action.code}: {action.message}",
                    "containerLocation": action.pin or None,
                    "dewarLocation": action.puck or None,
                    "sampleBarcode": action.barcode or barcode,
                }
            ),
            links={"blsessionId": SESSION, "blsampleId": SAMPLE},
            natural=("blsessionId", "actionType", "startTimestamp", "endTimestamp"),
        )
        for action in record.robot
    )


def sample_row(given: Told) -> Row:
    """What became of the sample, in the row that ISPyB has of it."""
    values = {"blSampleStatus": given.record.verdict}
    return Row(key=SAMPLE, table="BLSample", values=values, known_only=True)


def screening_rows(given: Told, group: Group, number: int, strategy: StrategyRecord) -> tuple[Row, ...]:
    """A strategy: the chain of screening tables, one wedge with one sub-wedge for each sweep that it proposes."""
    uid = made_uuid(given.record.item_uid, "screening", number)
    key = f"screening/{uid}"
    mine = [sweep for sweep in group.sweeps if sweep.asked.get("uuid") == strategy.sweep_uuid] or group.sweeps
    links = {"dataCollectionId": collection_key(mine[0])} if mine else {}
    head = Row(
        key=key,
        table="Screening",
        values={"programVersion": strategy.program, "comments": f"mxplans {uid}"},
        links={"dataCollectionGroupId": group.key, **links},
        natural=("dataCollectionGroupId",),
        mark="comments",
        uid=uid,
    )
    wedges = enumerate(strategy.wedges, start=1)
    return (head, *_output_rows(key, strategy), *(row for n, wedge in wedges for row in _wedge_rows(key, n, wedge)))


def _output_rows(key: str, strategy: StrategyRecord) -> list[Row]:
    output, proposes = f"{key}/output", bool(strategy.wedges)
    seconds = [wedge.exposure_s * wedge.number_images for wedge in strategy.wedges]
    doses = [wedge.dose_mgy for wedge in strategy.wedges if wedge.dose_mgy is not None]
    values = {
        "indexingSuccess": int(strategy.indexed),
        "strategySuccess": int(proposes),
        "alignmentSuccess": 0,
        "program": strategy.program,
        "statusDescription": strategy.message or None,
        "mosaicity": strategy.mosaicity_deg,
        "mosaicityEstimated": int(strategy.mosaicity_deg is not None),
        "resolutionObtained": strategy.resolution_angstrom,
        "rankingResolution": strategy.resolution_angstrom,
        "doseTotal": sum(doses) if doses else None,
        "totalExposureTime": sum(seconds) if proposes else None,
        "totalNumberOfImages": sum(wedge.number_images for wedge in strategy.wedges) if proposes else None,
        "totalRotationRange": sum(_turn_deg(wedge) for wedge in strategy.wedges) if proposes else None,
    }
    rows = [_child(output, "ScreeningOutput", values, "screeningId", key)]
    if strategy.cell is not None or strategy.space_group is not None:
        names = ("a", "b", "c", "alpha", "beta", "gamma")
        cell = dict(zip((f"unitCell_{name}" for name in names), strategy.cell or (None,) * 6, strict=True))
        lattice = {"spaceGroup": strategy.space_group, **cell}
        rows.append(_child(f"{key}/lattice", "ScreeningOutputLattice", lattice, "screeningOutputId", output))
    if proposes:
        rows.append(_child(f"{key}/strategy", "ScreeningStrategy", _first(strategy), "screeningOutputId", output))
    return rows


def _first(strategy: StrategyRecord) -> dict[str, Any]:
    """The columns of a strategy as a whole: what its first wedge says, and the turn of all."""
    wedge = strategy.wedges[0]
    return {
        "anomalous": 0,
        "phiStart": wedge.omega_start_deg,
        "phiEnd": strategy.wedges[-1].omega_end_deg,
        "rotation": wedge.image_width_deg,
        "exposureTime": wedge.exposure_s,
        "resolution": wedge.resolution_angstrom,
        "completeness": _percent(wedge.completeness_frac),
        "multiplicity": wedge.multiplicity,
        "transmission": _percent(wedge.transmission_frac),
        "program": strategy.program,
    }


def _wedge_rows(key: str, number: int, wedge: StrategyWedge) -> list[Row]:
    own = f"{key}/wedge/{number}"
    shared = {
        "completeness": _percent(wedge.completeness_frac),
        "multiplicity": wedge.multiplicity,
        "doseTotal": wedge.dose_mgy,
        "numberOfImages": wedge.number_images,
    }
    whole = {
        **shared,
        "wedgeNumber": number,
        "resolution": wedge.resolution_angstrom,
        "wavelength": ev_to_angstrom(wedge.energy_ev) if wedge.energy_ev else None,
    }
    part = {
        **shared,
        "subWedgeNumber": 1,
        "RESOLUTION": wedge.resolution_angstrom,
        "rotationAxis": "Omega",
        "axisStart": wedge.omega_start_deg,
        "axisEnd": wedge.omega_end_deg,
        "oscillationRange": wedge.image_width_deg,
        "exposureTime": wedge.exposure_s,
        "transmission": _percent(wedge.transmission_frac),
    }
    parent, sub = "screeningStrategyId", "screeningStrategyWedgeId"
    return [
        _child(own, "ScreeningStrategyWedge", whole, parent, f"{key}/strategy", "wedgeNumber"),
        _child(f"{own}/sub", "ScreeningStrategySubWedge", part, sub, own, "subWedgeNumber"),
    ]


def _child(key: str, table: str, values: dict[str, Any], column: str, parent: str, *more: str) -> Row:
    return Row(key, table, told(values), links={column: parent}, natural=(column, *more))


def _turn_deg(wedge: StrategyWedge) -> float:
    return wedge.number_images * wedge.image_width_deg


def _percent(frac: float | None) -> float | None:
    return None if frac is None else frac_to_percent(frac)


def _at_sample(flux_ph_s: float | None, frac: float | None) -> float | None:
    return None if flux_ph_s is None or frac is None else at_sample(flux_ph_s, frac)


def energy_scan_rows(given: Told) -> tuple[Row, ...]:
    """Energy scans, all energies in eV; `transmissionFactor` in %, as that of a data collection."""
    rows = []
    for number, scan in enumerate(given.record.energy_scans, start=1):
        size = scan.beam_size_um
        values = {
            "element": scan.element,
            "edgeEnergy": scan.edge,
            "startTime": given.time(scan.start),
            "endTime": given.time(scan.end),
            "startEnergy": scan.start_energy_ev,
            "endEnergy": scan.end_energy_ev,
            "exposureTime": scan.exposure_s,
            "transmissionFactor": _percent(scan.transmission_frac),
            "flux": _at_sample(scan.flux_ph_s, scan.transmission_frac),
            "beamSizeHorizontal": um_to_mm(size[0]) if size else None,
            "beamSizeVertical": um_to_mm(size[1]) if size else None,
            "peakEnergy": scan.peak_energy_ev,
            "peakFPrime": scan.peak_f_prime,
            "peakFDoublePrime": scan.peak_f_double_prime,
            "inflectionEnergy": scan.inflection_energy_ev,
            "inflectionFPrime": scan.inflection_f_prime,
            "inflectionFDoublePrime": scan.inflection_f_double_prime,
            "scanFileFullPath": given.path(scan.scan_file),
            "jpegChoochFileFullPath": given.path(scan.picture_file),
            "comments": scan.remote_energy_ev and f"remote {scan.remote_energy_ev:.1f} eV",
        }
        natural = ("sessionId", "startTime", "element", "edgeEnergy")
        rows.append(_measurement(f"energy_scan/{number}", "EnergyScan", values, natural))
    return tuple(rows)


def energy_scan_link(key: str) -> Row:
    """Ties an energy scan to its sample in the table of its own that ISPyB has for that."""
    links = {"blSampleId": SAMPLE, "energyScanId": key}
    return Row(f"{key}/sample", "BLSample_has_EnergyScan", {}, links=links, natural=("blSampleId", "energyScanId"))


def fluorescence_rows(given: Told) -> tuple[Row, ...]:
    """Spectra; the elements that were seen stand in the comments."""
    rows = []
    for number, spectrum in enumerate(given.record.fluorescence, start=1):
        size = spectrum.beam_size_um
        values = {
            "startTime": given.time(spectrum.start),
            "endTime": given.time(spectrum.end),
            "energy": spectrum.energy_ev,
            "exposureTime": spectrum.count_time_s,
            "beamTransmission": _percent(spectrum.transmission_frac),
            "flux": _at_sample(spectrum.flux_ph_s, spectrum.transmission_frac),
            "beamSizeHorizontal": um_to_mm(size[0]) if size else None,
            "beamSizeVertical": um_to_mm(size[1]) if size else None,
            "scanFileFullPath": given.path(spectrum.scan_file),
            "jpegScanFileFullPath": given.path(spectrum.picture_file),
            "comments": ", ".join(spectrum.elements) or None,
        }
        natural = ("sessionId", "startTime")
        rows.append(_measurement(f"fluorescence/{number}", "XFEFluorescenceSpectrum", values, natural))
    return tuple(rows)


def _measurement(key: str, table: str, values: dict[str, Any], natural: tuple[str, ...]) -> Row:
    links = {"sessionId": SESSION, "blSampleId": SAMPLE}
    return Row(key, table, told(values), links=links, natural=natural)
