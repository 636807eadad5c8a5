"""Documents that come twice, in another order, or not at all yet; and streams that few experiments have."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mxplans.plans import documents as contract
from mxplans_lims.fold import RUNNING, fold
from mxplans_lims.targets.mxlims import to_message, written

REUSED = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
GOOD = "Good"


def messages(records):
    return [written(to_message(record)) for record in records]


@pytest.fixture(scope="module")
def documents(small_night):
    return small_night.documents


@REUSED
@given(seed=st.integers(0, 2**32 - 1), twice=st.floats(0, 1))
def test_any_order_of_documents_and_any_of_them_twice_make_the_same_records(documents, seed, twice):
    chance = random.Random(seed)
    mixed = documents + [each for each in documents if chance.random() < twice]
    chance.shuffle(mixed)
    records = fold(mixed)
    assert records == fold(documents)
    assert messages(records) == messages(fold(documents))


def first_run_of(documents, sample, role):
    """Uid of the first run of a role of a sample."""
    return next(
        document["uid"]
        for name, document in documents
        if name == "start" and document["sample_name"] == sample and document["mxplans"]["role"] == role
    )


def up_to_end_of(documents, uid, stream=None):
    """Documents until a run's stop, which is not among them; or until the first event of one of its streams, which is."""
    found, descriptor = [], None
    for name, document in documents:
        if name == "stop" and document["run_start"] == uid:
            return found
        found.append((name, document))
        if name == "descriptor" and (document["run_start"], document["name"]) == (uid, stream):
            descriptor = document["uid"]
        if name == "event" and document["descriptor"] == descriptor:
            return found
    raise AssertionError("the run has no end")


def test_an_experiment_that_goes_on_is_running_and_one_that_nobody_writes_is_unfinished(documents):
    part = up_to_end_of(documents, first_run_of(documents, GOOD, "rotation"))
    (record,) = fold(part, live=True)
    assert (record.exit_status, record.verdict, record.reason, record.end) == ("running", RUNNING, "", None)
    assert not record.complete
    assert [grid.exit_status for grid in record.grids] == ["success", "success"]
    assert [scan.exit_status for scan in record.sweeps] == ["running"]
    (dead,) = fold(part, live=False)
    assert (dead.exit_status, dead.verdict, dead.complete) == ("unfinished", "FAILED", True)
    assert [scan.exit_status for scan in dead.sweeps] == ["unfinished"]
    assert "no stop document" in dead.reason


def test_a_verdict_that_is_told_already_stands_while_the_sample_is_taken_away(documents):
    (record,) = fold(up_to_end_of(documents, first_run_of(documents, GOOD, "sample"), contract.VERDICT), live=True)
    assert (record.exit_status, record.verdict) == ("running", "COLLECTED")


def test_only_the_latest_sample_can_be_running(documents):
    """An earlier one without a stop document was left by a process that is gone."""
    uid = first_run_of(documents, GOOD, "sample")
    without = [(n, d) for n, d in documents if not (n == "stop" and d["run_start"] == uid)]
    assert [record.exit_status for record in fold(without, live=True)] == ["unfinished", "success", "fail"]


def test_the_same_result_sweeps_are_told_of_a_running_experiment_and_of_its_end(documents):
    part = up_to_end_of(documents, first_run_of(documents, GOOD, "rotation"))
    ((during,), after) = fold(part, live=True), fold(documents)[0]
    done = [[sweep["uuid"] for sweep in to_message(each)["CollectionSweep"].values()] for each in (during, after)]
    assert done[0] == done[1]  # all its frames were there


def with_event(documents, stream, data, time):
    """The good sample with one more event."""
    uid = first_run_of(documents, GOOD, "sample")
    descriptor = {"uid": f"{stream} 1", "run_start": uid, "name": stream, "time": time, "data_keys": {}}
    event = {"uid": f"{stream} 2", "descriptor": f"{stream} 1", "time": time, "data": data}
    return [*documents, ("descriptor", descriptor), ("event", event)]


WEDGES = {
    "omega_start_deg": [0.0, 180.0],
    "omega_end_deg": [90.0, 270.0],
    "image_width_deg": [0.1, 0.1],
    "number_images": [900, 900],
    "exposure_s": [0.02, 0.02],
    "transmission_frac": [0.3, 0.3],
    "distance_mm": [0.0, 0.0],
    "energy_ev": [0.0, 12700.0],
    "dose_mgy": [2.5, 2.5],
    "completeness_frac": [0.7, 0.98],
    "multiplicity": [1.8, 3.6],
    "resolution_angstrom": [1.8, 1.8],
}


