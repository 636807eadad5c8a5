"""The geometry in the file says where spots are: two sweeps that take turns on the virtual beamline, through all of it.

The crystal's lattice is the world's truth, in the frame of the sample; everything else is read from the files. No
position is known but those in the frames.
"""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gemmi
import h5py
import hdf5plugin
import numpy as np
import pytest
from nexus_spots import seen
from nexus_support import frames_of, links, validated
from night_support import short_profile
from virtual_session import virtual_session

from mxplans.model import Position, kinds
from mxplans.plans.ledger import MemoryLedger
from mxplans.profile import load_profile
from mxplans.schedule import schedule_item
from mxplans.udc import MountedSample, NightSettings, Work, experiment
from mxplans_lims.delivery import Delivery
from mxplans_lims.executed import executed_sweeps
from mxplans_lims.fold import fold
from mxplans_lims.nxmx import NxmxSettings, NxmxTarget

pytestmark = pytest.mark.timeout(300)  # whichever comes first waits for the virtual beamline
LYSOZYME = {
    "size_um": (50.0, 50.0, 50.0),
    "shape": "box",
    "cell": (79.1, 79.1, 37.9, 90.0, 90.0, 90.0),
    "space_group": "P 43 21 2",
    "mosaicity_deg": 0.15,
    "b_factor_a2": 18.0,
    "d_min_a": 2.0,
}
WIDTH_DEG = 0.5
COMMON = {
    "sample_name": "demo-1",
    "location": (1, 1),
    "exposure_s": 0.02,
    "image_width_deg": WIDTH_DEG,
    "aperture": "Medium",
}
TURNED = [kinds.Orientation(chi_deg=0, phi_deg=0), kinds.Orientation(chi_deg=25, phi_deg=60)]


@dataclass
class Taken:
    """An item, its record, the files of its sweeps, and the lattice (columns a*, b*, c* in 1/A, sample, image frame)."""

    item: Any
    record: Any
    files: list[Path]
    lattice: np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def taken(tmp_path_factory):
    """Two items: wedges that take turns, and two orientations of the crystal."""
    folder = tmp_path_factory.mktemp("nexus")
    profile = load_profile(short_profile(folder))
    documents: list[tuple[str, dict[str, Any]]] = []
    with virtual_session("sim", folder, samples={"demo-1": LYSOZYME}) as session:
        session.mount(1)
        crystal = session.world.specimen.crystals[0]
        x, y, z = (-float(value) for value in crystal.centre_mm)
        place = Position(x_mm=x, y_mm=y, z_mm=z)
        turned = [each.model_copy(update={"position": place}) for each in TURNED]
        items = {
            "inverse beam": kinds.inverse_beam(
                **COMMON, position=place, number_images=6, wedge_images=3, omega_start_deg=20.0
            ),
            "orientations": kinds.multi_orientation(**COMMON, orientations=turned, number_images=4),
        }
        session.engine.subscribe(lambda name, document: documents.append((name, document)))
        work = Work(NightSettings.from_profile(profile), MountedSample(), MemoryLedger())
        for item in items.values():
            session.run(experiment(session.bl, item, work))
    target = NxmxTarget("nxmx", NxmxSettings(goniometer=profile.goniometer))
    reciprocal = np.array(gemmi.UnitCell(*crystal.cell).frac.mat.tolist()).T
    found = {}
    for (name, item), record in zip(items.items(), fold(documents), strict=True):
        assert record.verdict == "COLLECTED", record.reason
        steps = target.steps(Delivery(record, {}, folder))
        files = [Path(target.send(step, {})[step.key]) for step in steps]
        found[name] = Taken(item, record, files, np.array(crystal.orientation) @ reciprocal)
    return found


@pytest.mark.parametrize("name", ["inverse beam", "orientations"])
def test_spots_are_where_the_file_says(taken, name):
    done = taken[name]
    assert len(done.files) == 2
    for path in done.files:
        images = seen(path, done.lattice)
        assert min(len(image.spots) for image in images) > 15
        # Spots that touch each other have a common centre of mass, where none is foretold.
        assert np.mean([image.explained_frac for image in images]) > 0.9
        # Half a pixel is what a beam centre that is counted from the wrong end of a pixel would give.
        assert np.mean([image.off_px for image in images], axis=0) == pytest.approx([0, 0], abs=0.1)


