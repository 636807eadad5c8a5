"""An experiment that took several attempts is one record, with each scan that any of them brought to its end, once."""

import pytest

from mxplans.model import kinds, parse_item
from mxplans.model.extensions import DOMAIN
from mxplans_lims.fold import fold
from mxplans_lims.targets.mxlims import to_message

CENTRING = 2
"""Grids of bringing the sample in; `Attempt.centred`."""


def item_of(*made):
    """One item that asks for the sweeps of several."""
    first, *others = (each.to_json() for each in made)
    return parse_item(first | {"sweeps": first["sweeps"] + [sweep for other in others for sweep in other["sweeps"]]})


def mesh(prefix, rows=2):
    return kinds.mesh(sample_name="A", columns=3, rows=rows, step_um=10, exposure_s=0.01, prefix=prefix)


MESHES = item_of(mesh("first"), mesh("second", rows=3), mesh("third", rows=4))
LINES = item_of(
    *(
        kinds.line(sample_name="A", number_images=5, step_um=5, exposure_s=0.01, vertical=True, prefix=prefix)
        for prefix in ("along", "across")
    )
)
TURN = kinds.rotation(sample_name="A", number_images=8, image_width_deg=0.5, exposure_s=0.01)
CENTRED = kinds.xray_centring(sample_name="A", columns=3, flat_rows=4, edge_rows=2, step_um=10, exposure_s=0.01)


def asked_grids(record):
    return [grid for grid in record.grids if grid.volume_scan_uuid is None]


def brought_in(record):
    return [grid for grid in record.grids if grid.volume_scan_uuid is not None]


def uuids(scans):
    return [scan.sweep["uuid"] for scan in scans]


def first_boxes(grids):
    """The number of the scan in its night, counted from 1, by which each grid's scores can be told from another's."""
    return [grid.score[0][0] for grid in grids]


def executed(message):
    return [sweep for sweep in message["CollectionSweep"].values() if "sourceRef" in sweep]


@pytest.mark.parametrize("item", [MESHES, LINES], ids=["meshes", "lines"])
@pytest.mark.parametrize("last_takes", [1, 0], ids=["last takes the rest", "nothing is left for the last"])
def test_grids_of_all_attempts_are_there_once_with_their_scores(make_attempts, item, last_takes):
    places = tuple(range(len(item.sweeps)))
    cut = len(places) - last_takes
    attempts = [{"takes": (place,), "breaks_in": min(place + 1, places[-1])} for place in places[:cut]]
    (record,) = fold(make_attempts(item, *attempts, {"takes": places[cut:]}).documents)
    assert record.attempt == len(attempts) + 1
    assert uuids(record.grids) == [sweep.uuid for sweep in item.sweeps]
    assert [(grid.rows, grid.columns, grid.frames) for grid in record.grids] == [
        (*((s.images_per_line, 1) if s.vertical else (s.number_lines, s.images_per_line)), s.number_images)
        for s in item.asked
    ]
    assert first_boxes(record.grids) == [place + 1 for place in places]
    assert {grid.exit_status for grid in record.grids} == {"success"}


def test_the_message_of_a_resumed_experiment_has_all_of_its_images(make_attempts):
    night = make_attempts(MESHES, {"takes": (0,), "breaks_in": 1}, {"takes": (1,), "breaks_in": 2}, {"takes": (2,)})
    (record,) = fold(night.documents)
    message = to_message(record)
    experiment = message["MxExperiment"]["MxExperiment1"]
    assert (experiment["jobStatus"], experiment["extensions"][DOMAIN]["attempt"]) == ("Completed", 3)
    assert experiment["annotation"] == f"COLLECTED: {MESHES.number_images} images"
    done = executed(message)
    assert [scan["numberImages"] for sweep in done for scan in sweep["scans"]] == [6, 9, 12]
    assert [scan["ordinal"] for sweep in done for scan in sweep["scans"]] == [1, 2, 3]
    assert [sweep["extensions"][DOMAIN]["score"][0][0] for sweep in done] == [1, 2, 3]
    starts = [document["time"] for name, document in night.documents if name == "start"]
    assert record.start.timestamp() == pytest.approx(starts[0], abs=1e-6)


def test_grids_and_rotations_of_different_attempts_stand_together(make_attempts):
    (record,) = fold(make_attempts(TURN, {"centred": True, "breaks_in": 0}, {"takes": (0,)}).documents)
    assert (len(brought_in(record)), uuids(record.sweeps)) == (CENTRING, [TURN.sweeps[0].uuid])
    assert [scan["ordinal"] for sweep in executed(to_message(record)) for scan in sweep["scans"]] == [1, 2, 3]


def test_a_grid_that_was_taken_twice_counts_once_as_it_was_taken_last(make_attempts):
    """The worker may die between the end of a scan's run and the ledger's note of it: then it is taken again."""
    (record,) = fold(make_attempts(MESHES, {"takes": (0,), "breaks_in": 1}, {"takes": (0, 1, 2)}).documents)
    assert uuids(record.grids) == [sweep.uuid for sweep in MESHES.sweeps]
    assert first_boxes(record.grids) == [2, 3, 4]


def test_what_the_last_attempt_broke_off_is_told_and_what_earlier_ones_did_is_not(make_attempts):
    (record,) = fold(make_attempts(MESHES, {"takes": (0,), "breaks_in": 1}, {"breaks_in": 1}).documents)
    assert (record.verdict, record.exit_status) == ("FAILED", "fail")
    assert [(grid.sweep["uuid"], grid.exit_status) for grid in record.grids] == [
        (MESHES.sweeps[0].uuid, "success"),
        (MESHES.sweeps[1].uuid, "fail"),
    ]


