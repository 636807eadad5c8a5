"""The virtual detector over real HTTP: states, settings, files, spots."""

import asyncio
import multiprocessing
import threading

import h5py
import hdf5plugin  # noqa: F401
import httpx
import numpy as np
import pytest

from mxplans_sim.clock import Clock
from mxplans_sim.servers.simplon.server import SimplonServer
from mxplans_sim.settings import DetectorSettings
from mxplans_sim.world.burst import Burst
from mxplans_sim.world.gate import Gate
from mxplans_sim.world.specimen import Crystal, Specimen

DETECTOR = DetectorSettings.model_validate({"nx": 128, "ny": 96, "pixel_um": 600.0, "background": 60.0})
EYE = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
CRYSTAL = Crystal((0.0, 0.0, 0.0), (0.025, 0.025, 0.025), EYE, (79.1, 79.1, 37.9, 90, 90, 90), "P 43 21 2", EYE)


def burst(number, width_deg=0.2, x_mm=0.0, flux_hz=2.5e11, ends_at_s=0.0):
    zeros = np.zeros(number)
    return Burst(
        specimen=Specimen("sample", None, (CRYSTAL,)),
        x_mm=zeros + x_mm,
        y_mm=zeros,
        z_mm=zeros,
        omega_start_deg=np.arange(number) * width_deg + 10.0,
        omega_width_deg=width_deg,
        exposure_s=0.02,
        beam_fwhm_um=(50.0, 50.0),
        flux_hz=flux_hz,
        energy_ev=12658.0,
        distance_mm=100.0,
        axis_offset_mm=0.0,
        ends_at_s=ends_at_s,
    )


