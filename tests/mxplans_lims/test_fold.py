"""The fold says what the documents say, and nothing that was only asked for."""

import json

import pytest

from mxplans_lims.fold import fold, fold_journal


@pytest.fixture(scope="module")
def records(small_night):
    return fold_journal(small_night.out / "documents.jsonl")


def test_one_record_per_sample_in_order(records, small_night):
    assert [record.sample_name for record in records] == ["Good", "Empty", "Broken"]
    assert [record.item_uid for record in records] == [item.uuid for item in small_night.items]
    assert [record.verdict for record in records] == ["COLLECTED", "EMPTY_MOUNT", "FAILED"]
    assert [record.exit_status for record in records] == ["success", "success", "fail"]
    assert [(record.proposal, record.complete) for record in records] == [("mx1", True)] * 3
    assert "the beam is gone" in records[2].reason


def test_journal_and_documents_fold_alike(records, small_night):
    assert fold((name, json.loads(json.dumps(document))) for name, document in small_night.documents) == records


def test_measured_values_come_from_events(records):
    (sweep,) = records[0].sweeps
    measured = sweep.measured
    assert (measured.x_mm, measured.y_mm, measured.z_mm, measured.omega_deg) == (0.11, -0.05, 0.02, 12.0)
    assert (measured.energy_ev, measured.flux_ph_s, measured.ring_current_ma) == (12700.0, 2.0e12, 299.5)
    assert (measured.transmission_frac, measured.distance_mm) == (0.49, 150.25)  # asked for were 0.5
    assert measured.beam_size_um == (50.0, 50.0)
    assert (measured.kappa_deg, measured.phi_deg, measured.chi_deg) == (5.0, 30.0, None)
    assert (measured.flux_end_ph_s, sweep.dose_mgy) == (2.0e12, 0.25)


@pytest.mark.parametrize("sweep_type", ["simple", "helical"])
def test_the_place_of_a_scan_is_where_it_was_taken(small_night, sweep_type):
    """The motion goes to its start after the readbacks before it; a helical one has no place of its own."""
    documents = [
        (name, json.loads(json.dumps(document).replace('"simple"', f'"{sweep_type}"')))
        for name, document in small_night.documents
    ]
    rotation = next(doc["uid"] for name, doc in documents if name == "start" and doc["mxplans"]["role"] == "rotation")
    place = next(at for at, (name, doc) in enumerate(documents) if doc.get("run_start") == rotation and name == "stop")
    after = {"goniometer_x": 0.5, "goniometer_y": 0.25, "goniometer_z": -0.125, "beam_flux": 1.0e12}
    told = [
        ("descriptor", {"uid": "post", "run_start": rotation, "name": "mx_post", "time": 0.0}),
        ("event", {"uid": "e", "descriptor": "post", "time": 0.0, "seq_num": 1, "data": after}),
    ]
    (sweep,) = fold(documents[:place] + told + documents[place:])[0].sweeps
    measured = sweep.measured
    wanted = (None, None, None) if sweep_type == "helical" else (0.5, 0.25, -0.125)
    assert (measured.x_mm, measured.y_mm, measured.z_mm) == wanted
    assert measured.flux_end_ph_s == 1.0e12


def test_the_detector_is_as_its_configuration_and_its_frames_say(records, small_night):
    detector = records[0].sweeps[0].detector
    assert (detector.model, detector.serial_number) == ("Small EIGER", "E-00-0001")
    assert (detector.width_px, detector.height_px) == (40, 48)  # of a data key: height first
    assert (detector.beam_centre_x_px, detector.beam_centre_y_px, detector.pixel_x_um) == (20.25, 24.5, 75.0)
    assert (detector.exposure_s, detector.omega_increment_deg, detector.distance_mm) == (0.0101, 0.2, 150.2)
    assert detector.master == str(small_night.out / "data" / "Good" / "osc_master.h5")