def test_they_are_not_where_a_file_would_say_whose_omega_turns_the_other_way(taken):
    path = taken["inverse beam"].files[0]
    wrong = path.with_name("wrong.nxs")
    shutil.copy(path, wrong)
    with h5py.File(wrong, "r+") as file:
        attributes = file["entry/sample/transformations/omega"].attrs
        attributes["vector"] = -attributes["vector"]
    assert np.mean([image.explained_frac for image in seen(wrong, taken["inverse beam"].lattice)]) < 0.4


@pytest.mark.parametrize("name", ["inverse beam", "orientations"])
def test_each_image_has_the_angle_of_the_plan_and_the_frame_of_its_file(taken, name):
    done = taken[name]
    planned = schedule_item(done.item)
    for path, sweep in zip(done.files, executed_sweeps(done.record), strict=True):
        scans = sorted(
            (scan for scan in planned if scan.sweep_uuid == sweep.asked["uuid"]), key=lambda scan: scan.first_image
        )
        expected = [scan.start_deg + WIDTH_DEG * step for scan in scans for step in range(scan.number_images)]
        frames = np.concatenate([frames_of(scan) for scan in sweep.in_image_order])
        with h5py.File(path, "r") as file:
            assert file["entry/sample/transformations/omega"][()] == pytest.approx(expected, abs=1e-9)
            assert np.array_equal(file["entry/data/data"][()], frames)
            assert "/entry/instrument/detector/pixel_mask" in links(file)


def test_the_axes_above_omega_stand_as_measured(taken):
    done = taken["orientations"]
    for path, turned in zip(done.files, TURNED, strict=True):
        with h5py.File(path, "r") as file:
            transformations = file["entry/sample/transformations"]
            found = [float(transformations[name][0]) for name in ("chi", "phi")]
        assert found == pytest.approx([turned.chi_deg, turned.phi_deg], abs=0.01)  # where the motors came to rest


@pytest.mark.parametrize("name", ["inverse beam", "orientations"])
def test_nxvalidate_finds_no_error(taken, name):
    _, errors, said = validated(taken[name].files[-1])
    assert errors == 0, said


@pytest.mark.skipif(shutil.which("dials.import") is None, reason="needs DIALS (Debian: apt-get install dials)")
def test_dials_takes_them_for_sweeps_of_this_geometry(taken, tmp_path):
    files = taken["inverse beam"].files
    outside = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    subprocess.run(
        ["dials.import", *map(str, files)],
        cwd=tmp_path,
        env=outside | {"HDF5_PLUGIN_PATH": hdf5plugin.PLUGIN_PATH},
        capture_output=True,
        check=True,
        timeout=100,
    )
    found = json.loads((tmp_path / "imported.expt").read_text())
    # Its frame has x along omega too, y up and z against the beam: ours, turned by half a turn about x.
    assert [scan["oscillation"] for scan in found["scan"]] == [[20.0, WIDTH_DEG], [200.0, WIDTH_DEG]]
    assert [scan["image_range"] for scan in found["scan"]] == [[1, 6], [1, 6]]
    for goniometer in found["goniometer"]:
        assert goniometer["names"] == ["phi", "chi", "omega"]
        assert goniometer["axes"][goniometer["scan_axis"]] == pytest.approx([1, 0, 0])
    (panel,) = found["detector"][0]["panels"]
    assert panel["fast_axis"] == pytest.approx([1, 0, 0])
    assert panel["slow_axis"] == pytest.approx([0, -1, 0])
    # 256 pixels of 0.15 mm to the left of the beam and above it, 100 mm behind the sample.
    assert panel["origin"] == pytest.approx([-38.4, 38.4, -100.0], abs=0.001)
    assert found["beam"][0]["wavelength"] == pytest.approx(12398.42 / 12658, abs=1e-5)
