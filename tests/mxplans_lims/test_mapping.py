"""What each kind of experiment becomes in each LIMS, side by side: objects of MXLIMS, rows of ISPyB, datasets of ICAT."""

from collections import Counter
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import pytest
from lims_record_parts import asked, crystal, grid, scan
from lims_records import (
    characterisation,
    energy_scan,
    failed,
    fluorescence,
    mad,
    rotation,
    stills,
    wedges_one_by_one,
)
from lims_records import delivery as delivered

from mxplans.model.sweeps import Position
from mxplans_lims.records import SampleRecord
from mxplans_lims.targets.icat.datasets import datasets
from mxplans_lims.targets.ispyb.row import RESOLVE, rows_of
from mxplans_lims.targets.ispyb.rows import ispyb_rows
from mxplans_lims.targets.ispyb.site import Site
from mxplans_lims.targets.mxlims import to_message

PARIS = Site(ZoneInfo("Europe/Paris"))


@dataclass(frozen=True)
class Told:
    """What is to come of a record.

    Attributes:
        status: Of its MxExperiment.
        results: Roles of its executed sweeps, in order.
        groups: `experimentType` of its groups, in order.
        tables: Tables beside robot actions, groups and positions, with their rows.
        scan_types: `MX_scanType` of its datasets, in order.
    """

    status: str = "Completed"
    results: tuple[str, ...] = ("Result",)
    groups: tuple[str, ...] = ("OSC",)
    tables: dict[str, int] = field(default_factory=dict)
    scan_types: tuple[str, ...] = ("datacollection",)


def centred(*omegas_deg: float) -> SampleRecord:
    """A turn after grids at these angles, which find a crystal."""
    grids = tuple(grid("Lyso-1", number, omega, 50 + 10 * number) for number, omega in enumerate(omegas_deg, start=1))
    return rotation(grids=grids, crystals=(crystal(1, 0.11, 80),), lines=())


def taken(*sweeps, **changes) -> SampleRecord:
    """One scan of each sweep."""
    scans = tuple(scan("Lyso-1", sweep, 100 + 50 * number, ordinal=number + 1) for number, sweep in enumerate(sweeps))
    return rotation(sweeps=scans, templates=tuple(sweep.to_json() for sweep in sweeps), **BARE | changes)


