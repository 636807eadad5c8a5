"""What stands in the files: valid, read back by others, the frames bit for bit, no link that leads nowhere."""

import shutil
from datetime import datetime
from pathlib import Path

import h5py
import lims_records
import numpy as np
import nxmx
import pytest
from lims_record_parts import asked, scan
from nexus_support import HEIGHT, WIDTH, frames_of, links, matrices, small, validated, write_all, write_frames

from mxplans.geometry.goniometer import GoniometerGeometry, Orientation
from mxplans.model.acquisition import Pose
from mxplans.model.sweeps import Position
from mxplans_lims.executed import executed_sweeps
from mxplans_lims.nxmx import nexus_path
from mxplans_lims.nxmx.frame import to_mcstas

KAPPA = {"kind": "mini-kappa", "kappa_point_mm": (1.0, 0.4, -0.3), "phi_point_mm": (0.0, 0.15, 0.1)}
"""The records tell of kappa and phi."""
RECORDS = ("rotation", "mad", "characterisation", "stills")


def record_of(name, folder):
    options = {"mad": {"wedges": 3, "wedge_images": 4}}.get(name, {})
    return small(lims_records.RECORDS[name](folder, **options))


@pytest.fixture(params=RECORDS)
def written(request, tmp_path):
    """A record and the files of its sweeps."""
    record = record_of(request.param, tmp_path)
    write_frames(record)
    return record, write_all(record, goniometer=KAPPA)


@pytest.fixture
def mad(tmp_path):
    record = record_of("mad", tmp_path)
    write_frames(record)
    return record, write_all(record, goniometer=KAPPA)


def entry_of(file):
    (entry,) = nxmx.NXmx(file).entries
    return entry


def test_there_is_a_file_for_each_sweep_where_others_look_for_it(written):
    record, files = written
    sweeps = executed_sweeps(record)
    assert files == [nexus_path(sweep) for sweep in sweeps]
    assert len(set(files)) == len(files)
    for file, sweep in zip(files, sweeps, strict=True):
        assert file.parent == Path(sweep.first.files[0].path).parent
        assert file.name == f"{sweep.asked['prefix']}_{sweep.uuid[:8]}.nxs"


def test_frames_are_those_of_the_detector_bit_for_bit(written):
    record, files = written
    for path, sweep in zip(files, executed_sweeps(record), strict=True):
        first = sweep.in_image_order[0].scan["firstImageNumber"]
        with h5py.File(path, "r") as file:
            data = file["entry/data/data"]
            for each in sweep.scans:
                at = each.scan["firstImageNumber"] - first
                expected = frames_of(each)
                got = data[at : at + len(expected)]
                assert got.dtype == expected.dtype
                assert np.array_equal(got, expected)
            assert file["entry/instrument/detector/data"] == data


def test_images_that_were_not_taken_hold_nothing_to_be_trusted(tmp_path):
    record = record_of("characterisation", tmp_path)
    write_frames(record)
    (path,) = write_all(record, goniometer=KAPPA)
    with h5py.File(path, "r") as file:
        data = file["entry/data/data"]
        assert data.shape == (190, HEIGHT, WIDTH)
        assert (data[10:90] == np.iinfo("u4").max).all()
        assert (data[90:100] < np.iinfo("u4").max).all()
        assert file["entry/sample/transformations/omega"][()] == pytest.approx(0.5 * np.arange(190), abs=1e-9)


def test_omega_of_each_image_is_that_of_the_plan(mad):
    record, files = mad
    for path, sweep in zip(files, executed_sweeps(record), strict=True):
        planned = []
        for each in sweep.in_image_order:
            steps = np.arange(each.frames) * sweep.asked["imageWidth"]
            planned.append(each.scan["scanPositionStart"] + steps)
        with h5py.File(path, "r") as file:
            omega = entry_of(file).samples[0].transformations[0].axes["omega"]
            assert omega[()].to("degree").magnitude == pytest.approx(np.concatenate(planned), abs=1e-9)
            ends = omega.end[()].to("degree").magnitude
            assert ends == pytest.approx(np.concatenate(planned) + sweep.asked["imageWidth"], abs=1e-9)
            assert omega.increment_set.to("degree").magnitude == pytest.approx(sweep.asked["imageWidth"])


