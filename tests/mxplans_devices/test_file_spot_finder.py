"""The spot finder that reads the detector's files: while they are written, and when they are wrong or never come."""

import threading
from pathlib import Path

import h5py
import numpy as np
import pytest
from frames_support import lysozyme, panel, take

from mxplans.errors import DeviceFault, InvalidInput
from mxplans.model.acquisition import SpotRequest
from mxplans.roles import SpotFinder
from mxplans_devices import FileSpotFinder

pytestmark = pytest.mark.usefixtures("no_new_threads")
REQUEST = SpotRequest(sequence_id=7, number_images=5, file_base="pin/grid_7")


def write_data(folder: Path, number: int, frames: np.ndarray) -> None:
    """A data file under its final name, as file writers close them."""
    (folder / "pin").mkdir(exist_ok=True)
    partial = folder / "pin" / "partial"
    with h5py.File(partial, "w") as file:
        file["entry/data/data"] = frames
    partial.rename(folder / f"pin/grid_7_data_{number:06d}.h5")


def write_master(folder: Path, **changes: float) -> None:
    x_px, y_px = panel().beam_px
    detector = {"detector_distance": 0.1, "beam_center_x": x_px, "beam_center_y": y_px, "x_pixel_size": 150e-6, "y_pixel_size": 150e-6}  # fmt: skip
    with h5py.File(folder / "pin/grid_7_master.h5", "w") as file:
        file["entry/instrument/beam/incident_wavelength"] = 12398.42 / 12658.0
        for key, value in (detector | changes).items():
            file[f"entry/instrument/detector/{key}"] = value


def finder(folder: Path, **settings: float) -> FileSpotFinder:
    return FileSpotFinder(name="spot_finder", data_dir=folder, period_s=0.005, **settings)


@pytest.fixture(scope="module")
def taken():
    return take((lysozyme(),), number=5)


def test_it_plays_the_role() -> None:
    assert isinstance(finder(Path()), SpotFinder)


def test_files_are_worked_through_as_they_come(tmp_path, taken):
    device = finder(tmp_path)
    write_data(tmp_path, 1, taken.frames[:2])
    status = device.set(REQUEST)
    assert not status.done

    def write_the_rest() -> None:
        write_data(tmp_path, 2, taken.frames[2:])
        write_master(tmp_path)

    later = threading.Timer(0.1, write_the_rest)
    later.start()
    status.wait(20)
    later.join()
    assert [frame.image for frame in device.frames] == [1, 2, 3, 4, 5]
    for index, frame in enumerate(device.frames):
        x, y, photons, _ = taken.truth(index)
        spots = np.array([(spot.x_px, spot.y_px) for spot in frame.spots])
        assert len(spots) > 20
        apart = np.hypot(spots[:, :1] - x[photons > 3], spots[:, 1:] - y[photons > 3]).min(axis=1)
        # What stands on gaps and bad pixels, which the files mark by the largest value, would be far from any spot.
        assert np.count_nonzero(apart > 2.5) <= 0.02 * len(spots)
        assert all(1.8 < spot.d_a < 60 for spot in frame.spots)


def test_files_that_never_come_are_a_fault_that_says_which(tmp_path, taken):
    write_data(tmp_path, 1, taken.frames[:2])
    with pytest.raises(DeviceFault, match=r"2 of 5 frames are analysed and .*grid_7_data_000002.h5 does not come"):
        finder(tmp_path, stall_timeout_s=0.05).set(REQUEST).wait(10)


def test_a_master_file_that_never_comes_is_a_fault(tmp_path, taken):
    write_data(tmp_path, 1, taken.frames)
    with pytest.raises(DeviceFault, match="grid_7_master.h5 does not come"):
        finder(tmp_path, stall_timeout_s=0.05).set(REQUEST).wait(10)


def test_a_master_file_that_is_still_being_written_is_waited_for(tmp_path, taken):
    write_data(tmp_path, 1, taken.frames)
    (tmp_path / "pin/grid_7_master.h5").write_bytes(b"")
    device = finder(tmp_path)
    status = device.set(REQUEST)
    later = threading.Timer(0.3, write_master, [tmp_path])
    later.start()
    status.wait(20)
    later.join()
    assert len(device.frames) == 5


def test_a_master_file_without_geometry_is_a_fault(tmp_path, taken):
    write_data(tmp_path, 1, taken.frames)
    with h5py.File(tmp_path / "pin/grid_7_master.h5", "w") as file:
        file["entry/data"] = 1
    with pytest.raises(DeviceFault, match="does not say where the detector was"):
        finder(tmp_path, stall_timeout_s=0.3).set(REQUEST).wait(10)


def test_files_of_another_kind_are_a_fault(tmp_path):
    write_data(tmp_path, 1, np.zeros(5))
    with pytest.raises(DeviceFault, match="cannot be read as frames"):
        finder(tmp_path).set(REQUEST).wait(10)


def test_a_broken_file_counts_as_one_that_is_not_there_yet(tmp_path):
    (tmp_path / "pin").mkdir()
    (tmp_path / "pin/grid_7_data_000001.h5").write_bytes(b"no HDF5")
    with pytest.raises(DeviceFault, match="0 of 5 frames are analysed"):
        finder(tmp_path, stall_timeout_s=0.05).set(REQUEST).wait(10)


@pytest.mark.parametrize("file_base", [None, "/etc/passwd", "../grid_7", "a/../../b"])
def test_requests_that_lead_nowhere_are_refused_before_anything_starts(tmp_path, file_base):
    with pytest.raises(InvalidInput, match="file_base"):
        finder(tmp_path).set(SpotRequest(sequence_id=7, number_images=5, file_base=file_base))


def test_stop_ends_the_wait(tmp_path):
    device = finder(tmp_path)
    status = device.set(REQUEST)
    device.stop()
    with pytest.raises(DeviceFault, match="was stopped before its end"):
        status.wait(5)