def test_frames_come_from_stream_documents(records, small_night):
    (sweep,) = records[0].sweeps
    assert [file.frames for file in sweep.files] == [6, 4]
    assert sweep.frames == 10
    assert sweep.files[1].path == str(small_night.out / "data" / "Good" / "osc_data_000002.h5")
    assert sweep.files[0].dataset == "/entry/data/data"


def test_grids_keep_their_scores(records):
    first, second = records[0].grids
    assert (first.rows, first.columns, first.step_um, first.frames) == (3, 4, 20.0, 12)
    assert first.score is not None and first.score[1][2] == 7.5 and sum(map(sum, first.score)) == 7.5
    assert first.volume_scan_uuid == second.volume_scan_uuid
    assert second.centre["omega_deg"] - first.centre["omega_deg"] == 90


def test_phases_robot_snapshots_evidence(records):
    good, empty, broken = records
    assert [phase.name for phase in good.phases] == ["mount", "xray", "collect"]
    assert all(phase.duration_s is not None and phase.duration_s >= 0 for phase in good.phases)
    assert broken.phases[-1].name == "collect" and broken.phases[-1].duration_s is None
    assert [action.action for action in good.robot] == ["LOAD", "UNLOAD"]
    assert [(action.start.timestamp(), action.barcode) for action in good.robot] == [(1.75e9, "PIN-1")] * 2
    assert good.snapshots[0].path == "snapshots/Good_optical.png"
    assert empty.evidence == {"area_um2": 12.5}
    assert good.xray is not None and good.xray.values["xrc_significance"] == 30.0


def test_run_without_stop_is_failed_and_says_why(small_night):
    good = next(d["uid"] for name, d in small_night.documents if name == "start")
    torn = [(n, d) for n, d in small_night.documents if not (n == "stop" and d["run_start"] == good)]
    without_verdict = [(n, d) for n, d in torn if not (n == "event" and d["data"].get("verdict") == "COLLECTED")]
    record = fold(without_verdict)[0]
    assert (record.verdict, record.exit_status, record.end) == ("FAILED", "unfinished", None)
    assert "no stop document" in record.reason
    assert record.last >= record.sweeps[0].start
    assert fold(torn)[0].verdict == "COLLECTED"  # it was: only the unmounting is unknown


def test_runs_of_others_are_left_out(small_night):
    other = [("start", {"uid": "x", "time": 1.0}), ("stop", {"uid": "y", "run_start": "x", "time": 2.0})]
    assert fold(other) == []


def crystal(rank, x_mm, chosen=None, **more):
    return {"xrc_rank": rank, "xrc_x_mm": x_mm} | ({} if chosen is None else {"xrc_chosen": chosen}) | more


def test_several_crystals_fold_to_the_best_first_and_to_the_one_that_was_chosen(told_crystals):
    lines = [{"xrc_line_number": 1, "xrc_line_x_mm": 0.5}, {"xrc_line_number": 2, "xrc_line_x_mm": 0.6}]
    record = fold(told_crystals([crystal(1, 0.1), crystal(2, 0.2), crystal(3, 0.3)], lines))[0]
    assert [each.x_mm for each in record.crystals] == [0.1, 0.2, 0.3]
    assert record.xray == record.crystals[0]  # where nothing says which, the best one
    assert [line.values["xrc_line_x_mm"] for line in record.lines] == [0.5, 0.6]
    record = fold(told_crystals([crystal(1, 0.1, 0), crystal(2, 0.2, 1), crystal(3, 0.3, 0)], []))[0]
    assert record.xray == record.crystals[1]
    assert fold(told_crystals([crystal(1, 0.1, 0), crystal(2, 0.2, 0)], []))[0].xray is None


def test_crystals_that_were_told_again_count_once_and_as_they_were_told_last(told_crystals):
    twice = [crystal(1, 0.1), crystal(2, 0.2), crystal(1, 0.4), crystal(1, 0.5), crystal(2, 0.6), crystal(2, 0.7)]
    assert [each.x_mm for each in fold(told_crystals(twice, []))[0].crystals] == [0.5, 0.7]
