"""Records as ICAT datasets: valid by ICAT's own definitions, in ICAT's units."""

import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lims_record_parts import asked, measured, scan
from lims_records import RECORDS, delivery, mad, rotation, wedges_one_by_one

from mxplans.errors import TargetRefused
from mxplans.model.sweeps import Position
from mxplans_lims.targets.icat import IcatTarget, units
from mxplans_lims.targets.icat.connection import check_fields
from mxplans_lims.targets.icat.datasets import datasets

TARGET = IcatTarget(
    "icat",
    IcatTarget.Settings(
        beamline="id00", queue_urls=("localhost:1",), rest_url="http://localhost:2", token={"env": "ICAT_TOKEN"}
    ),
)
UNITS = pint.UnitRegistry()
POSITIVE = st.floats(min_value=1e-3, max_value=1e6)


@pytest.mark.parametrize("name", RECORDS)
def test_every_dataset_is_valid_by_the_definitions(name):
    record = RECORDS[name]()
    steps = TARGET.steps(delivery(record))
    assert len(steps) == (len(datasets(record)) if record.complete else 0)
    assert len({step.key for step in steps}) == len(steps)


def test_fields_of_a_rotation_in_the_units_of_icat():
    *grids, dataset = datasets(rotation())
    assert [grid.fields["MX_scanType"] for grid in grids] == ["mesh", "mesh"]
    fields = dataset.fields
    sweep = rotation().sweeps[0]
    assert fields["Sample_name"] == "Lyso-Lyso-1" and fields["MX_scanType"] == "datacollection"
    assert fields["InstrumentMonochromator_energy"] == pytest.approx(sweep.measured.energy_ev / 1000)
    assert fields["MX_wavelength"] == pytest.approx(12.39842 / (sweep.measured.energy_ev / 1000), rel=1e-6)
    assert fields["MX_transmission"] == pytest.approx(sweep.measured.transmission_frac * 100)
    assert fields["MX_xBeam"] == pytest.approx(sweep.detector.beam_centre_x_px * sweep.detector.pixel_x_um / 1000)
    width_deg = sweep.sweep["imageWidth"]
    assert fields["MX_oscillationRange"] == width_deg  # of one image; the whole range stands apart
    assert fields["MX_axis_range"] == pytest.approx(sweep.frames * width_deg)


def test_fluxes_are_those_at_the_sample_as_the_definitions_say():
    *_, turn = datasets(rotation())
    assert (turn.fields["MX_flux"], turn.fields["MX_fluxEnd"]) == pytest.approx((2.1e12 * 0.49, 2.0e12 * 0.49))
    (edge,), (spectrum,) = (datasets(RECORDS[name]()) for name in ("energy_scan", "fluorescence"))
    assert (edge.fields["MX_flux"], spectrum.fields["MX_flux"]) == pytest.approx((2.0e10 * 0.01, 4.0e10 * 0.02))
    (bare,) = rotation().sweeps
    unknown = bare.model_copy(update={"measured": measured(transmission_frac=None)})
    assert "MX_flux" not in datasets(rotation(sweeps=(unknown,)))[-1].fields


def test_gaps_of_a_characterisation_are_a_negative_overlap_in_degrees():
    (dataset,) = datasets(RECORDS["characterisation"]())
    fields = dataset.fields
    assert (fields["MX_scanType"], fields["MX_oscillationOverlap"]) == ("characterisation", -40.0)
    assert (fields["MX_axis_start"], fields["MX_axis_end"], fields["MX_numberOfImages"]) == (0.0, 95.0, 30)
    assert fields["MX_characterisation_id"]


def test_wedges_asked_for_one_by_one_are_one_dataset():
    (dataset,) = datasets(wedges_one_by_one())
    fields = dataset.fields
    assert (fields["MX_scanType"], fields["MX_numberOfImages"]) == ("characterisation", 30)
    assert (fields["MX_axis_start"], fields["MX_axis_end"], fields["MX_oscillationOverlap"]) == (0.0, 140.0, -40.0)


def test_datasets_of_an_experiment_stand_together_by_a_parameter_that_each_has():
    for dataset in datasets(rotation()):
        assert dataset.fields[dataset.fields["group_by"]] == rotation().item_uid


def test_poses_and_points_are_told_apart():
    sweeps = [asked(f"k{number}", kappa_deg=kappa, position=2) for number, kappa in enumerate((0.0, 30.0, 30.0))]
    scans = tuple(scan("Lyso-1", sweep, 100 + 50 * number) for number, sweep in enumerate(sweeps))
    record = rotation(sweeps=scans, templates=tuple(sweep.to_json() for sweep in sweeps), grids=(), crystals=())
    found = [dataset.fields for dataset in datasets(record)]
    assert [fields["MX_kappa_settings_id"] for fields in found] == ["1", "2", "2"]
    assert {(fields["MX_position_id"], fields["MX_positionName"]) for fields in found} == {("2", "Point-2")}
    assert "MX_kappa_settings_id" not in datasets(rotation())[-1].fields
    assert TARGET.steps(delivery(record))


def test_helical_tells_of_both_ends():
    ends = {"start": Position(x_mm=0.1, y_mm=0.2, z_mm=0.3), "end": Position(x_mm=0.4, y_mm=0.5, z_mm=0.6)}
    sweep = asked("helix", sweep_type="helical", **ends)
    record = rotation(sweeps=(scan("Lyso-1", sweep, 100),), templates=(sweep.to_json(),), grids=(), crystals=())
    (dataset,) = datasets(record)
    ends = ("phiy=0.1000 sampx=0.2000 sampy=0.3000", "phiy=0.4000 sampx=0.5000 sampy=0.6000")
    assert dataset.fields["scan_description"] == f"helical from {ends[0]} to {ends[1]} mm"
    assert TARGET.steps(delivery(record))


def test_wedges_of_each_interleaved_sweep_are_one_dataset():
    record = mad()
    found = datasets(record)
    assert len(found) == 3 and len({dataset.folder for dataset in found}) == 3
    assert sum(dataset.fields["MX_numberOfImages"] for dataset in found) == record.frames
    assert {dataset.fields["MX_startImageNumber"] for dataset in found} == {1}


def test_a_running_experiment_has_no_datasets_yet():
    assert TARGET.steps(delivery(RECORDS["running"]())) == []


def test_without_a_proposal_the_reason_is_said():
    with pytest.raises(TargetRefused, match="proposalCode"):
        TARGET.steps(delivery(rotation().model_copy(update={"lims": {}})))


def test_what_the_definitions_do_not_know_is_refused_with_its_name():
    with pytest.raises(TargetRefused, match="MX_detectorDistanze"):
        check_fields("id00", "mx1", "a", "/data/a", {"Sample_name": "s", "MX_detectorDistanze": "1"})


@given(POSITIVE)
def test_units_against_pint(value):
    def converted(unit: str, to: str) -> float:
        return UNITS.Quantity(value, unit).to(to, "spectroscopy").magnitude

    assert units.ev_to_kev(value) == pytest.approx(converted("eV", "keV"), rel=1e-12)
    assert units.ev_to_angstrom(value) == pytest.approx(converted("eV", "angstrom"), rel=1e-8)
    assert units.um_to_mm(value) == pytest.approx(converted("um", "mm"), rel=1e-12)
    assert units.frac_to_percent(value) == pytest.approx(converted("dimensionless", "percent"), rel=1e-12)
    assert units.px_to_mm(3.0, value) == pytest.approx(3 * converted("um", "mm"), rel=1e-12)
