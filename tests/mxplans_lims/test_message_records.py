"""Messages of every kind of experiment and every end: valid, sound, repeatable, and what stands in which field."""

import json

import pint
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lims_record_parts import WAVELENGTHS_EV, at, uid
from lims_records import (
    RECORDS,
    aborted,
    characterisation,
    energy_scan,
    fluorescence,
    mad,
    rotation,
    running,
    stills,
)

from mxplans.model.checks import check_message
from mxplans.model.extensions import DOMAIN
from mxplans.model.message import parse_message
from mxplans_lims.executed import executed_sweeps
from mxplans_lims.targets.mxlims import to_message, units, written

UNITS = pint.UnitRegistry()
STATUS = {
    "rotation": "Completed",
    "mad": "Completed",
    "characterisation": "Completed",
    "stills": "Completed",
    "empty_mount": "Failed",
    "aborted": "Aborted",
    "failed": "Failed",
    "unfinished": "Failed",
    "running": "Running",
    "energy_scan": "Completed",
    "fluorescence": "Completed",
    "multi_pin": "Completed",
}


def experiment_of(record):
    return to_message(record)["MxExperiment"]["MxExperiment1"]


def results_of(record):
    return [sweep for sweep in to_message(record)["CollectionSweep"].values() if "sourceRef" in sweep]


def ours(one):
    return one["extensions"][DOMAIN]


@pytest.mark.parametrize("kind", RECORDS)
def test_the_message_of_every_record_is_valid_and_sound(validator, kind):
    record = RECORDS[kind]()
    message = json.loads(written(to_message(record)))
    errors = sorted(validator.iter_errors(message), key=lambda error: -len(error.path))
    assert not errors, [(list(error.absolute_path), error.message[:200]) for error in errors[:3]]
    assert check_message(parse_message(message, kind)) == ()
    experiment = message["MxExperiment"]["MxExperiment1"]
    assert (experiment["jobStatus"], experiment["uuid"]) == (STATUS[kind], record.item_uid)


@pytest.mark.parametrize("kind", RECORDS)
def test_every_scan_with_frames_is_in_one_result_once(kind):
    record = RECORDS[kind]()
    taken = [scan for scan in (*record.grids, *record.sweeps) if scan.frames]
    runs = [run["runUid"] for sweep in results_of(record) for run in ours(sweep)["runs"]] if taken else []
    assert sorted(runs) == sorted(scan.run_uid for scan in taken)


@settings(deadline=None, max_examples=40)
@given(data=st.data(), kind=st.sampled_from(sorted(RECORDS)))
def test_the_order_in_which_scans_are_known_changes_no_byte(data, kind):
    record = RECORDS[kind]()
    mixed = record.model_copy(
        update={
            "sweeps": tuple(data.draw(st.permutations(record.sweeps))),
            "grids": tuple(data.draw(st.permutations(record.grids))),
        }
    )
    assert written(to_message(mixed)) == written(to_message(record))


@settings(deadline=None, max_examples=25)
@given(wedges=st.integers(1, 6), images=st.integers(1, 40), cut=st.integers(0, 17))
def test_interleaved_sweeps_partition_their_images_in_the_order_of_time(wedges, images, cut):
    """Whatever scans are there: each wedge is one Scan, ordinals count them over all sweeps without a gap."""
    whole = mad(wedges=wedges, wedge_images=images)
    record = whole.model_copy(update={"sweeps": whole.sweeps[: max(1, len(whole.sweeps) - cut)]})
    results = results_of(record)
    scans = [scan for sweep in results for scan in sweep["scans"]]
    assert sorted(scan["ordinal"] for scan in scans) == list(range(1, len(record.sweeps) + 1))
    assert sum(scan["numberImages"] for scan in scans) == record.frames
    for sweep in results:
        numbers = [scan["firstImageNumber"] + place for scan in sweep["scans"] for place in range(scan["numberImages"])]
        assert numbers == list(range(1, len(sweep["scans"]) * images + 1))
    assert written(to_message(record)) == written(to_message(record.model_copy()))