BARE = {"grids": (), "crystals": (), "lines": (), "xray": None}
ENDS = {"start": Position(x_mm=0.1, y_mm=0.2, z_mm=0.3), "end": Position(x_mm=0.4, y_mm=0.5, z_mm=0.6)}
SCREENED = {
    **dict.fromkeys(("Screening", "ScreeningOutput", "ScreeningOutputLattice", "ScreeningStrategy"), 1),
    **dict.fromkeys(("ScreeningStrategyWedge", "ScreeningStrategySubWedge"), 2),
}
MAPPING = {
    "not mounted": (failed(), Told("Failed", (), ("OSC",), {}, ())),
    "rotation": (taken(asked("osc")), Told(tables={"DataCollection": 1})),
    "grid in 2-D": (
        centred(12.0),
        Told(
            results=("Centring", "Result"),
            groups=("Mesh", "OSC"),
            tables={"DataCollection": 2, "GridInfo": 1, "XrayCentring": 1, "XrayCentringResult": 1},
            scan_types=("mesh", "datacollection"),
        ),
    ),
    "grids in 3-D": (
        centred(12.0, 102.0),
        Told(
            results=("Centring", "Centring", "Result"),
            groups=("Mesh3D", "OSC"),
            tables={"DataCollection": 3, "GridInfo": 2, "XrayCentring": 1, "XrayCentringResult": 1},
            scan_types=("mesh", "mesh", "datacollection"),
        ),
    ),
    "characterisation": (
        characterisation(),
        Told(
            results=("Characterisation",),
            groups=("Characterization",),
            tables={"DataCollection": 1, **SCREENED},
            scan_types=("characterisation",),
        ),
    ),
    "characterisation, wedge by wedge": (
        wedges_one_by_one(),
        Told(
            results=("Characterisation",) * 3,
            groups=("Characterization",),
            tables={"DataCollection": 3, **SCREENED},
            scan_types=("characterisation",),
        ),
    ),
    "helical": (
        taken(asked("helix", sweep_type="helical", **ENDS)),
        Told(groups=("Helical",), tables={"DataCollection": 1, "MotorPosition": 2}),
    ),
    "poses": (
        taken(asked("a", kappa_deg=0.0), asked("b", kappa_deg=30.0)),
        Told(
            results=("Result",) * 2,
            groups=("Collect - Multiwedge",),
            tables={"DataCollection": 2},
            scan_types=("datacollection",) * 2,
        ),
    ),
    "inverse beam": (
        taken(asked("a", inverse=0), asked("b", inverse=1)),
        Told(
            results=("Result",) * 2,
            groups=("SAD - Inverse Beam",),
            tables={"DataCollection": 2},
            scan_types=("datacollection",) * 2,
        ),
    ),
    "MAD in wedges": (
        mad(),
        Told(
            results=("Result",) * 3,
            groups=("MAD",),
            tables={"DataCollection": 3},
            scan_types=("datacollection",) * 3,
        ),
    ),
    "stills": (stills(), Told(groups=("Still",), tables={"DataCollection": 1})),
    "edge": (
        energy_scan(),
        Told(
            results=(), groups=(), tables={"EnergyScan": 1, "BLSample_has_EnergyScan": 1}, scan_types=("energy_scan",)
        ),
    ),
    "spectrum": (
        fluorescence(),
        Told(results=(), groups=(), tables={"XFEFluorescenceSpectrum": 1}, scan_types=("xrf",)),
    ),
}


@pytest.mark.parametrize("name", MAPPING)
def test_objects_of_mxlims(name: str) -> None:
    record, told = MAPPING[name]
    message = to_message(record)
    (experiment,) = message["MxExperiment"].values()
    assert experiment["jobStatus"] == told.status
    sweeps = message.get("CollectionSweep", {}).values()
    results = sorted((sweep for sweep in sweeps if "sourceRef" in sweep), key=lambda each: each["scans"][0]["ordinal"])
    assert tuple(sweep["role"] for sweep in results) == told.results
    ordinals = [part["ordinal"] for sweep in results for part in sweep["scans"]]
    assert sorted(ordinals) == list(range(1, len(ordinals) + 1))


@pytest.mark.parametrize("name", MAPPING)
def test_rows_of_ispyb(name: str) -> None:
    record, told = MAPPING[name]
    given = delivered(record)
    rows = [row for step in ispyb_rows(record, given.out, PARIS) if step.key != RESOLVE for row in rows_of(step)]
    groups = [row.values["experimentType"] for row in rows if row.table == "DataCollectionGroup"]
    assert tuple(groups) == told.groups
    beside = ("RobotAction", "DataCollectionGroup", "Position", "BLSample")
    assert Counter(row.table for row in rows if row.table not in beside) == told.tables
    assert len([row for row in rows if row.table == "RobotAction"]) == len(record.robot)
    for row in rows:
        if row.table == "DataCollection":
            assert row.links["BLSAMPLEID"] == "sample"
            turns = row.values["axisRange"] > 0
            assert turns == (row.values["axisStart"] != row.values["axisEnd"])
            # By this SynchWeb knows a characterisation from a rotation.
            assert (row.values["overlap"] < 0) == name.startswith("characterisation")


@pytest.mark.parametrize("name", MAPPING)
def test_datasets_of_icat(name: str) -> None:
    record, told = MAPPING[name]
    found = datasets(record)
    assert tuple(dataset.fields["MX_scanType"] for dataset in found) == told.scan_types
    assert len({dataset.folder for dataset in found}) == len(found)
    images = sum(dataset.fields.get("MX_numberOfImages", 0) for dataset in found)
    assert images == record.frames + sum(each.frames for each in record.grids)
