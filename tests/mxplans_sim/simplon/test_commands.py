"""Disarm, abort and cancel differ; a region of the detector; what parameters move each other."""

import threading
from dataclasses import replace

import h5py
import hdf5plugin  # noqa: F401
import numpy as np
import pytest
from simplon_support import burst, in_virtual_time


@pytest.mark.parametrize(("command", "frames", "ends_s"), [("cancel", 3, 1.5), ("abort", 2, 1.1), ("disarm", 2, 1.1)])
def test_cancel_takes_the_image_that_is_being_exposed_and_the_others_do_not(tmp_path, command, frames, ends_s):
    """A series of images of half a second, ended 0.1 s into the third."""

    async def series(detector, clock):
        detector.initialize()
        for name, value in {"ntrigger": 10, "trigger_mode": "exts", "frame_time": 0.5, "count_time": 0.5}.items():
            detector.put(name, value)
        await detector.arm()
        begin_s = clock.now_s()
        detector.on_burst(replace(burst(10), exposure_s=0.5, ends_at_s=begin_s + 5.0))
        await clock.sleep(1.1)
        assert detector.state == "acquire"
        ended = getattr(detector, command)()
        if ended is not None:
            await ended
        assert detector.state == "idle"
        assert clock.now_s() - begin_s == pytest.approx(ends_s)
        await detector.settle()
        await clock.sleep(10.0)
        assert detector.state == "idle"
        return detector.series[1].spots

    spots = in_virtual_time(tmp_path, series)
    assert len(spots) == frames
    with h5py.File(tmp_path / "series_1_data_000001.h5") as file:
        assert len(file["entry/data/data"]) == frames


def test_cancel_of_a_series_without_frames_leaves_no_files(light_server):
    server = light_server
    series = server.arm(5)
    assert server.command("cancel").status_code == 200
    assert server.get("status/state") == "idle"
    assert server.get("status/state", "filewriter") == "ready"
    server.arm(1)
    server.publish(server.burst(1))
    server.wait_written()
    assert server.files(series) == []


def test_abort_ends_an_error_and_disarm_does_not(light_server):
    server = light_server
    server.command("initialize")
    server.server.faults.failed_arms = 1
    refused = server.command("arm")
    assert refused.status_code == 400
    assert "initialize" in refused.text
    assert server.get("status/state") == "error"
    assert server.get("status/error")
    assert server.command("disarm").status_code == 400
    assert server.command("arm").status_code == 400
    assert server.command("abort").status_code == 200
    assert server.get("status/state") == "idle"
    assert server.get("status/error") == []
    assert "sequence id" in server.command("arm").json()


def test_a_second_client_is_refused_while_the_first_arms(light_server):
    server = light_server
    server.command("initialize")
    answers = []
    arming = threading.Thread(target=lambda: answers.append(server.command("arm").status_code))
    arming.start()
    server.until(lambda: server.get("status/state") == "configure")
    assert server.command("arm").status_code == 400
    arming.join()
    assert answers == [200]


def test_a_region_moves_the_beam_centre_and_allows_faster_frames(module_server):
    server = module_server
    server.command("initialize")
    assert server.put("frame_time", 0.002).status_code == 400
    changed = server.put("roi_mode", "4M").json()
    # 64 x 100 pixels, and 32 x 40 in their middle: 16 columns and 30 rows less on each side.
    wanted = {"roi_mode", "x_pixels_in_detector", "y_pixels_in_detector", "beam_center_x", "beam_center_y"}
    assert set(changed) == wanted
    assert (server.get("config/beam_center_x"), server.get("config/beam_center_y")) == (31.5 - 16, 49.5 - 30)
    assert set(server.put("count_time", 0.002).json()) == {"count_time"}
    assert server.put("frame_time", 0.002).status_code == 200
    assert server.put("beam_center_x", 16.25).json() == ["beam_center_x"]
    # Back to the whole: it cannot be as fast.
    assert "frame_time" in server.put("roi_mode", "disabled").json()
    assert server.get("config/frame_time") == 0.004
    assert server.get("config/beam_center_x") == 16.25 + 16
    assert server.put("roi_mode", "16M").status_code == 400


def test_a_region_is_written_as_such(module_server):
    server = module_server
    server.command("initialize")
    server.put("roi_mode", "4M")
    series = server.arm(2)
    server.publish(server.burst(2))
    server.wait_written()
    with h5py.File(server.folder / f"sample/sweep_{series}_master.h5") as master:
        detector = master["entry/instrument/detector"]
        assert master["entry/data/data"].shape == (2, 40, 32)
        assert detector["detectorSpecific/roi_mode"][()] == b"4M"
        assert detector["pixel_mask"].shape == (40, 32)
        assert detector["module/data_size"][()].tolist() == [40, 32]
        assert (detector["beam_center_x"][()], detector["beam_center_y"][()]) == (15.5, 19.5)
        # The gap between the modules, rows 40 to 59 of the whole, is in the middle of the region.
        assert (detector["pixel_mask"][10:30] == 1).all()
        assert (master["entry/data/data"][0, 10:30] == 65_535).all()


def test_wavelength_and_energy_move_each_other(light_server):
    server = light_server
    server.command("initialize")
    assert set(server.put("wavelength", 1.0).json()) == {"wavelength", "photon_energy", "threshold_energy"}
    assert server.get("config/photon_energy") == pytest.approx(12398.42)
    assert server.put("threshold_energy", 5000.0).json() == ["threshold_energy"]
    assert set(server.put("photon_energy", 11000.0).json()) == {"photon_energy", "threshold_energy", "wavelength"}
    assert server.get("config/threshold_energy") == 5500.0
    assert server.put("wavelength", 20.0).status_code == 400


def test_frame_and_count_time_move_each_other(light_server):
    server = light_server
    server.command("initialize")
    assert set(server.put("frame_time", 0.01).json()) == {"frame_time", "count_time"}
    assert server.get("config/count_time") == 0.01
    assert server.put("count_time", 0.009).json() == ["count_time"]
    assert np.isclose(server.get("config/frame_time"), 0.01)
