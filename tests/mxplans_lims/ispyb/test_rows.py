"""Values of rows: units, signs and words of ISPyB's columns, from records whose numbers are known."""

import json
import math
from zoneinfo import ZoneInfo

import pytest
from lims_record_parts import asked, at, measured, scan
from lims_records import RECORDS, delivery, rotation, wedges_one_by_one

from mxplans.errors import TargetRefused
from mxplans.model.sweeps import Position
from mxplans_lims.targets.ispyb.row import RESOLVE, rows_of
from mxplans_lims.targets.ispyb.rows import ispyb_rows
from mxplans_lims.targets.ispyb.site import Site

PARIS = Site(ZoneInfo("Europe/Paris"))


def made(record, site=PARIS):
    """Rows by table, in the order of the steps."""
    given = delivery(record)
    found: dict[str, list] = {}
    for step in ispyb_rows(record, given.out, site):
        for row in rows_of(step) if step.key != RESOLVE else ():
            found.setdefault(row.table, []).append(row)
    return found


def test_rotation():
    *grids, turn = (row.values for row in made(rotation())["DataCollection"])
    expected = {
        "dataCollectionNumber": 1,
        "startTime": "2026-11-25T21:01:40",
        "endTime": "2026-11-25T21:02:17",
        "runStatus": "DataCollection Successful",
        "numberOfImages": 3600,
        "startImageNumber": 1,
        "numberOfPasses": 1,
        "exposureTime": 0.01,
        "comments": "dose 1.25 MGy",
        "rotationAxis": "Omega",
        "axisStart": 0.0,
        "axisEnd": 360.0,
        "axisRange": 0.1,
        "overlap": 0.0,
        "omegaStart": 0.0,
        "kappaStart": 0.0,
        "phiStart": 30.0,
        "imageDirectory": "/data/night/data/Lyso-1/Lyso-1_osc/",
        "imagePrefix": "Lyso-1_osc",
        "imageSuffix": "h5",
        "fileTemplate": "Lyso-1_osc_3_master.h5",
        "imageContainerSubPath": "/entry/data/data",
        "wavelength": 12398.419843320026 / 12700.3,
        "transmission": 49.0,
        "flux": 2.1e12 * 0.49,  # the readback is that of the beam without attenuation
        "flux_end": 2.0e12 * 0.49,
        "beamSizeAtSampleX": 0.05,
        "beamSizeAtSampleY": 0.02,
        "detectorDistance": 150.25,
        "xBeam": 2063.5 * 0.075,
        "yBeam": 2150.25 * 0.075,
        "resolution": _bragg(2063.5 * 0.075),  # the left edge is the nearest
        "resolutionAtCorner": _bragg(math.hypot((4148 - 2063.5) * 0.075, (4362 - 2150.25) * 0.075)),
        "xtalSnapshotFullPath1": "/data/night/snapshots/Lyso-1_optical-0.png",
        "xtalSnapshotFullPath2": "/data/night/snapshots/Lyso-1_optical-90.png",
        "centeringMethod": "X-ray",
        "actualCenteringPosition": "sampleX=0.1100 sampleY=-0.0500 sampleZ=0.0200 mm",
    }
    assert set(turn) == set(expected)
    for column, value in expected.items():
        assert turn[column] == (value if isinstance(value, str) else pytest.approx(value)), column
    for number, (grid, omega) in enumerate(zip(grids, (12.0, 102.0), strict=True), start=1):
        assert grid["dataCollectionNumber"] == number
        assert (grid["axisStart"], grid["axisEnd"], grid["axisRange"], grid["overlap"]) == (omega, omega, 0, 0)
        assert grid["numberOfImages"] == 48


def _bragg(radius_mm):
    return 12398.419843320026 / 12700.3 / (2 * math.sin(math.atan(radius_mm / 150.25) / 2))


