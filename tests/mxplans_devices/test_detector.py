"""The detector against a small SIMPLON server in memory, which can lose frames, and in a real RunEngine."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
import event_model
import h5py
import httpx
import numpy as np
import pytest
from bluesky import RunEngine

from mxplans.errors import DetectorFault, InvalidInput
from mxplans.model.acquisition import AcquisitionSettings
from mxplans_devices import SimplonDetector
from mxplans_devices.protocols.simplon import SimplonClient

NY, NX = 6, 8
FIXED = {
    "x_pixels_in_detector": NX,
    "y_pixels_in_detector": NY,
    "bit_depth_image": 32,
    "x_pixel_size": 75e-6,
    "y_pixel_size": 75e-6,
    "beam_center_x": 3.5,
    "beam_center_y": 2.5,
    "description": "Memory 48",
    "detector_number": "E-01",
}


class Server:
    """A detector that takes its frames when it is first asked for its state after arming."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config: dict[str, Any] = dict(FIXED)
        self.state = "na"
        self.series = 0
        self.files: list[str] = []
        self.commands: list[str] = []
        self.lost = 0
        self.writer_error = ""
        self.triggered = True
        self.asked_since_arm = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        module, _, _, task, *rest = request.url.path.strip("/").split("/")
        if task == "files":
            return httpx.Response(200, json=self.files)
        if task == "status":
            told = self.writer_error if rest[0] == "error" else self._state(module)
            return httpx.Response(200, json={"value": told})
        if task == "command":
            return httpx.Response(200, json=self._command(rest[0]))
        if request.method == "PUT":
            self.config[rest[0]] = json.loads(request.content)["value"]
            return httpx.Response(200, json=[rest[0]])
        return httpx.Response(200, json={"value": self.config[rest[0]]})

    def _state(self, module: str) -> str:
        if module == "filewriter":
            return "error" if self.writer_error else "ready"
        if self.state == "ready":
            self.asked_since_arm += 1
            if self.asked_since_arm > 3 and self.triggered:
                self._write()
                self.state = "idle"
        return self.state

    def _command(self, name: str) -> Any:
        self.commands.append(name)
        if name == "arm":
            self.series += 1
            self.asked_since_arm = 0
            self.state = "ready"
            return {"sequence id": self.series}
        self.state = "idle"
        return None

    def _write(self) -> None:
        base = str(self.config["name_pattern"]).replace("$id", str(self.series))
        left = int(self.config["nimages"]) * int(self.config["ntrigger"]) - self.lost
        number, value = 1, 0
        while left > 0:
            count = min(left, int(self.config["nimages_per_file"]))
            name = f"{base}_data_{number:06d}.h5"
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            with h5py.File(self.folder / name, "w") as file:
                frames = np.arange(value, value + count, dtype="<u4")[:, None, None] * np.ones((1, NY, NX), "<u4")
                file.create_dataset("/entry/data/data", data=frames, chunks=(1, NY, NX))
            self.files.append(name)
            left, number, value = left - count, number + 1, value + count


class Detector(SimplonDetector):
    """A detector whose requests go to a `Server` in memory."""

    def __init__(self, server: Server, **kwargs: Any) -> None:
        super().__init__(name="detector", url="http://detector", data_dir=server.folder, **kwargs)
        self.server = server

    def _client(self) -> SimplonClient:
        return SimplonClient("http://detector", transport=httpx.MockTransport(self.server))


def settings(number_images: int = 5, **changes: Any) -> AcquisitionSettings:
    values: dict[str, Any] = {
        "number_images": number_images,
        "exposure_s": 0.01,
        "energy_ev": 12658.0,
        "distance_mm": 150.0,
        "omega_increment_deg": 0.1,
        "directory": "lyso_1",
        "prefix": "rot",
    }
    return AcquisitionSettings(**values | changes)


def take(detector: SimplonDetector, asked: AcquisitionSettings) -> None:
    detector.prepare(asked).wait(10)
    detector.kickoff().wait(10)
    detector.complete().wait(10)


@bpp.run_decorator()  # type: ignore[untyped-decorator]
def series(detector: SimplonDetector, asked: AcquisitionSettings, files: int = 1) -> Any:
    yield from bps.prepare(detector, asked, wait=True)
    yield from bps.declare_stream(detector, name="primary", collect=True)
    yield from bps.kickoff(detector, wait=True)
    yield from bps.complete(detector, wait=True)
    for _ in range(files):
        yield from bps.collect(detector, name="primary")


def run(plan: Any) -> dict[str, list[dict[str, Any]]]:
    documents: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def keep(name: str, document: dict[str, Any]) -> None:
        event_model.schema_validators[event_model.DocumentNames[name]].validate(document)
        json.dumps(document)
        documents[name].append(document)

    RunEngine({}, call_returns_result=True)(plan, keep)
    return documents


