"""Scans, frames and spots against the virtual beamline, over Channel Access and HTTP."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
import event_model
import h5py
import hdf5plugin  # noqa: F401  reads the frames
import pytest
from beamline_support import value, wait, wait_until
from bluesky import RunEngine
from conftest import VirtualBeamline

from mxplans.errors import DeviceFault
from mxplans.model.acquisition import AcquisitionSettings, Pose, ScanMotion, SpotRequest
from mxplans.roles import Beamline
from mxplans_devices import (
    SimplonDetector,
)

pytestmark = pytest.mark.usefixtures("no_new_threads")
EXPOSURE_S = 0.02
ENERGY_EV = 12658.0


def scan(images: int, rows: int = 1, **changes: Any) -> ScanMotion:
    values: dict[str, Any] = {
        "start": Pose(x_mm=0.0, y_mm=0.0, z_mm=0.0, omega_deg=0.0),
        "step_omega_deg": 0.5,
        "images_per_row": images,
        "rows": rows,
        "exposure_s": EXPOSURE_S,
    }
    return ScanMotion(**values | changes)


def settings(images: int, prefix: str, **changes: Any) -> AcquisitionSettings:
    values: dict[str, Any] = {
        "number_images": images,
        "exposure_s": EXPOSURE_S,
        "energy_ev": ENERGY_EV,
        "distance_mm": 150.0,
        "omega_increment_deg": 0.5,
        "directory": "Lyso-1",
        "prefix": prefix,
    }
    return AcquisitionSettings(**values | changes)


def run(plan: Any) -> dict[str, list[dict[str, Any]]]:
    documents: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def keep(name: str, document: dict[str, Any]) -> None:
        event_model.schema_validators[event_model.DocumentNames[name]].validate(document)
        json.dumps(document)
        documents[name].append(document)

    RunEngine({}, call_returns_result=True)(plan, keep)
    return documents


def test_an_impossible_scan_is_refused_with_the_reason_of_the_program(beamline: Beamline) -> None:
    with pytest.raises(DeviceFault, match="is not possible: .+; change the motion"):
        wait(beamline.goniometer.scan.set(scan(100, step_mm=(1.0, 0.0, 0.0))))
    assert value(beamline.goniometer.x) == pytest.approx(0.0, abs=1e-3), "nothing has moved"


def test_stopping_a_scan_ends_its_status_and_the_motion(beamline: Beamline) -> None:
    program: Any = beamline.goniometer.scan
    status = program.set(scan(1000, step_omega_deg=0.1, exposure_s=0.2))
    assert wait_until(lambda: program.status.get() == 1)
    program.stop()
    with pytest.raises(DeviceFault, match="was stopped before its end"):
        wait(status)
    assert wait_until(lambda: program.status.get() == 0)


@bpp.run_decorator()  # type: ignore[untyped-decorator]
def rotation(beamline: Beamline, motion: ScanMotion, asked: AcquisitionSettings) -> Any:
    yield from bps.prepare(beamline.detector, asked, wait=True)
    yield from bps.declare_stream(beamline.detector, name="primary", collect=True)
    yield from bps.kickoff(beamline.detector, wait=True)
    sequence_id = yield from bps.rd(beamline.detector.sequence_id)
    request = SpotRequest(sequence_id=sequence_id, number_images=asked.number_images)
    yield from bps.abs_set(beamline.spot_finder, request, group="spots")
    yield from bps.abs_set(beamline.goniometer.scan, motion, group="scan")
    yield from bps.wait("scan")
    yield from bps.complete(beamline.detector, wait=True)
    yield from bps.wait("spots")
    yield from bps.collect(beamline.detector, name="primary")
    return (yield from bps.rd(beamline.viewer.frame))


@pytest.mark.parametrize(("images", "rows"), [(40, 1), (6, 5)])
def test_a_scan_in_the_run_engine_yields_documents_of_all_its_frames(
    mounted: Beamline, virtual_beamline: VirtualBeamline, images: int, rows: int
) -> None:
    motion = scan(images, rows, step_omega_deg=0.5 if rows == 1 else 0.0, row_step_mm=(0.0, 0.02, 0.0), snake=rows > 1)
    asked = settings(images * rows, f"run{rows}", omega_increment_deg=motion.step_omega_deg)
    documents = run(rotation(mounted, motion, asked))
    (resource,) = documents["stream_resource"]
    (datum,) = documents["stream_datum"]
    assert datum["seq_nums"] == {"start": 1, "stop": images * rows + 1}
    assert documents["stop"][0]["num_events"] == {"primary": images * rows}
    path = Path(resource["uri"].removeprefix("file://localhost"))
    assert path.parent == virtual_beamline.data_dir / "Lyso-1"
    key = documents["descriptor"][0]["data_keys"]["detector_image"]
    with h5py.File(path) as file:
        frames = file["/entry/data/data"]
        assert frames.shape == (images * rows, *key["shape"])
        assert frames.dtype.str == key["dtype_numpy"]
    configuration = documents["descriptor"][0]["configuration"]["detector"]["data"]
    assert configuration["detector_energy_ev"] == ENERGY_EV
    assert configuration["detector_distance_mm"] == 150.0
    answers = mounted.spot_finder.frames
    assert [frame.image for frame in answers] == list(range(1, images * rows + 1))


def test_several_data_files_add_up(mounted: Beamline, virtual_beamline: VirtualBeamline) -> None:
    detector = SimplonDetector(
        name="detector", url=virtual_beamline.simplon_url, data_dir=virtual_beamline.data_dir, images_per_file=8
    )
    wait(detector.prepare(settings(20, "several")))
    wait(mounted.goniometer.scan.set(scan(20)), detector.complete())
    assert detector.get_index() == 20
    sizes = []
    for _ in range(3):
        documents = dict(detector.collect_asset_docs())
        sizes.append(documents["stream_datum"]["indices"]["stop"])
    assert sizes == [8, 8, 4]
    detector.unstage()


def test_an_armed_detector_without_triggers_fails_in_time_and_is_left_disarmed(
    mounted: Beamline, virtual_beamline: VirtualBeamline
) -> None:
    detector = SimplonDetector(
        name="detector", url=virtual_beamline.simplon_url, data_dir=virtual_beamline.data_dir, complete_timeout_s=0.5
    )
    wait(detector.prepare(settings(5, "untriggered")))
    with pytest.raises(DeviceFault, match="check that the motion program triggers it"):
        wait(detector.complete())
    detector.unstage()
    with detector._client() as client:
        assert client.state() == "idle"


def test_an_unknown_series_is_a_fault_of_the_spot_finder(beamline: Beamline) -> None:
    with pytest.raises(DeviceFault, match="series/99999 gave no usable answer"):
        wait(beamline.spot_finder.set(SpotRequest(sequence_id=99999, number_images=1)))