def test_grids_and_crystals():
    found = made(rotation())
    assert [row.values["experimentType"] for row in found["DataCollectionGroup"]] == ["Mesh3D", "OSC"]
    grid = found["GridInfo"][0].values
    assert grid == {
        "dx_mm": 0.02,
        "dy_mm": 0.01,
        "steps_x": 8.0,
        "steps_y": 6.0,
        "orientation": "horizontal",
        "snaked": 1,
        "meshAngle": 12.0,
    }
    assert found["XrayCentring"][0].values == {"status": "success", "xrayCentringType": "3d"}
    best, second = (row.values for row in found["XrayCentringResult"])
    # 0.11 mm is 10 um right of the grid's middle: half a box of 20 um after the fourth.
    assert best["centreOfMassX"] == pytest.approx(4.5)
    across = [-0.05 * math.cos(math.radians(angle)) - 0.02 * math.sin(math.radians(angle)) for angle in (12, 102)]
    assert best["centreOfMassY"] == pytest.approx(across[0] / 0.01 + 3)
    assert best["centreOfMassZ"] == pytest.approx(across[1] / 0.01 + 3)
    assert (best["totalCount"], second["totalCount"]) == (900.0, 450.0)
    assert second["centreOfMassX"] == pytest.approx(7.0)
    assert best["maxVoxelX"] == 4


def test_picture_of_the_same_side_places_the_grid():
    record = rotation()
    same = record.snapshots[0].model_copy(update={"omega_deg": 372.0})
    grid = made(rotation(snapshots=(same,)))["GridInfo"][0].values
    assert grid["micronsPerPixelX"] == grid["micronsPerPixelY"] == 1.2
    # 8 boxes of 20 um are 160 um: half of them lie left of the centred point.
    assert grid["snapshot_offsetXPixel"] == pytest.approx(340.0 - 80 / 1.2)
    assert grid["snapshot_offsetYPixel"] == pytest.approx(256.0 - 30 / 1.2)


def test_mad_is_one_group_with_a_collection_for_each_wavelength():
    found = made(RECORDS["mad"]())
    (group,) = found["DataCollectionGroup"]
    assert group.values["experimentType"] == "MAD"
    told = json.loads(group.values["scanParameters"])["mxplans"]
    assert told["uid"] == group.uid
    assert [sweep["ordinals"] for sweep in told["sweeps"]] == [[1, 4, 7, 10], [2, 5, 8, 11], [3, 6, 9, 12]]
    for number, (row, energy) in enumerate(zip(found["DataCollection"], (12658.2, 12655.7, 13000.2), strict=True), 1):
        assert row.values["dataCollectionNumber"] == number
        assert row.values["wavelength"] == pytest.approx(12398.419843320026 / energy)
        assert (row.values["axisEnd"], row.values["numberOfImages"], row.values["overlap"]) == (12.0, 120, 0.0)


def test_gaps_of_a_characterisation_are_a_negative_overlap_in_degrees():
    (row,) = made(RECORDS["characterisation"]())["DataCollection"]
    # Ten images of 0.5 deg, the next ones begin at 45 deg.
    assert (row.values["axisRange"], row.values["overlap"], row.values["numberOfImages"]) == (0.5, -40.0, 30)
    sweep = asked("single", image_width_deg=0.5, number_images=91, role="Characterisation")
    parts = tuple(scan("x", sweep, 10 * n, first=90 * n + 1, images=1, ordinal=n + 1) for n in range(2))
    (row,) = made(RECORDS["characterisation"](sweeps=parts, strategies=()))["DataCollection"]
    assert row.values["overlap"] == pytest.approx(-44.5)


def test_wedges_asked_for_one_by_one_have_the_gap_to_the_next_as_overlap():
    """SynchWeb takes a collection for a characterisation when its overlap is not 0."""
    record = wedges_one_by_one()
    found = made(record)
    assert [row.values["experimentType"] for row in found["DataCollectionGroup"]] == ["Characterization"]
    assert [row.values["overlap"] for row in found["DataCollection"]] == [-40.0, -85.0, -85.0]
    assert [row.values["axisStart"] for row in found["DataCollection"]] == [0.0, 45.0, 135.0]
    live = record.model_copy(update={"sweeps": record.sweeps[:1], "exit_status": "running", "end": None})
    assert made(live)["DataCollection"][0].values["overlap"] == -40.0