def test_the_chain_leads_from_the_sample_to_the_floor(mad):
    record, files = mad
    with h5py.File(files[0], "r") as file:
        sample = entry_of(file).samples[0]
        chain = [axis.path.rsplit("/", 1)[1] for axis in nxmx.get_dependency_chain(sample.depends_on)]
        assert chain == ["sam_origin", "phi", "kappa", "sam_z", "sam_y", "sam_x", "omega"]
        found = matrices(sample.depends_on)
    geometry = GoniometerGeometry(**KAPPA)
    measured = executed_sweeps(record)[0].measured
    for image in (0, 7, 11):
        pose = Pose(x_mm=measured.x_mm, y_mm=measured.y_mm, z_mm=measured.z_mm, omega_deg=0.1 * image)
        above = Orientation(kappa_deg=measured.kappa_deg, phi_deg=measured.phi_deg)
        for point in ((0.0, 0.0, 0.0), (0.1, -0.2, 0.05)):
            expected = to_mcstas(geometry.lab_mm(point, pose, above) - geometry.beam_mm)
            assert (found[image] @ [*to_mcstas(point), 1.0])[:3] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("goniometer", [KAPPA, {"kind": "smargon"}], ids=lambda given: given["kind"])
def test_a_grid_says_where_the_sample_was_in_each_image(tmp_path, goniometer):
    record = record_of("rotation", tmp_path)
    write_frames(record)
    path = write_all(record, goniometer=goniometer)[0]
    grid = executed_sweeps(record)[0].grid
    with h5py.File(path, "r") as file:
        # Where one point of the sample stands, to the left and up: what is right of it comes into the beam.
        left_mm, up_mm, _ = matrices(entry_of(file).samples[0].depends_on)[:, :3, 3].T
    assert len(left_mm) == grid.rows * grid.columns
    columns = (left_mm - left_mm.mean()) / 0.02 + 3.5
    rows = (up_mm - up_mm.mean()) / 0.01 + 2.5
    assert columns == pytest.approx([*range(8), *range(7, -1, -1)] * 3, abs=1e-3)  # to a nanometre, a snake
    assert rows == pytest.approx(np.repeat(range(6), 8), abs=1e-3)


def test_a_helical_sweep_says_where_each_image_begins(tmp_path):
    ends = [Position(x_mm=x, y_mm=0.02, z_mm=-0.03) for x in (0.1, 0.2)]
    turn = asked("helix", sweep_type="helical", number_images=10, start=ends[0], end=ends[1])
    wedges = [scan("Helix", turn, 10.0 * n, tmp_path, first=5 * n + 1, images=5, ordinal=n + 1) for n in (0, 1)]
    record = small(lims_records.rotation(tmp_path, grids=(), sweeps=tuple(wedges)))
    write_frames(record)
    (path,) = write_all(record, goniometer=KAPPA)
    with h5py.File(path, "r") as file:
        transformations = file["entry/sample/transformations"]
        assert transformations["sam_x"][()] == pytest.approx(0.1 + 0.01 * np.arange(10))
        assert transformations["sam_z"][()] == pytest.approx(np.full(10, -0.03))


def test_the_beam(mad):
    record, files = mad
    with h5py.File(files[1], "r") as file:
        entry = entry_of(file)
        (beam,) = entry.instruments[0].beams
        measured = executed_sweeps(record)[1].measured
        assert beam.incident_wavelength.to("angstrom").magnitude == pytest.approx(
            12398.42 / measured.energy_ev, rel=1e-7
        )
        assert beam.incident_beam_size.to("um").magnitude == pytest.approx(measured.beam_size_um)
        assert beam.profile == "Gaussian"
        arriving = measured.flux_ph_s * measured.transmission_frac
        assert beam.total_flux.to("1/s").magnitude == pytest.approx(arriving)
        assert entry.instruments[0].attenuators[0].transmission == pytest.approx(measured.transmission_frac)
        assert file["entry/instrument/beam/incident_polarization_stokes"][0].tolist() == pytest.approx([1, 0.98, 0, 0])


