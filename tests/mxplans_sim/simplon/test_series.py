"""Series of the virtual detector: frames, files, headers, spots."""

import h5py
import hdf5plugin  # noqa: F401
import numpy as np
import pytest

from mxplans_sim.diffraction.panel import Panel
from mxplans_sim.diffraction.render import Scene


def test_frames_of_several_bursts_fill_the_series_and_the_files(server):
    series = server.arm(25, per_file=10)
    server.publish(*[server.burst(10)] * 3)  # 30 frames are offered, 25 were asked for
    server.wait_written()
    names = [f"sample/sweep_{series}_data_{number:06d}.h5" for number in (1, 2, 3)]
    assert server.files(series) == [*names, f"sample/sweep_{series}_master.h5"]
    counts = []
    for name in names:
        with h5py.File(server.folder / name) as file:
            data = file["entry/data/data"]
            counts.append(data.shape[0])
            assert data.chunks == (1, 96, 128)
            assert data.dtype == np.uint32
            assert (data.attrs["image_nr_low"], data.attrs["image_nr_high"]) == (sum(counts[:-1]) + 1, sum(counts))
    assert counts == [10, 10, 5]
    assert not list(server.folder.rglob("*.partial"))
    download = server.http.get(f"/data/{names[2]}")
    assert download.content == (server.folder / names[2]).read_bytes()


def test_the_master_tells_geometry_and_links_the_data(server):
    server.command("initialize")
    for name, value in {"omega_start": 30.0, "omega_increment": 0.2, "detector_distance": 0.25}.items():
        assert server.put(name, value).status_code == 200
    series = server.arm(3)
    server.publish(server.burst(3))
    server.wait_written()
    with h5py.File(server.folder / f"sample/sweep_{series}_master.h5") as master:
        np.testing.assert_array_equal(master["entry/data/data_000001"][()], server.frames(series))
        detector = master["entry/instrument/detector"]
        specific = detector["detectorSpecific"]
        assert detector["count_time"][()] == 0.02
        assert (detector["detector_distance"][()], detector["detector_distance"].attrs["units"]) == (0.25, "m")
        assert (detector["beam_center_x"][()], detector["beam_center_y"][()]) == (63.5, 47.5)
        assert detector["x_pixel_size"][()] == pytest.approx(6e-4)
        assert (specific["nimages"][()], specific["ntrigger"][()]) == (1, 3)
        assert specific["pixel_mask"].shape == (96, 128)
        assert master["entry/instrument/beam/incident_wavelength"][()] == pytest.approx(12398.42 / 12658.0)
        np.testing.assert_allclose(master["entry/sample/goniometer/omega"], [30.0, 30.2, 30.4])
        assert master["entry"].attrs["NX_class"] == "NXentry"


@pytest.mark.parametrize("compressed", [True, False])
def test_the_file_holds_what_was_rendered(server, compressed):
    server.put("compression_enabled", compressed, "filewriter")
    series = server.arm(4)
    server.publish(server.burst(4))
    server.wait_written()
    scene = Scene.of(server.burst(4), Panel(server.settings, 1), 1)
    frame = np.zeros((96, 128), dtype=np.uint32)
    answer = server.http.get(f"/spotfinder/1/series/{series}").json()
    for index, on_disk in enumerate(server.frames(series)):
        found = scene.render(index, index + 1, frame)
        np.testing.assert_array_equal(on_disk, frame)
        assert answer["frames"][index] == {"image": index + 1, "spots": found.tolist()}
    with h5py.File(server.folder / f"sample/sweep_{series}_data_000001.h5") as file:
        assert bool(file["entry/data/data"]._filters) == compressed


def test_spots_follow_the_frames_and_can_be_asked_for_in_parts(server):
    series = server.arm(4)
    server.publish(server.burst(2), server.burst(2, x_mm=0.5))  # then the crystal is half a millimetre off the beam
    server.wait_written()
    answer = server.http.get(f"/spotfinder/1/series/{series}").json()
    assert (answer["series"], answer["nimages"], answer["done"]) == (series, 4, 4)
    numbers = [len(frame["spots"]) for frame in answer["frames"]]
    assert min(numbers[:2]) >= 10
    assert max(numbers[2:]) <= 1
    part = server.http.get(f"/spotfinder/1/series/{series}", params={"from": 3}).json()
    assert [frame["image"] for frame in part["frames"]] == [4]
    assert server.http.get("/spotfinder/1/series/9999").status_code == 404
    assert server.http.get(f"/spotfinder/1/series/{series}", params={"from": "x"}).status_code == 400


def test_the_same_series_twice_gives_the_same_frames(server):
    contents = []
    for _ in range(2):
        series = server.arm(5)
        server.publish(server.burst(5))
        server.wait_written()
        contents.append(server.frames(series))
    np.testing.assert_array_equal(contents[0], contents[1])
    assert contents[0].sum() > 0


def test_internal_triggers_take_frames_of_the_sample_at_rest(server):
    server.command("initialize")
    server.put("ntrigger", 2)
    series = server.arm(3, mode="ints")
    server.publish(server.burst(5))  # motions do not count
    assert server.command("trigger").status_code == 200
    server.until(lambda: server.get("status/state") == "ready")
    assert server.command("trigger").status_code == 200
    server.wait_written()
    frames = server.frames(series)
    assert len(frames) == 6
    assert len({frame.tobytes() for frame in frames}) == 6  # the same sample, fresh noise
    assert server.command("trigger").status_code == 400


def test_without_file_writer_there_are_spots_and_no_files(server):
    server.put("mode", "disabled", "filewriter")
    series = server.arm(3)
    server.publish(server.burst(3))
    server.wait_written()
    assert server.files(series) == []
    assert server.http.get(f"/spotfinder/1/series/{series}").json()["done"] == 3


def test_files_that_cannot_be_written_are_an_error_that_initialize_ends(server):
    (server.folder / "taken").write_text("not a folder")
    series = server.arm(3, pattern="taken/sweep_$id")
    server.publish(server.burst(3))
    server.until(lambda: server.get("status/state", "filewriter") == "error")
    assert "taken" in server.get("status/error", "filewriter")
    assert server.http.get(f"/spotfinder/1/series/{series}").json()["done"] == 3
    server.arm(2)
    server.publish(server.burst(2))
    server.wait_written()