def test_preparing_initialises_sets_and_arms(tmp_path: Path) -> None:
    server = Server(tmp_path)
    detector = Detector(server)
    detector.prepare(settings()).wait(10)
    assert server.commands == ["initialize", "arm"]
    assert server.config["photon_energy"] == 12658.0
    assert server.config["detector_distance"] == pytest.approx(0.150), "metres in SIMPLON"
    assert server.config["count_time"] < server.config["frame_time"] == 0.01
    assert server.config["trigger_mode"] == "exts"
    assert (server.config["nimages"], server.config["ntrigger"]) == (1, 5), "a pulse for each image"
    assert detector.number_images.get() == 5
    assert detector.sequence_id.get() == 1
    configuration = {key: entry["value"] for key, entry in detector.read_configuration().items()}
    assert configuration["detector_pixel_x_um"] == 75.0
    assert configuration["detector_distance_mm"] == 150.0
    assert configuration["detector_file_base"] == "lyso_1/rot_1"


def test_headers_count_omega_as_the_motor_does_and_documents_as_we_do(tmp_path: Path) -> None:
    server = Server(tmp_path)
    detector = Detector(server, omega_sign=-1)
    detector.prepare(settings(omega_start_deg=30.0)).wait(10)
    assert (server.config["omega_start"], server.config["omega_increment"]) == (-30.0, -0.1)
    assert (detector.omega_start_deg.get(), detector.omega_increment_deg.get()) == (30.0, 0.1)
    with pytest.raises(InvalidInput, match="allowed are 1 and -1"):
        Detector(server, omega_sign=2)


def test_documents_of_a_run_lead_to_every_frame(tmp_path: Path) -> None:
    server = Server(tmp_path)
    documents = run(series(Detector(server), settings(5)))
    (descriptor,) = documents["descriptor"]
    assert descriptor["data_keys"]["detector_image"]["shape"] == [NY, NX]
    assert descriptor["data_keys"]["detector_image"]["external"] == "STREAM:"
    (resource,) = documents["stream_resource"]
    assert resource["uri"] == f"file://localhost{tmp_path}/lyso_1/rot_1_data_000001.h5"
    assert resource["mimetype"] == "application/x-hdf5"
    (datum,) = documents["stream_datum"]
    assert datum["indices"] == {"start": 0, "stop": 5}
    assert datum["seq_nums"] == {"start": 1, "stop": 6}
    (stop,) = documents["stop"]
    assert stop["exit_status"] == "success"
    assert stop["num_events"] == {"primary": 5}


def test_several_files_are_collected_one_by_one(tmp_path: Path) -> None:
    documents = run(series(Detector(Server(tmp_path), images_per_file=2), settings(5), files=4))
    assert [datum["seq_nums"] for datum in documents["stream_datum"]] == [
        {"start": 1, "stop": 3},
        {"start": 3, "stop": 5},
        {"start": 5, "stop": 6},
    ]
    assert len({resource["uri"] for resource in documents["stream_resource"]}) == 3
    assert documents["stop"][0]["num_events"] == {"primary": 5}


def test_lost_frames_are_a_fault_that_counts_what_is_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mxplans_devices.detector._SETTLE_S", 0.2)
    server = Server(tmp_path)
    server.lost = 2
    detector = Detector(server)
    with pytest.raises(DetectorFault, match="3 of 5 frames are on disk"):
        take(detector, settings(5))
    assert detector.get_index() == 3


def test_a_file_writer_in_an_error_is_a_fault_although_all_frames_are_there(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.writer_error = "the disk is full"
    with pytest.raises(DetectorFault, match="file writer is in an error: the disk is full; mend it"):
        take(Detector(server), settings(5))


def test_a_series_without_triggers_is_a_fault_in_time(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.triggered = False
    detector = Detector(server, complete_timeout_s=0.3)
    with pytest.raises(DetectorFault, match="still 'ready'; check that the motion program triggers it"):
        take(detector, settings(5))


def test_stop_ends_the_wait_and_disarms(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.triggered = False
    detector = Detector(server)
    detector.prepare(settings()).wait(10)
    status = detector.complete()
    detector.stop()
    with pytest.raises(DetectorFault, match="was stopped before its end"):
        status.wait(10)
    assert server.commands[-1] == "disarm"
    detector.unstage()
    assert server.state == "idle"


def test_a_detector_that_was_left_armed_is_disarmed_before_it_is_set(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.state = "acquire"
    Detector(server).prepare(settings()).wait(10)
    assert server.commands == ["abort", "arm"]


def test_files_of_another_series_are_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "lyso_1").mkdir()
    (tmp_path / "lyso_1" / "rot_1_data_000001.h5").touch()
    with pytest.raises(DetectorFault, match="rot_1_data_000001.h5 exists already; use another prefix"):
        Detector(Server(tmp_path)).prepare(settings()).wait(10)


@pytest.mark.parametrize("directory", ["/tmp", "../elsewhere", "a/../../b"])
def test_directories_outside_of_the_data_folder_are_refused_at_once(tmp_path: Path, directory: str) -> None:
    with pytest.raises(InvalidInput, match="must be relative"):
        Detector(Server(tmp_path)).prepare(settings(directory=directory))


def test_nothing_works_unprepared(tmp_path: Path) -> None:
    detector = Detector(Server(tmp_path))
    for verb in (detector.kickoff, detector.complete, detector.describe_collect):
        with pytest.raises(DetectorFault, match="prepare"):
            verb()
    assert list(detector.collect_asset_docs()) == []