def test_strategy_in_its_tables():
    found = made(RECORDS["characterisation"]())
    (output,) = found["ScreeningOutput"]
    assert (output.values["indexingSuccess"], output.values["strategySuccess"]) == (1, 1)
    assert output.values["totalExposureTime"] == pytest.approx(36.0)
    assert found["ScreeningStrategy"][0].values["transmission"] == pytest.approx(30.0)
    assert [row.values["completeness"] for row in found["ScreeningStrategyWedge"]] == [98.0, 98.0]
    assert [row.values["axisStart"] for row in found["ScreeningStrategySubWedge"]] == [20.0, 200.0]
    assert found["ScreeningOutputLattice"][0].values["unitCell_c"] == 150.1


def test_helical_has_both_ends():
    ends = {"start": Position(x_mm=0.1, y_mm=0.2, z_mm=0.3), "end": Position(x_mm=0.4, y_mm=0.5, z_mm=0.6)}
    sweep = asked("helix", sweep_type="helical", **ends)
    record = rotation(sweeps=(scan("Lyso-1", sweep, 100),), templates=(sweep.to_json(),), grids=(), crystals=())
    found = made(record)
    assert found["DataCollectionGroup"][0].values["experimentType"] == "Helical"
    assert [row.values for row in found["MotorPosition"]] == [
        {"phiY": 0.1, "sampX": 0.2, "sampY": 0.3},
        {"phiY": 0.4, "sampX": 0.5, "sampY": 0.6},
    ]
    assert [row.owner[1] for row in found["MotorPosition"]] == ["startPositionId", "endPositionId"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("rotation", "Successful"), ("aborted", "Cancelled"), ("unfinished", "Unsuccessful")],
)
def test_how_it_ended(name, expected):
    assert made(RECORDS[name]())["DataCollection"][-1].values["runStatus"] == f"DataCollection {expected}"


def test_interleaved_sweeps_whose_last_wedges_never_came():
    """Stopped in the third wedge of the first of three, before its first frame."""
    taken, third = RECORDS["mad"]().sweeps[:6], RECORDS["mad"]().sweeps[6]
    broken = third.model_copy(update={"exit_status": "abort", "files": ()})
    for exit_status, word in (("abort", "Cancelled"), ("fail", "Unsuccessful"), ("unfinished", "Unsuccessful")):
        found = made(RECORDS["mad"](sweeps=(*taken, broken), exit_status=exit_status))["DataCollection"]
        assert [row.values["runStatus"] for row in found] == [f"DataCollection {word}"] * 3
        assert [row.values["numberOfImages"] for row in found] == [60] * 3


def test_interleaved_sweeps_are_not_over_between_two_wedges():
    doses = tuple(scan.model_copy(update={"dose_mgy": 0.5}) for scan in RECORDS["mad"]().sweeps)
    first, *others = made(RECORDS["mad"](sweeps=doses[:10], exit_status="running", end=None))["DataCollection"]
    assert (first.values["runStatus"], first.values["comments"]) == ("DataCollection Successful", "dose 2 MGy")
    assert first.values["endTime"]
    for row in others:
        assert not {"runStatus", "endTime", "comments"} & set(row.values)


def test_strategy_without_frames_hangs_on_its_group_alone():
    head = made(RECORDS["characterisation"](sweeps=()))["Screening"][0]
    assert head.links == {"dataCollectionGroupId": "group"}


