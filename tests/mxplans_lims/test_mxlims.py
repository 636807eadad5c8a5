"""Messages are valid, complete, repeatable, and in the units of MXLIMS."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from mxlims_support import MESSAGES

from mxplans.errors import InvalidMessage
from mxplans.model.extensions import DOMAIN
from mxplans.model.message import parse_message
from mxplans_lims.fold import fold, fold_journal
from mxplans_lims.targets.mxlims import to_message, units, written


def assert_valid(validator: Draft202012Validator, message: dict[str, Any]) -> None:
    errors = sorted(validator.iter_errors(json.loads(json.dumps(message))), key=lambda error: -len(error.path))
    assert not errors, [(list(error.absolute_path), error.message[:300]) for error in errors[:3]]


@pytest.fixture(scope="module")
def records(small_night):
    return fold_journal(small_night.out / "documents.jsonl")


def test_validator_knows_good_from_bad(validator):
    for path in (MESSAGES / "v0.6.13" / "messages" / "MxlimsMessageStrict" / "valid").glob("*.json"):
        assert_valid(validator, json.loads(path.read_text()))
    assert list(validator.iter_errors({"version": "0.6.12"}))
    assert list(validator.iter_errors({"version": "0.6.13", "CollectionSweep": {}}))


def test_every_end_gives_a_valid_message(validator, records):
    for record, status in zip(records, ["Completed", "Failed", "Failed"], strict=True):
        message = to_message(record)
        assert_valid(validator, message)
        experiment = message["MxExperiment"]["MxExperiment1"]
        assert experiment["jobStatus"] == status
        assert experiment["uuid"] == record.item_uid
        assert record.verdict in experiment["annotation"]


def test_aborted_and_unfinished_are_valid_too(validator, small_night):
    for exit_status, expected in (("abort", "Aborted"), (None, "Failed")):
        documents = []
        for name, document in small_night.documents:
            if name == "stop":
                if exit_status is None:
                    continue
                document = document | {"exit_status": exit_status, "reason": "operator"}
            documents.append((name, document))
        for record in fold(documents):
            message = to_message(record)
            assert_valid(validator, message)
            assert message["MxExperiment"]["MxExperiment1"]["jobStatus"] == expected


def test_multi_position_pin(validator, make_night):
    night = make_night({"A": "COLLECTED", "B": "NO_DIFFRACTION"}, multi=True)
    for record in fold_journal(night.out / "documents.jsonl"):
        message = to_message(record)
        assert_valid(validator, message)
        assert message["MxExperiment"]["MxExperiment1"]["logisticalSampleRef"] == {"$ref": "#/PinPosition/PinPosition1"}


def test_done_beside_asked(records):
    message = to_message(records[0])
    sweeps = message["CollectionSweep"]
    assert [sweep.get("role") for sweep in sweeps.values()] == ["Result", "Centring", "Centring", "Result"]
    template, result = sweeps["CollectionSweep1"], sweeps["CollectionSweep4"]
    assert message["MxExperiment"]["MxExperiment1"]["templateDataRefs"] == [
        {"$ref": "#/CollectionSweep/CollectionSweep1"}
    ]
    assert "sourceRef" not in template and template["transmission"] == 50.0
    assert result["sourceRef"] == {"$ref": "#/MxExperiment/MxExperiment1"}
    assert result["transmission"] == pytest.approx(49.0)
    assert (result["energy"], result["beamSize"]) == (12700.0, [0.05, 0.05])
    assert (result["exposureTime"], result["imageWidth"], template["exposureTime"]) == (0.0101, 0.2, 0.01)
    assert (result["detectorType"], result["beamPosition"]) == ("Small EIGER", [20.25, 24.5])
    assert result["axisPositionsStart"] == {
        "omega": 0.0,
        "kappa": 5.0,
        "phi": 30.0,
        "sampleX": 0.11,
        "sampleY": -0.05,
        "sampleZ": 0.02,
        "detectorDistance": 150.25,
    }
    assert result["scans"] == [
        {"scanPositionStart": 0.0, "firstImageNumber": 1, "numberImages": 10, "ordinal": 3}  # the grids were 1 and 2
    ]
    assert result["filenameTemplate"] == "osc_data_??????.h5"


def test_xray_centring_is_a_volume_scan(records):
    message = to_message(records[0])
    (volume,) = message["VolumeScan"].values()
    assert volume["rotationAngles"] == [0.0, 90.0]
    assert volume["boundingBoxSize"] == pytest.approx([0.08, 0.06, 0.06])
    assert volume["resultVolume"]["position"] == {"sampleX": 0.11, "sampleY": -0.05, "sampleZ": 0.02, "omega": 12.0}
    meshes = [sweep for sweep in message["CollectionSweep"].values() if sweep.get("role") == "Centring"]
    assert {mesh["extensions"][DOMAIN]["volumeScanUuid"] for mesh in meshes} == {volume["uuid"]}


def test_folding_again_gives_the_same_bytes(records, small_night):
    again = fold((name, json.loads(json.dumps(document))) for name, document in small_night.documents)
    assert [written(to_message(record)) for record in again] == [written(to_message(record)) for record in records]


def test_a_record_that_makes_no_sound_message_is_refused(records):
    scan = records[0].sweeps[0]
    sweep = {**scan.sweep, "numberImages": scan.frames - 1}  # one image more was taken than asked for
    wrong = records[0].model_copy(update={"sweeps": (scan.model_copy(update={"sweep": sweep}),)})
    with pytest.raises(InvalidMessage, match=f"record of experiment {records[0].item_uid}"):
        to_message(wrong)


@given(st.floats(min_value=1e-6, max_value=1e6))
def test_units_there_and_back(value):
    assert units.mm_to_um(units.um_to_mm(value)) == pytest.approx(value, rel=1e-12)
    assert units.percent_to_frac(units.frac_to_percent(value)) == pytest.approx(value, rel=1e-12)
    assert units.um_to_mm(value) < value < units.frac_to_percent(value)


def test_what_is_not_a_number_does_not_spoil_a_message(validator, records):
    record = records[0].model_copy(update={"evidence": {"spread": float("nan"), "images": 10.0}})
    message = json.loads(written(to_message(record)), parse_constant=pytest.fail)
    assert_valid(validator, message)
    assert message["MxExperiment"]["MxExperiment1"]["extensions"][DOMAIN]["evidence"] == {"images": 10.0}


def crystals(*resolutions):
    return [
        {
            "xrc_rank": rank,
            "xrc_x_mm": 0.1 * rank,
            "xrc_total": 1000.0 / rank,
            "xrc_n_spots": 40 - rank,
            "xrc_d_est_angstrom": resolution,
            "xrc_pin_position": rank,
            "xrc_covariance_um2": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        }
        for rank, resolution in enumerate(resolutions, start=1)
    ]


def test_all_crystals_of_an_xray_centring_are_points_of_its_result(validator, told_crystals):
    lines = [{"xrc_line_number": 1, "xrc_line_x_mm": 0.5, "xrc_line_omega_deg": 12.0}]
    message = to_message(fold(told_crystals(crystals(2.1, 2.4, 3.0), lines))[0])
    assert_valid(validator, message)
    (volume,) = message["VolumeScan"].values()
    result = volume["resultVolume"]
    assert result["position"]["sampleX"] == pytest.approx(0.1)
    assert result["coordinates"] == [pytest.approx([0.1 * k, 0.0, 0.0]) for k in range(3)]
    assert (result["grouping"], result["reflectionCounts"]) == ([1, 2, 3], [39, 38, 37])
    assert result["intensities"] == pytest.approx([1000.0, 500.0, 1000 / 3])
    assert result["resolutions"] == [2.1, 2.4, 3.0]
    ours = volume["extensions"][DOMAIN]
    assert [each["xrc_pin_position"] for each in ours["crystals"]] == [1, 2, 3]
    assert ours["linesOfSight"] == lines


def test_a_resolution_that_is_not_known_leaves_the_list_of_them_out(validator, told_crystals):
    message = to_message(fold(told_crystals(crystals(2.1, 0.0), []))[0])
    assert_valid(validator, message)
    (volume,) = message["VolumeScan"].values()
    assert "resolutions" not in volume["resultVolume"] and volume["resultVolume"]["grouping"] == [1, 2]


def test_lines_of_sight_alone_are_told_and_no_crystal_is_made_of_them(validator, told_crystals):
    message = to_message(fold(told_crystals([], [{"xrc_line_number": 1, "xrc_line_x_mm": 0.5}]))[0])
    assert_valid(validator, message)
    (volume,) = message["VolumeScan"].values()
    assert "resultVolume" not in volume
    assert volume["extensions"][DOMAIN] == {
        "crystals": [],
        "linesOfSight": [{"xrc_line_number": 1, "xrc_line_x_mm": 0.5}],
    }


def test_the_box_of_a_volume_scan_holds_every_grid_and_each_angle_is_told_once(validator, records):
    """A third view, and a strip by which the first grid grew."""
    first, second = records[0].grids
    third = first.model_copy(update={"centre": {**first.centre, "omega_deg": 57.0}, "run_uid": "third"})
    strip = first.model_copy(
        update={"centre": {**first.centre, "x_mm": first.centre["x_mm"] - 0.06}, "columns": 2, "run_uid": "strip"}
    )
    message = to_message(records[0].model_copy(update={"grids": (first, second, third, strip)}))
    assert_valid(validator, message)
    (volume,) = message["VolumeScan"].values()
    assert sorted(volume["rotationAngles"]) == [0.0, 45.0, 90.0]
    assert volume["boundingBoxSize"] == pytest.approx([0.12, 0.06, 0.06])


def test_what_was_asked_for_is_read_back_from_the_message_as_it_was(records, small_night):
    """The queue item goes in and comes out as the same experiment on the same sample, with its sweeps as templates."""
    for record, item in zip(records, small_night.items, strict=True):
        message = parse_message(json.loads(written(to_message(record))), "test")
        (experiment,) = message.mx_experiments.values()
        assert (experiment.uuid, experiment.experiment_strategy) == (item.uuid, item.experiment.experiment_strategy)
        asked = [message.collection_sweeps[each.key] for each in experiment.template_data_refs or ()]
        assert [sweep.to_json() for sweep in asked] == [sweep.to_json() for sweep in item.sweeps]
        sample = message.macromolecule_samples[experiment.sample_ref.key]
        assert (sample.uuid, sample.name) == (item.objects["MacromoleculeSample"]["uuid"], item.sample_name)
        done = [sweep for sweep in message.collection_sweeps.values() if sweep.source_ref is not None]
        assert sum(scan.number_images for sweep in done for scan in sweep.scans) == record.frames + sum(
            grid.frames for grid in record.grids
        )
