"""Stored procedures of ISPyB for tests: made from the parameters that the package `ispyb` has for them, in its order.

Each writes the table whose columns have the names of its parameters; where a parameter has another name than its column,
`OTHER_NAMES` says so, from what the real procedures do. When a later `ispyb` has other parameters, or in another order,
values land in the wrong columns here and tests fail. As the real ones, they run with a lenient SQL mode.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ispyb.sp.mxacquisition import MXAcquisition
from ispyb.sp.mxscreening import MXScreening
from ispyb_support import TABLES
from sqlalchemy import Enum
from sqlalchemy.dialects import mysql

UPSERTS: Mapping[str, tuple[str, Any]] = {
    "upsert_dc_group_v3": ("DataCollectionGroup", MXAcquisition.get_data_collection_group_params),
    "upsert_dc": ("DataCollection", MXAcquisition.get_data_collection_params),
    "upsert_dc_grid": ("GridInfo", MXAcquisition.get_dc_grid_params),
    "upsert_dc_file_attachment": (
        "DataCollectionFileAttachment",
        MXAcquisition.get_data_collection_file_attachment_params,
    ),
    "upsert_robot_action": ("RobotAction", MXAcquisition.get_robot_action_params),
    "upsert_energy_scan": ("EnergyScan", MXAcquisition.get_energy_scan_params),
    "upsert_xfe_fluo_spectrum": ("XFEFluorescenceSpectrum", MXAcquisition.get_fluo_spectrum_params),
}
INSERTS: Mapping[str, tuple[str, Any]] = {
    "insert_screening_v2": ("Screening", MXScreening.get_screening_params),
    "insert_screening_output_v2": ("ScreeningOutput", MXScreening.get_screening_output_params),
    "insert_screening_output_lattice": ("ScreeningOutputLattice", MXScreening.get_screening_output_lattice_params),
    "insert_screening_strategy": ("ScreeningStrategy", MXScreening.get_screening_strategy_params),
    "insert_screening_strategy_wedge": ("ScreeningStrategyWedge", MXScreening.get_screening_strategy_wedge_params),
    "insert_screening_strategy_sub_wedge": (
        "ScreeningStrategySubWedge",
        MXScreening.get_screening_strategy_sub_wedge_params,
    ),
}
_SNAPSHOTS = {f"xtalsnapshot{number}": f"xtalSnapshotFullPath{number}" for number in range(1, 5)}
OTHER_NAMES: Mapping[str, Mapping[str, str]] = {
    "DataCollectionGroup": {"parentid": "sessionId", "sampleid": "blSampleId", "scanparams": "scanParameters"},
    "DataCollection": {
        "parentid": "dataCollectionGroupId",
        "visitid": "SESSIONID",
        "sampleid": "BLSAMPLEID",
        "nimages": "numberOfImages",
        "npasses": "numberOfPasses",
        "exptime": "exposureTime",
        "imgdir": "imageDirectory",
        "imgprefix": "imagePrefix",
        "imgsuffix": "imageSuffix",
        "imgcontainersubpath": "imageContainerSubPath",
        "avgtemperature": "averageTemperature",
        "datfile": "datFullPath",
        **_SNAPSHOTS,
    },
    "GridInfo": {"parentid": "dataCollectionId", "dxinmm": "dx_mm", "dyinmm": "dy_mm"},
    "DataCollectionFileAttachment": {"parentid": "dataCollectionId"},
    "RobotAction": {
        "sessionid": "blsessionId",
        "sampleid": "blsampleId",
        "snapshotbefore": "xtalSnapshotBefore",
        "snapshotafter": "xtalSnapshotAfter",
    },
    "EnergyScan": {
        "sampleid": "blSampleId",
        "subsampleid": "blSubSampleId",
        "detector": "fluorescenceDetector",
        "transmission": "transmissionFactor",
    },
    "XFEFluorescenceSpectrum": {
        "sampleid": "blSampleId",
        "subsampleid": "blSubSampleId",
        "annotatedpymcaspectrum": "annotatedPymcaXfeSpectrum",
        "transmission": "beamTransmission",
    },
    "Screening": {"dcgid": "dataCollectionGroupId", "dcid": "dataCollectionId"},
    "ScreeningOutput": {"totalnoimages": "totalNumberOfImages"},
    "ScreeningStrategyWedge": {"noimages": "numberOfImages"},
    "ScreeningStrategySubWedge": {"noimages": "numberOfImages"},
}
_NO_COLUMN = {"proposalcode", "proposalnumber", "sessionnumber", "samplebarcode"}
"""Parameters of a group that lead to its session and its sample."""
_DIALECT = mysql.dialect()  # type: ignore[no-untyped-call]


def statements() -> Iterator[str]:
    """To be run in an empty database with the tables, one by one on one connection."""
    yield "SET SESSION sql_mode = ''"
    for name, (table, parameters) in UPSERTS.items():
        yield _upsert(name, table, list(parameters()))
    for name, (table, parameters) in INSERTS.items():
        yield _insert(name, table, list(parameters()))
    yield _POSITION
    yield _VISIT


def _column(table: str, parameter: str) -> str | None:
    """Column of a parameter; None for one that is only looked up by."""
    if table == "DataCollectionGroup" and parameter in _NO_COLUMN:
        return None
    other = OTHER_NAMES.get(table, {}).get(parameter)
    if other is not None:
        return other
    (found,) = (column.name for column in TABLES[table].c if column.name.lower().replace("_", "") == parameter)
    return str(found)


def _signature(table: str, parameters: list[str], way: str) -> str:
    typed = [f"{way} p_id INT"]
    for parameter in parameters[1:]:
        column = _column(table, parameter)
        kind = None if column is None else TABLES[table].c[column].type
        narrow = kind is None or isinstance(kind, Enum)
        typed.append(f"IN p_{parameter} {'VARCHAR(45)' if narrow or kind is None else kind.compile(_DIALECT)}")
    return ", ".join(typed)


def _upsert(name: str, table: str, parameters: list[str]) -> str:
    (key,) = TABLES[table].primary_key.columns
    pairs = [(column, f"p_{each}") for each in parameters[1:] if (column := _column(table, each))]
    changes = [f"`{column}` = IFNULL({value}, `{column}`)" for column, value in pairs]
    before = ""
    if table == "DataCollectionGroup":
        # A type that is not told again is lost, and a sample may be found by its place.
        pairs.append(
            ("experimentTypeId", "(SELECT max(experimentTypeId) FROM ExperimentType WHERE name = p_experimenttype)")
        )
        changes.append(f"experimentTypeId = {pairs[-1][1]}")
        before = _SAMPLE_BY_PLACE
    # As the real one of grids does: also after a change, whatever table the last new row was of.
    answer = "LAST_INSERT_ID() <> 0" if table == "GridInfo" else "p_id IS NULL"
    return (
        f"CREATE PROCEDURE {name}({_signature(table, parameters, 'INOUT')}) MODIFIES SQL DATA BEGIN {before}"
        f"INSERT INTO `{table}` (`{key.name}`, {', '.join(f'`{column}`' for column, _ in pairs)}) "
        f"VALUES (p_id, {', '.join(value for _, value in pairs)}) ON DUPLICATE KEY UPDATE {', '.join(changes)}; "
        f"IF {answer} THEN SET p_id = LAST_INSERT_ID(); END IF; END"
    )


def _insert(name: str, table: str, parameters: list[str]) -> str:
    pairs = [(_column(table, each), f"p_{each}") for each in parameters[1:]]
    return (
        f"CREATE PROCEDURE {name}({_signature(table, parameters, 'OUT')}) MODIFIES SQL DATA BEGIN "
        f"INSERT INTO `{table}` ({', '.join(f'`{column}`' for column, _ in pairs)}) "
        f"VALUES ({', '.join(value for _, value in pairs)}); SET p_id = LAST_INSERT_ID(); END"
    )


_SAMPLE_BY_PLACE = (
    "IF p_sampleid IS NULL AND p_actualcontainerbarcode IS NOT NULL AND p_actualsampleslotincontainer IS NOT NULL THEN "
    "SELECT max(s.blSampleId) INTO p_sampleid FROM BLSample s JOIN Container c ON c.containerId = s.containerId "
    "WHERE c.barcode = p_actualcontainerbarcode AND s.location = p_actualsampleslotincontainer; END IF; "
)
_POSITION = (
    "CREATE PROCEDURE update_dc_position(INOUT p_id INT, IN p_posx DOUBLE, IN p_posy DOUBLE, IN p_posz DOUBLE, "
    "IN p_scale DOUBLE) MODIFIES SQL DATA BEGIN DECLARE place INT DEFAULT NULL; "
    "SELECT POSITIONID INTO place FROM DataCollection WHERE dataCollectionId = p_id; "
    "IF place IS NULL THEN INSERT INTO Position (posX, posY, posZ, scale) VALUES (p_posx, p_posy, p_posz, p_scale); "
    "UPDATE DataCollection SET POSITIONID = LAST_INSERT_ID() WHERE dataCollectionId = p_id; "
    "ELSE UPDATE Position SET posX = p_posx, posY = p_posy, posZ = p_posz WHERE positionId = place; END IF; END"
)
_VISIT = (
    "CREATE FUNCTION retrieve_visit_id(p_visit VARCHAR(15)) RETURNS INT READS SQL DATA RETURN "
    "(SELECT max(s.sessionId) FROM Proposal p JOIN BLSession s ON p.proposalId = s.proposalId "
    "WHERE concat(p.proposalCode, p.proposalNumber, '-', s.visit_number) = p_visit)"
)