def test_the_detector(mad):
    record, files = mad
    sweep = executed_sweeps(record)[0]
    facts = sweep.detector
    with h5py.File(files[0], "r") as file:
        (detector,) = entry_of(file).instruments[0].detectors
        assert detector.distance.to("mm").magnitude == pytest.approx(facts.distance_mm)
        assert detector.frame_time.to("s").magnitude == pytest.approx(facts.exposure_s)
        assert detector.count_time.to("s").magnitude == pytest.approx(facts.exposure_s - 1e-7)
        assert (detector.description, detector.serial_number) == (facts.model, facts.serial_number)
        assert (detector.sensor_material, detector.sensor_thickness.to("um").magnitude) == ("Si", pytest.approx(450))
        assert (detector.bit_depth_readout, detector.saturation_value) == (32, 2**31 - 1)
        assert detector.pixel_mask[3, 4] == 2
        (module,) = detector.modules
        assert module.data_size.tolist() == [HEIGHT, WIDTH]
        pixel_mm = [
            axis[()].to("mm").magnitude[0] for axis in (module.fast_pixel_direction, module.slow_pixel_direction)
        ]
        assert pixel_mm == pytest.approx([facts.pixel_x_um / 1e3, facts.pixel_y_um / 1e3])
        origin = matrices(module.module_offset)[0, :3, 3]
        # The beam is counted from the middle of the first pixel, columns to the right, rows down.
        beam_px = np.array([facts.beam_centre_x_px, facts.beam_centre_y_px]) + 0.5
        assert origin == pytest.approx([*(beam_px * pixel_mm), facts.distance_mm])


def test_times_and_names(mad):
    record, files = mad
    sweep = executed_sweeps(record)[0]
    with h5py.File(files[0], "r") as file:
        entry = entry_of(file)
        assert entry.start_time == sweep.start
        assert entry.end_time == sweep.end
        assert file["entry/start_time"][()].endswith(b"Z")
        assert entry.samples[0].name == record.sample_name
        assert entry.instruments[0].name == record.beamline == entry.instruments[0].short_name
        assert entry.source.name == "Virtual beamline"
        assert entry.definition == "NXmx"
        assert file["entry"].attrs["version"] == "1.0"
        assert record.sample_name in file["entry/title"][()].decode()
        assert datetime.fromisoformat(file.attrs["file_time"]) == sweep.end


def test_no_link_leads_nowhere_and_the_folder_can_be_moved(mad, tmp_path):
    _, files = mad
    expected = []
    for path in files:
        with h5py.File(path, "r") as file:
            expected.append(file["entry/data/data"][()])
    shutil.move(tmp_path / "data", tmp_path / "elsewhere")
    for path, frames in zip(files, expected, strict=True):
        moved = tmp_path / "elsewhere" / path.relative_to(tmp_path / "data")
        with h5py.File(moved, "r") as file:
            assert "/entry/instrument/detector/pixel_mask" in links(file)
            assert np.array_equal(file["entry/data/data"][()], frames)


def test_without_a_master_file_there_is_no_mask(tmp_path):
    record = record_of("mad", tmp_path)
    write_frames(record, masters=False)
    with h5py.File(write_all(record, goniometer=KAPPA)[0], "r") as file:
        assert "/entry/instrument/detector/pixel_mask" not in links(file)


@pytest.mark.parametrize("masters", [True, False])
@pytest.mark.parametrize("name", RECORDS)
def test_nxvalidate_finds_no_error(tmp_path, name, masters):
    record = record_of(name, tmp_path)
    write_frames(record, masters)
    path = write_all(record, goniometer=KAPPA, time_zone="+01:00")[-1]
    _, errors, said = validated(path)
    assert errors == 0, said


def test_nxvalidate_does_find_an_error(tmp_path):
    """Or what it says above would be worth nothing."""
    record = record_of("stills", tmp_path)
    write_frames(record)
    (path,) = write_all(record, goniometer=KAPPA)
    with h5py.File(path, "r+") as file:
        del file["entry/sample/name"]
    assert validated(path)[1] > 0


def test_a_sweep_that_nobody_ended_says_so(tmp_path):
    record = small(lims_records.unfinished(tmp_path))
    write_frames(record)
    path = write_all(record, goniometer=KAPPA)[-1]
    with h5py.File(path, "r") as file:
        assert "end_time" not in file["entry"]
        assert entry_of(file).end_time_estimated == record.last
    assert validated(path)[1] == 0


def test_a_sweep_in_several_folders_is_one_file(tmp_path):
    """As after a second attempt, whose frames have a folder of their own."""
    record = record_of("mad", tmp_path)
    other = record_of("mad", tmp_path / "second")
    sweeps = (*record.sweeps[:3], *other.sweeps[3:])
    mixed = record.model_copy(update={"sweeps": sweeps})
    write_frames(mixed)
    path = write_all(mixed, goniometer=KAPPA)[0]
    expected = np.concatenate([frames_of(each) for each in executed_sweeps(mixed)[0].in_image_order])
    with h5py.File(path, "r") as file:
        assert np.array_equal(file["entry/data/data"][()], expected)