def test_wavelengths_take_turns_by_ordinals_alone():
    results = results_of(mad(wedges=4))
    assert [sweep["energy"] for sweep in results] == [energy + 0.2 for energy in WAVELENGTHS_EV]
    assert [[scan["ordinal"] for scan in sweep["scans"]] for sweep in results] == [
        [1, 4, 7, 10],
        [2, 5, 8, 11],
        [3, 6, 9, 12],
    ]


def test_a_result_sweep_has_the_same_uuid_when_more_is_known_of_it():
    whole = mad(wedges=4)
    first = whole.model_copy(update={"sweeps": whole.sweeps[:3]})
    later = whole.model_copy(update={"sweeps": whole.sweeps[2:], "attempt": 2, "run_uid": uid("another outer run")})
    uuids = [{sweep["uuid"] for sweep in results_of(each)} for each in (first, later, whole)]
    assert uuids[0] == uuids[1] == uuids[2] == {sweep.uuid for sweep in executed_sweeps(whole)}


def test_the_first_wedge_that_is_there_says_where_a_sweep_starts():
    """A resumed experiment may take an earlier wedge later."""
    record = mad(wedges=3)
    late = record.sweeps[0].model_copy(update={"start": at(900), "end": at(901)})
    (sweep,) = [
        each
        for each in results_of(record.model_copy(update={"sweeps": (late, *record.sweeps[3:])}))
        if each["energy"] == WAVELENGTHS_EV[0] + 0.2
    ]
    assert [scan["firstImageNumber"] for scan in sweep["scans"]] == [31, 61, 1]
    assert sweep["axisPositionsStart"]["omega"] == 0.0


def test_measured_stands_in_the_result_and_requested_in_the_template():
    message = to_message(rotation())
    template, result = message["CollectionSweep"]["CollectionSweep1"], results_of(rotation())[-1]
    assert (template["transmission"], template["exposureTime"]) == (50.0, 0.01)
    assert template["prefix"] == "Lyso-1_osc" and "energy" not in template and "scans" not in template
    assert (result["transmission"], result["energy"], result["beamSize"]) == (49.0, 12700.3, [0.05, 0.02])
    assert (result["detectorType"], result["beamPosition"]) == ("Dectris EIGER2 Si 16M", [2063.5, 2150.25])
    axes = result["axisPositionsStart"]
    assert (axes["kappa"], axes["phi"], axes["detectorDistance"], axes["sampleX"]) == (0.0, 30.0, 150.25, 0.11)
    assert result["path"].endswith("/data/Lyso-1/Lyso-1_osc")
    assert ours(result)["runs"][0]["measured"]["flux_end_ph_s"] == 2.0e12


def test_what_the_detector_was_told_counts_before_what_was_asked_for():
    record = rotation()
    scan = record.sweeps[0]
    told = scan.detector.model_copy(update={"exposure_s": 0.0125, "omega_increment_deg": 0.0999})
    changed = record.model_copy(update={"sweeps": (scan.model_copy(update={"detector": told}),)})
    result = results_of(changed)[-1]
    assert (result["exposureTime"], result["imageWidth"]) == (0.0125, 0.0999)
    silent = scan.model_copy(update={"detector": type(told)()})
    result = results_of(record.model_copy(update={"sweeps": (silent,)}))[-1]
    assert (result["exposureTime"], result["imageWidth"]) == (0.01, 0.1)
    assert "beamPosition" not in result and "detectorType" not in result


def test_stills_and_boxes_of_a_grid_have_no_width_in_degrees():
    (still,) = results_of(stills())
    assert "imageWidth" not in still
    grid = results_of(rotation())[0]
    assert (grid["imageWidth"], grid["role"], grid["scanAxis"]) == (0.02, "Centring", "horizontal")


def test_dose_is_told_per_sweep_and_in_all():
    record = rotation()  # two grids of 0.01 MGy, one turn of 1.25 MGy
    assert [ours(sweep)["doseMgy"] for sweep in results_of(record)] == [0.01, 0.01, 1.25]
    assert experiment_of(record)["radiationDose"] == pytest.approx(1.27)
    assert ours(results_of(mad(wedges=4))[0])["doseMgy"] == pytest.approx(5.0)
    unknown = tuple(scan.model_copy(update={"dose_mgy": None}) for scan in stills().sweeps)
    assert "radiationDose" not in experiment_of(stills(sweeps=unknown))