@pytest.mark.parametrize("third", [False, True], ids=["still centred in the last", "centred again in the last"])
def test_of_bringing_the_sample_in_the_latest_counts(make_attempts, third):
    night = make_attempts(
        MESHES,
        {"centred": True, "takes": (0,), "breaks_in": 1},
        {"centred": True, "takes": (1,), "breaks_in": 2},
        {"centred": third, "takes": (2,)},
    )
    (record,) = fold(night.documents)
    centrings = [
        document["uid"]
        for name, document in night.documents
        if name == "start" and document["mxplans"].get("volume_scan_uuid")
    ]
    assert [grid.run_uid for grid in brought_in(record)] == centrings[-CENTRING:]
    assert uuids(asked_grids(record)) == [sweep.uuid for sweep in MESHES.sweeps]
    assert record.xray is not None and record.xray.x_mm == 0.11
    volumes = {volume["uuid"]: volume for volume in to_message(record)["VolumeScan"].values()}
    (with_crystal,) = [uid for uid, volume in volumes.items() if "resultVolume" in volume]
    assert with_crystal == brought_in(record)[0].volume_scan_uuid
    assert volumes[with_crystal]["resultVolume"]["position"]["sampleX"] == 0.11


def test_a_centring_that_found_nothing_is_not_given_an_earlier_ones_crystal(make_attempts):
    night = make_attempts(MESHES, {"centred": True, "breaks_in": 0}, {"centred": True, "takes": (0,)})
    last = [document["uid"] for name, document in night.documents if name == "start"][4]  # after a sample and 3 scans
    results = {
        document["uid"]
        for name, document in night.documents
        if name == "descriptor" and (document["run_start"], document["name"]) == (last, "mx_xrc_result")
    }
    assert results
    nothing = [each for each in night.documents if each[1].get("descriptor") not in results]
    (record,) = fold(nothing)
    assert (record.run_uid, record.xray) == (last, None)


def test_a_volume_scan_has_no_grids_but_its_own(make_attempts):
    night = make_attempts(MESHES, {"centred": True, "takes": (0,), "breaks_in": 1}, {"takes": (1, 2)})
    (record,) = fold(night.documents)
    message = to_message(record)
    volumes = {volume["uuid"]: volume for volume in message["VolumeScan"].values()}
    assert len(volumes) == len(message["VolumeScan"])
    centring = volumes[brought_in(record)[0].volume_scan_uuid]
    assert centring["rotationAngles"] == [0.0, 90.0]
    named = [sweep["extensions"][DOMAIN]["volumeScanUuid"] for sweep in executed(message)]
    assert set(named) == set(volumes)


def test_an_xray_centring_that_was_asked_for_is_one_volume_scan(make_attempts):
    (record,) = fold(make_attempts(CENTRED, {"takes": (0,), "breaks_in": 1}, {"takes": (1,)}).documents)
    message = to_message(record)
    (volume,) = message["VolumeScan"].values()
    assert volume["rotationAngles"] == [0.0, 90.0]
    assert volume["boundingBoxSize"] == pytest.approx([0.03, 0.04, 0.02])
    assert {sweep["extensions"][DOMAIN]["volumeScanUuid"] for sweep in executed(message)} == {volume["uuid"]}


@pytest.mark.parametrize("told_last", [False, True], ids=["told before the grids", "told after the grids"])
def test_the_crystal_is_that_of_the_grids_that_were_taken_before_it_was_told(make_attempts, told_last):
    (record,) = fold(make_attempts(CENTRED, {"centred": True, "takes": (0, 1)}).documents)
    assert record.xray is not None and record.end is not None
    if told_last:
        late = record.xray.model_copy(update={"time": record.end})
        record = record.model_copy(update={"xray": late, "crystals": (late,)})
    (with_crystal,) = [each["uuid"] for each in to_message(record)["VolumeScan"].values() if "resultVolume" in each]
    assert (with_crystal == brought_in(record)[0].volume_scan_uuid) is not told_last


def test_pictures_of_all_attempts_are_kept_each_file_once(make_attempts):
    """Those that are asked for are taken before the first scan only; those of centring, with each centring."""
    night = make_attempts(
        MESHES,
        {"pictures": ("optical", "asked-1", "asked-2"), "takes": (0,), "breaks_in": 1},
        {"pictures": ("optical",), "takes": (1, 2)},
    )
    (record,) = fold(night.documents)
    assert [picture.label for picture in record.snapshots] == ["asked-1", "asked-2", "optical"]  # by time
    assert to_message(record)["MxExperiment"]["MxExperiment1"]["snapshotCount"] == 3


def test_phases_of_all_attempts_are_there_in_their_order(make_attempts):
    (record,) = fold(make_attempts(MESHES, {"takes": (0,), "breaks_in": 1}, {"takes": (1, 2)}).documents)
    assert [(phase.name, phase.duration_s is None) for phase in record.phases] == [
        ("collect", True),
        ("collect", False),
    ]
    assert record.phases[0].start < record.phases[1].start
    assert record.end is not None and record.start < record.phases[0].start < record.end


@pytest.mark.parametrize(("looks", "tip_x_mm"), [(None, 0.1), (True, 0.2), (False, None)])
def test_the_loop_is_where_it_was_looked_for_last(make_attempts, looks, tip_x_mm):
    night = make_attempts(MESHES, {"looks": True, "breaks_in": 0}, {"looks": looks, "takes": (0, 1, 2)})
    (record,) = fold(night.documents)
    assert record.optical.get("optical_tip_x_mm") == tip_x_mm
