"""Which procedure writes which table, and under which names it takes the columns: as data.

What stands here was read off the package `ispyb` 12.1 (names and order of parameters) and off the procedures of schema 5
(what they do). Rules that follow from it:

- a group is always sent with its session and its `experimentType`, also when it is changed: without the one the database
  refuses it, without the other its type is lost;
- `upsert_dc` and `upsert_dc_group_v3` are used; the older `upsert_dc_main_v3` overwrites the number of the first image;
- a procedure that changes a grid may answer with the identifier of another table's last row: what is known is kept;
- procedures run with a lenient SQL mode, which cuts long texts and empties unknown words without an error: the values are
  checked before.

No procedure writes X-ray centring and its results, motor positions and the table between samples and energy scans; that
of a sample wants more than its state. These rows are not sent, nor the columns of `UNTOLD`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

UNTOLD: Mapping[str, frozenset[str]] = {
    "DataCollection": frozenset({"chiStart", "flux_end", "centeringMethod", "DETECTORMODE"}),
}
"""Columns that our rows may have and that no procedure takes."""
NO_PROCEDURE = frozenset({"XrayCentring", "XrayCentringResult", "MotorPosition", "BLSample_has_EnergyScan", "BLSample"})
"""Tables that our rows may be of and that no procedure writes."""


@dataclass(frozen=True)
class Procedure:
    """How rows of one table are written.

    Attributes:
        area: Part of the connection of `ispyb` that has it.
        parameters: Gives its parameters in their order, empty.
        call: Calls it with a list of values; the answer is the identifier.
        columns: Parameter by column; links to other rows included. Case and underscores do not count.
        changes: Whether it can change a row that stands.
        widths: Characters of parameters that take fewer than their column.
    """

    area: Literal["mx_acquisition", "mx_screening"]
    parameters: str
    call: str
    columns: Mapping[str, str]
    changes: bool = True
    widths: Mapping[str, int] = field(default_factory=dict)


def _same(*columns: str) -> dict[str, str]:
    return {column: column for column in columns}


def _screening(name: str, *columns: str, **others: str) -> Procedure:
    parameters, call = f"get_screening{name}_params", f"insert_screening{name}"
    return Procedure("mx_screening", parameters, call, _same(*columns) | others, changes=False)


_SHARED = ("startTime", "endTime", "comments")
_BEAM_SIZE = ("beamSizeHorizontal", "beamSizeVertical")
_SNAPSHOTS = {f"xtalSnapshotFullPath{number}": f"xtal_snapshot{number}" for number in range(1, 5)}
_WEDGE = {"numberOfImages": "no_images"}

PROCEDURES: Mapping[str, Procedure] = {
    "DataCollectionGroup": Procedure(
        "mx_acquisition",
        "get_data_collection_group_params",
        "upsert_data_collection_group",
        _same(*_SHARED, "experimentType", "crystalClass", "detectorMode", "xtalSnapshotFullPath")
        | _same("actualSampleBarcode", "actualSampleSlotInContainer", "actualContainerBarcode")
        | {"actualContainerSlotInSC": "actual_container_slot_in_sc", "scanParameters": "scan_params"}
        | {"sessionId": "parentid", "blSampleId": "sampleid"},
    ),
    "DataCollection": Procedure(
        "mx_acquisition",
        "get_data_collection_params",
        "upsert_data_collection",
        _same(*_SHARED, "runStatus", "axisStart", "axisEnd", "axisRange", "overlap", "startImageNumber")
        | _same("fileTemplate", "wavelength", "resolution", "detectorDistance", "xBeam", "yBeam", "transmission")
        | _same("phiStart", "kappaStart", "omegaStart", "rotationAxis", "resolutionAtCorner", "detector2Theta", "flux")
        | _same("beamSizeAtSampleX", "beamSizeAtSampleY", "beamShape", "actualCenteringPosition", "synchrotronMode")
        | _same("slitGapVertical", "slitGapHorizontal", "undulatorGap1", "undulatorGap2", "undulatorGap3", "detectorId")
        | {"numberOfImages": "n_images", "numberOfPasses": "n_passes", "exposureTime": "exp_time"}
        | {"imageDirectory": "imgdir", "imagePrefix": "imgprefix", "imageSuffix": "imgsuffix"}
        | {"imageContainerSubPath": "img_container_sub_path", "dataCollectionNumber": "datacollection_number"}
        | {"dataCollectionGroupId": "parentid", "BLSAMPLEID": "sampleid", "SESSIONID": "visitid"}
        | _SNAPSHOTS,
    ),
    "Position": Procedure(
        "mx_acquisition",
        "get_dc_position_params",
        "update_dc_position",
        _same("posX", "posY", "posZ", "scale"),
    ),
    "GridInfo": Procedure(
        "mx_acquisition",
        "get_dc_grid_params",
        "upsert_dc_grid",
        _same("meshAngle", "orientation", "snaked", "micronsPerPixelX", "micronsPerPixelY")
        | {"dx_mm": "dxInMm", "dy_mm": "dyInMm", "steps_x": "stepsX", "steps_y": "stepsY"}
        | _same("snapshot_offsetXPixel", "snapshot_offsetYPixel")
        | {"dataCollectionId": "parentid"},
    ),
    "DataCollectionFileAttachment": Procedure(
        "mx_acquisition",
        "get_data_collection_file_attachment_params",
        "upsert_data_collection_file_attachment",
        _same("fileFullPath", "fileType") | {"dataCollectionId": "parentid"},
    ),
    "RobotAction": Procedure(
        "mx_acquisition",
        "get_robot_action_params",
        "upsert_robot_action",
        _same("actionType", "startTimestamp", "endTimestamp", "status", "message")
        | _same("containerLocation", "dewarLocation", "sampleBarcode")
        | {"xtalSnapshotBefore": "snapshot_before", "xtalSnapshotAfter": "snapshot_after"}
        | {"blsessionId": "session_id", "blsampleId": "sample_id"},
    ),
    "EnergyScan": Procedure(
        "mx_acquisition",
        "get_energy_scan_params",
        "upsert_energy_scan",
        _same(*_SHARED, *_BEAM_SIZE, "element", "edgeEnergy", "startEnergy", "endEnergy", "exposureTime", "flux")
        | _same("peakEnergy", "peakFPrime", "peakFDoublePrime", "flux_end", "synchrotronCurrent", "temperature")
        | _same("inflectionEnergy", "inflectionFPrime", "inflectionFDoublePrime")
        | _same("scanFileFullPath", "choochFileFullPath", "jpegChoochFileFullPath", "sessionId")
        | {"transmissionFactor": "transmission", "fluorescenceDetector": "detector", "blSampleId": "sample_id"},
        widths={"element": 10, "edgeEnergy": 10, "fluorescenceDetector": 40},
    ),
    "XFEFluorescenceSpectrum": Procedure(
        "mx_acquisition",
        "get_fluo_spectrum_params",
        "upsert_fluo_spectrum",
        _same(*_SHARED, *_BEAM_SIZE, "energy", "exposureTime", "flux", "flux_end", "sessionId")
        | _same("scanFileFullPath", "jpegScanFileFullPath", "fittedDataFileFullPath")
        | {"filename": "file_name", "annotatedPymcaXfeSpectrum": "annotated_pymca_spectrum"}
        | {"beamTransmission": "transmission", "blSampleId": "sample_id"},
    ),
    "Screening": _screening(
        "", "programVersion", "shortComments", "comments", dataCollectionGroupId="dcgid", dataCollectionId="dcid"
    ),
    "ScreeningOutput": _screening(
        "_output",
        *("screeningId", "statusDescription", "resolutionObtained", "mosaicity", "mosaicityEstimated", "program"),
        *("rankingResolution", "doseTotal", "totalExposureTime", "totalRotationRange"),
        *("indexingSuccess", "strategySuccess", "alignmentSuccess"),
        totalNumberOfImages="total_no_images",
    ),
    "ScreeningOutputLattice": _screening(
        "_output_lattice",
        *("screeningOutputId", "spaceGroup", "pointGroup", "bravaisLattice"),
        *(f"unitCell_{name}" for name in ("a", "b", "c", "alpha", "beta", "gamma")),
    ),
    "ScreeningStrategy": _screening(
        "_strategy",
        *("screeningOutputId", "phiStart", "phiEnd", "rotation", "exposureTime", "resolution", "completeness"),
        *("multiplicity", "anomalous", "program", "rankingResolution", "transmission"),
    ),
    "ScreeningStrategyWedge": _screening(
        "_strategy_wedge",
        *("screeningStrategyId", "wedgeNumber", "resolution", "completeness", "multiplicity", "doseTotal"),
        *("phi", "kappa", "chi", "comments", "wavelength"),
        **_WEDGE,
    ),
    "ScreeningStrategySubWedge": _screening(
        "_strategy_sub_wedge",
        *("screeningStrategyWedgeId", "subWedgeNumber", "rotationAxis", "axisStart", "axisEnd", "exposureTime"),
        *("transmission", "oscillationRange", "completeness", "multiplicity", "RESOLUTION", "doseTotal", "comments"),
        **_WEDGE,
    ),
}
"""By table."""