def test_positions_of_a_sample_share_the_dose_of_what_was_taken_of_all_only():
    record = rotation()
    scan = record.sweeps[0]

    def at_position(number, dose):
        sweep = {**scan.sweep, "uuid": uid("position", number), "extensions": {DOMAIN: {"position": number}}}
        changes = {"sweep": sweep, "dose_mgy": dose, "run_uid": uid("run of", number), "start": at(200 + number)}
        return scan.model_copy(update=changes)

    several = record.model_copy(update={"sweeps": (at_position(1, 2.0), at_position(2, 3.0))})
    assert experiment_of(several)["radiationDose"] == pytest.approx(3.02)  # with both grids


def test_a_running_experiment_has_no_end_and_no_verdict_in_its_annotation():
    message = to_message(running())
    experiment = message["MxExperiment"]["MxExperiment1"]
    assert "endTime" not in experiment and "annotation" not in experiment
    assert message["VolumeScan"]["VolumeScan1"]["jobStatus"] == "Completed"
    half = running()
    grid = half.grids[1].model_copy(update={"exit_status": "running", "end": None})
    volume = to_message(half.model_copy(update={"grids": (half.grids[0], grid), "sweeps": ()}))["VolumeScan"][
        "VolumeScan1"
    ]
    assert volume["jobStatus"] == "Running" and "endTime" not in volume


def test_a_failure_says_why():
    experiment = experiment_of(aborted())
    assert experiment["annotation"] == "FAILED: abort: operator"
    (sweep,) = results_of(aborted())
    assert [scan["numberImages"] for scan in sweep["scans"]] == [1200]  # what is on disk of 3600
    assert ours(sweep)["runs"][0]["exitStatus"] == "abort"


def test_a_characterisation_says_what_it_found():
    experiment = experiment_of(characterisation())
    assert experiment["selectedSpaceGroupName"] == "P41212"
    assert experiment["selectedUnitCell"] == dict(
        zip(("a", "b", "c", "alpha", "beta", "gamma"), (57.8, 57.8, 150.1, 90.0, 90.0, 90.0), strict=True)
    )
    (strategy,) = ours(experiment)["strategies"]
    assert [wedge["omega_start_deg"] for wedge in strategy["wedges"]] == [20.0, 200.0]
    (sweep,) = results_of(characterisation())
    assert sweep["role"] == "Characterisation"
    assert [scan["firstImageNumber"] for scan in sweep["scans"]] == [1, 91, 181]


def test_a_space_group_that_mxlims_does_not_know_stays_in_our_extension():
    record = characterisation()
    odd = record.strategies[0].model_copy(update={"space_group": "P 99"})
    experiment = experiment_of(record.model_copy(update={"strategies": (odd,)}))
    assert "selectedSpaceGroupName" not in experiment
    assert ours(experiment)["strategies"][0]["space_group"] == "P 99"


def test_spectra_stand_in_our_extension():
    (scan,) = ours(experiment_of(energy_scan()))["energyScans"]
    assert (scan["element"], scan["peak_energy_ev"], scan["start"]) == ("Se", 12660.5, "2026-11-25T20:01:40.123456Z")
    (spectrum,) = ours(experiment_of(fluorescence()))["fluorescence"]
    assert spectrum["elements"] == ["Fe", "Zn"]


@settings(deadline=None)
@given(st.floats(min_value=1e-6, max_value=1e6))
def test_units_agree_with_a_library_of_them(value):
    assert units.um_to_mm(value) == pytest.approx(UNITS.Quantity(value, "um").to("mm").magnitude, rel=1e-12)
    assert units.mm_to_um(value) == pytest.approx(UNITS.Quantity(value, "mm").to("um").magnitude, rel=1e-12)
    assert units.frac_to_percent(value) == pytest.approx(UNITS.Quantity(value, "").to("percent").magnitude, rel=1e-12)
    assert units.percent_to_frac(value) == pytest.approx(UNITS.Quantity(value, "percent").to("").magnitude, rel=1e-12)