def test_a_strategy_has_its_wedges_and_no_number_that_nobody_knows(documents):
    told = {
        "strategy_program": "mxplans",
        "strategy_indexed": 1,
        "strategy_sweep_uuid": "",
        "strategy_space_group": "P41212",
        "strategy_cell": [57.8, 57.8, 150.1, 90.0, 90.0, 90.0],
        "strategy_mosaicity_deg": 0.0,
        "strategy_resolution_angstrom": 1.8,
        "strategy_message": "two wedges",
        **{f"strategy_wedge_{key}": values for key, values in WEDGES.items()},
    }
    (strategy,) = fold(with_event(documents, contract.STRATEGY, told, 1.75e9))[0].strategies
    assert (strategy.program, strategy.indexed, strategy.sweep_uuid, strategy.mosaicity_deg) == (
        "mxplans",
        True,
        None,
        None,
    )
    assert (strategy.space_group, strategy.cell[2], strategy.resolution_angstrom) == ("P41212", 150.1, 1.8)
    first, second = strategy.wedges
    assert (first.omega_start_deg, first.omega_end_deg, first.number_images) == (0.0, 90.0, 900)
    assert (first.distance_mm, first.energy_ev, second.energy_ev) == (None, None, 12700.0)
    assert (second.omega_start_deg, second.completeness_frac, second.multiplicity) == (180.0, 0.98, 3.6)


def test_a_characterisation_that_found_no_lattice(documents):
    empty = {
        "strategy_program": "mxplans",
        "strategy_indexed": 0,
        "strategy_message": "no lattice",
        "strategy_cell": [],
    }
    told = empty | {f"strategy_wedge_{key}": [] for key in WEDGES}
    (strategy,) = fold(with_event(documents, contract.STRATEGY, told, 1.75e9))[0].strategies
    assert (strategy.indexed, strategy.cell, strategy.wedges, strategy.message) == (False, None, (), "no lattice")


def test_an_energy_scan_has_its_beginning_and_its_end(documents):
    told = {
        "energy_scan_element": "Se",
        "energy_scan_edge": "K",
        "energy_scan_start_s": 1.75e9,
        "energy_scan_start_energy_ev": 12600.0,
        "energy_scan_end_energy_ev": 12720.0,
        "energy_scan_exposure_s": 1.0,
        "energy_scan_transmission_frac": 0.0,
        "energy_scan_flux_ph_s": 2e10,
        "energy_scan_beam_size_um": [],
        "energy_scan_peak_energy_ev": 12660.5,
        "energy_scan_peak_f_prime": -7.8,
        "energy_scan_peak_f_double_prime": 5.9,
        "energy_scan_inflection_energy_ev": 12657.5,
        "energy_scan_inflection_f_prime": -10.2,
        "energy_scan_inflection_f_double_prime": 3.1,
        "energy_scan_remote_energy_ev": 12760.5,
        "energy_scan_scan_file": "/data/se.dat",
        "energy_scan_picture_file": "",
    }
    (scan,) = fold(with_event(documents, contract.ENERGY_SCAN, told, 1.75e9 + 60))[0].energy_scans
    assert (scan.start.timestamp(), scan.end.timestamp()) == (1.75e9, 1.75e9 + 60)
    assert (scan.element, scan.edge, scan.peak_energy_ev, scan.inflection_f_prime) == ("Se", "K", 12660.5, -10.2)
    assert (scan.transmission_frac, scan.beam_size_um, scan.picture_file) == (None, None, None)


def test_a_fluorescence_spectrum_names_its_elements(documents):
    told = {
        "xrf_start_s": 1.75e9,
        "xrf_energy_ev": 13500.0,
        "xrf_count_time_s": 10.0,
        "xrf_transmission_frac": 0.02,
        "xrf_flux_ph_s": 0.0,
        "xrf_beam_size_um": [50.0, 20.0],
        "xrf_scan_file": "/data/xrf.dat",
        "xrf_picture_file": "",
        "xrf_elements": ["Fe", "Zn"],
    }
    (spectrum,) = fold(with_event(documents, contract.XRF, told, 1.75e9 + 12))[0].fluorescence
    assert (spectrum.elements, spectrum.beam_size_um, spectrum.flux_ph_s) == (("Fe", "Zn"), (50.0, 20.0), None)
    assert (spectrum.end - spectrum.start).total_seconds() == 12


def test_events_in_pages_fold_alike(documents):
    def paged(name, document):
        if name != "event":
            return name, document
        data = {key: [value] for key, value in document["data"].items()}
        return "event_page", {**document, "time": [document["time"]], "uid": [document["uid"]], "data": data}

    assert fold(paged(*each) for each in documents) == fold(documents)