@pytest.mark.parametrize(
    ("sweeps", "strategy", "expected"),
    [
        ([{"inverse": 0}, {"inverse": 1}], "OSC", "SAD - Inverse Beam"),
        ([{"inverse": n, "energy_ev": e} for e in (12000.0, 13000.0) for n in (0, 1)], "OSC", "MAD - Inverse Beam"),
        ([{"position": 1}, {"position": 2}], "OSC", "Multi-positional"),
        ([{"kappa_deg": 0.0}, {"kappa_deg": 30.0}], "OSC", "Collect - Multiwedge"),
        ([{"sweep_type": "still", "image_width_deg": 0.0}], "OSC", "Still"),
        ([{}], "SAD", "SAD"),
        ([{}], "MXPressE", "OSC"),
    ],
)
def test_experiment_types(sweeps, strategy, expected):
    made_of = [asked(f"s{number}", **fields) for number, fields in enumerate(sweeps)]
    whole = rotation(sweeps=(scan("Lyso-1", made_of[0], 100),), templates=tuple(s.to_json() for s in made_of), grids=())
    record = whole.model_copy(update={"experiment": {**whole.experiment, "experimentStrategy": strategy}})
    assert made(record)["DataCollectionGroup"][0].values["experimentType"] == expected


def test_site_has_its_own_words():
    site = Site(ZoneInfo("Europe/Paris"), experiment_types={"Mesh3D": "Mesh"})
    assert [row.values["experimentType"] for row in made(rotation(), site)["DataCollectionGroup"]] == ["Mesh", "OSC"]


def test_what_no_readback_tells_is_left_out():
    sweep = asked("bare")
    bare = scan("x", sweep, 100, measured=measured(flux_ph_s=None, transmission_frac=None, energy_ev=float("nan")))
    (row,) = made(rotation(sweeps=(bare,), grids=(), crystals=()))["DataCollection"]
    assert not {"flux", "transmission", "wavelength"} & set(row.values)


def test_robot_and_spectra():
    found = made(RECORDS["failed"]())["RobotAction"][0].values
    assert (found["actionType"], found["status"], found["message"]) == ("LOAD", "ERROR", "42: gripper did not close")
    assert (found["containerLocation"], found["dewarLocation"]) == (3, 2)
    edge = made(RECORDS["energy_scan"]())["EnergyScan"][0].values
    assert (edge["element"], edge["edgeEnergy"], edge["peakEnergy"], edge["transmissionFactor"]) == (
        "Se",
        "K",
        12660.5,
        1.0,
    )
    spectrum = made(RECORDS["fluorescence"]())["XFEFluorescenceSpectrum"][0].values
    assert (spectrum["beamTransmission"], spectrum["exposureTime"], spectrum["comments"]) == (2.0, 10.0, "Fe, Zn")


def test_more_pictures_than_columns_are_attached():
    pictures = tuple(
        rotation().snapshots[0].model_copy(update={"path": f"snapshots/{n}.png", "time": at(30 + n)}) for n in range(6)
    )
    found = made(rotation(snapshots=pictures, grids=(), crystals=()))
    assert [row.values["fileFullPath"] for row in found["DataCollectionFileAttachment"]] == [
        "/data/night/snapshots/4.png",
        "/data/night/snapshots/5.png",
    ]
    assert found["DataCollection"][0].values["xtalSnapshotFullPath4"] == "/data/night/snapshots/3.png"


def test_rows_are_the_same_each_time_and_plain_json():
    for make in RECORDS.values():
        given = delivery(make())
        steps = ispyb_rows(given.record, given.out, PARIS)
        again = ispyb_rows(make(), given.out, PARIS)
        assert steps == again
        payloads = [step.payload for step in steps]
        assert json.loads(json.dumps(payloads, allow_nan=False)) == payloads
        assert len({step.key for step in steps}) == len(steps)


@pytest.mark.parametrize(
    ("lims", "words"),
    [
        ({}, "no proposal"),
        ({"proposal": "mx1234-x", "session": 1}, "session is 'x'"),
        ({"proposal": "1234", "session": 1}, "'1234'"),
    ],
)
def test_no_proposal(lims, words):
    record = rotation(lims=lims, objects={})
    with pytest.raises(TargetRefused, match=words):
        ispyb_rows(record, delivery(rotation()).out, PARIS)