class Server:
    """A SimplonServer in a loop of its own, driven from the test's thread."""

    def __init__(self, folder):
        self.folder = folder
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.gate = Gate()

    def __enter__(self):
        self.thread.start()
        self.url = self.run(self._start())
        self.http = httpx.Client(base_url=self.url, timeout=10)
        return self

    def __exit__(self, *error):
        self.http.close()
        self.run(self.server.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def _start(self):
        self.server = SimplonServer(
            self.gate, Clock(100.0), DETECTOR, self.folder, 1, lambda n, exposure_s: burst(n, width_deg=0.0)
        )
        return await self.server.start(0)

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    def publish(self, what):
        async def publish():
            self.gate.publish(what)

        self.run(publish())

    def put(self, name, value, part="detector"):
        return self.http.put(f"/{part}/api/1.8.0/config/{name}", json={"value": value})

    def get(self, name, part="detector"):
        return self.http.get(f"/{part}/api/1.8.0/{name}").json()["value"]

    def command(self, name):
        return self.http.put(f"/detector/api/1.8.0/command/{name}")

    def arm(self, number, mode="exts", pattern="sample/sweep_$id", per_file=1000):
        self.command("initialize")
        for name, value in {"nimages": number, "trigger_mode": mode, "count_time": 0.02, "frame_time": 0.02}.items():
            assert self.put(name, value).status_code == 200
        self.put("name_pattern", pattern, "filewriter")
        self.put("nimages_per_file", per_file, "filewriter")
        return self.command("arm").json()["sequence id"]

    def wait_written(self):
        for _ in range(400):
            if self.get("status/state", "filewriter") == "ready" and self.get("status/state") == "idle":
                return
            threading.Event().wait(0.02)
        raise TimeoutError(self.get("status/state", "filewriter"))


@pytest.fixture
def server(tmp_path):
    with Server(tmp_path) as running:
        yield running
    assert not multiprocessing.active_children()


def test_frames_of_several_bursts_fill_the_series_and_the_files(server):
    series = server.arm(25, per_file=10)
    for _ in range(3):  # 30 frames are offered, 25 were asked for
        server.publish(burst(10))
    server.wait_written()
    files = server.http.get("/filewriter/api/1.8.0/files").json()
    assert files[0] == f"sample/sweep_{series}_master.h5"
    counts = []
    for name in files[1:]:
        with h5py.File(server.folder / name) as file:
            data = file["entry/data/data"]
            counts.append(data.shape[0])
            assert data.chunks == (1, 96, 128)
    assert counts == [10, 10, 5]
    with h5py.File(server.folder / files[0]) as master:
        assert master["entry/data/data_000003"].shape == (5, 96, 128)
        assert master["entry/instrument/detector/count_time"][()] == 0.02
        assert len(master["entry/sample/goniometer/omega"]) == 25


def test_spots_follow_the_frames_and_can_be_asked_for_in_parts(server):
    series = server.arm(4)
    server.publish(burst(2))
    server.publish(burst(2, x_mm=0.5))  # the crystal is half a millimetre off the beam
    server.wait_written()
    answer = server.http.get(f"/spotfinder/1/series/{series}").json()
    assert (answer["nimages"], answer["done"]) == (4, 4)
    numbers = [len(frame["spots"]) for frame in answer["frames"]]
    assert min(numbers[:2]) >= 10
    assert max(numbers[2:]) <= 1
    part = server.http.get(f"/spotfinder/1/series/{series}", params={"from": 3}).json()
    assert [frame["image"] for frame in part["frames"]] == [4]


def test_the_same_series_twice_gives_the_same_frames(server):
    contents = []
    for _ in range(2):
        series = server.arm(5)
        server.publish(burst(5))
        server.wait_written()
        with h5py.File(server.folder / f"sample/sweep_{series}_data_000001.h5") as file:
            contents.append(file["entry/data/data"][()])
    np.testing.assert_array_equal(contents[0], contents[1])
    assert contents[0].sum() > 0


def test_internal_triggers_take_frames_of_the_sample_at_rest(server):
    server.arm(3, mode="ints")
    assert server.command("trigger").status_code == 200
    server.wait_written()
    assert len(server.http.get("/filewriter/api/1.8.0/files").json()) == 2


def test_a_disarmed_series_keeps_what_it_has_and_the_detector_is_idle(server):
    series = server.arm(100)
    server.publish(burst(7, ends_at_s=1e6))
    assert server.get("status/state") == "acquire"
    assert server.command("disarm").status_code == 200
    server.wait_written()
    with h5py.File(server.folder / f"sample/sweep_{series}_data_000001.h5") as file:
        assert len(file["entry/data/data"]) == 7


def test_states_refuse_what_they_do_not_allow(server):
    assert server.get("status/state") == "na"
    assert server.command("arm").status_code == 400
    assert server.put("nimages", 5).status_code == 400
    server.arm(2)
    refused = server.command("arm")
    assert refused.status_code == 400
    assert "state ready" in refused.text
    assert server.put("nimages", 5).status_code == 400
    assert server.command("trigger").status_code == 400  # it waits for external triggers
    assert server.command("dance").status_code == 404


def test_settings_are_checked_and_tell_what_they_changed(server):
    server.command("initialize")
    assert set(server.put("count_time", 5.0).json()) == {"count_time", "frame_time"}
    assert server.get("config/frame_time") == 5.0
    assert server.put("frame_time", 0.001).status_code == 400
    assert server.put("nimages", 2.5).status_code == 400
    assert server.put("photon_energy", "12 keV").status_code == 400
    assert server.put("x_pixels_in_detector", 5).status_code == 403
    assert server.put("colour", 5).status_code == 404
    assert server.http.put("/detector/api/1.8.0/config/nimages", content=b"{").status_code == 400


@pytest.mark.parametrize("pattern", ["../outside", "/tmp/outside", "a/../../outside"])
def test_files_stay_in_the_data_folder(server, pattern):
    server.command("initialize")
    server.put("name_pattern", pattern, "filewriter")
    refused = server.command("arm")
    assert refused.status_code == 400
    assert "data folder" in refused.text
    assert server.http.get("/data/../settings.py").status_code == 404
