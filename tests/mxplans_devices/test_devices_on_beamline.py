"""Every device against the virtual beamline, over Channel Access and HTTP."""

import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
import cv2
import event_model
import h5py
import hdf5plugin  # noqa: F401  reads the frames
import numpy as np
import pytest
from bluesky import RunEngine
from conftest import VirtualBeamline

from mxplans.errors import DeviceFault, InvalidInput, LimitExceeded, RobotFault, SampleProblem
from mxplans.model.acquisition import AcquisitionSettings, Pose, SampleLocation, ScanMotion, SpotRequest
from mxplans.roles import ROLES, BacklightState, Beamline, ShutterState
from mxplans_devices import (
    Aperture,
    Attenuator,
    Backlight,
    Beam,
    DetectorDistance,
    Goniometer,
    HttpSpotFinder,
    OnAxisViewer,
    SampleChanger,
    Shutter,
    SimplonDetector,
)

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


@pytest.fixture(scope="module")
def beamline(virtual_beamline: VirtualBeamline, tmp_path_factory: pytest.TempPathFactory) -> Beamline:
    prefix = virtual_beamline.ca_prefix
    url = virtual_beamline.simplon_url
    devices: dict[str, Any] = {
        "goniometer": Goniometer(f"{prefix}GON:", name="goniometer", scan_prefix=f"{prefix}SCAN:"),
        "viewer": OnAxisViewer(f"{prefix}CAM:", name="viewer", root=tmp_path_factory.mktemp("night")),
        "detector": SimplonDetector(name="detector", url=url, data_dir=virtual_beamline.data_dir),
        "detector_distance": DetectorDistance(f"{prefix}DET:Z", name="detector_distance"),
        "spot_finder": HttpSpotFinder(name="spot_finder", url=url),
        "sample_changer": SampleChanger(f"{prefix}ROBOT:", name="sample_changer"),
        "fast_shutter": Shutter(f"{prefix}SHUTTER", name="fast_shutter"),
        "attenuator": Attenuator(f"{prefix}ATTEN:TRANSMISSION", name="attenuator"),
        "backlight": Backlight(f"{prefix}BACKLIGHT", name="backlight"),
        "aperture": Aperture(f"{prefix}APERTURE", name="aperture"),
        "beam": Beam(f"{prefix}BEAM:", name="beam", ring_prefix=f"{prefix}RING:"),
    }
    for device in devices.values():
        device.wait_for_connection(timeout=20)
    return Beamline(**devices)


@pytest.fixture(autouse=True)
def _no_thread_is_left(no_new_threads: None) -> None:
    pass


@pytest.fixture
def mounted(beamline: Beamline) -> Iterator[Beamline]:
    home(beamline)
    if not value(beamline.sample_changer.pin_mounted):
        wait(beamline.sample_changer.load.set(SampleLocation(puck=1, pin=1)))
    yield beamline


def wait(*statuses: Any) -> None:
    for status in statuses:
        status.wait(40)


def value(device: Any) -> Any:
    (reading,) = device.read().values()
    return reading["value"]


def home(beamline: Beamline) -> None:
    gonio = beamline.goniometer
    wait(gonio.x.set(0.0), gonio.y.set(0.0), gonio.z.set(0.0), gonio.omega.set(0.0))


def run(plan: Any) -> dict[str, list[dict[str, Any]]]:
    documents: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def keep(name: str, document: dict[str, Any]) -> None:
        event_model.schema_validators[event_model.DocumentNames[name]].validate(document)
        json.dumps(document)
        documents[name].append(document)

    RunEngine({}, call_returns_result=True)(plan, keep)
    return documents


@pytest.mark.parametrize("role", ROLES)
def test_every_device_fulfils_its_role(beamline: Beamline, role: str) -> None:
    device = getattr(beamline, role)
    assert isinstance(device, ROLES[role])
    assert device.name == role


def test_keys_and_units_go_by_role(beamline: Beamline) -> None:
    units: dict[str, Any] = {}
    for role in ROLES:
        if role != "spot_finder":
            units |= {key: full.get("units") for key, full in getattr(beamline, role).describe().items()}
    assert units == {
        "goniometer_omega": "deg",
        "goniometer_x": "mm",
        "goniometer_y": "mm",
        "goniometer_z": "mm",
        "viewer_um_per_px": "um",
        "viewer_beam_x_px": "px",
        "viewer_beam_y_px": "px",
        "viewer_snapshot_file": None,
        "detector_sequence_id": None,
        "detector_distance": "mm",
        "sample_changer_pin_mounted": None,
        "sample_changer_current_puck": None,
        "sample_changer_current_pin": None,
        "sample_changer_barcode": None,
        "fast_shutter": None,
        "attenuator": "fraction",
        "backlight": None,
        "aperture": None,
        "aperture_beam_size": "um",
        "beam_energy": "eV",
        "beam_flux": "photons/s",
        "beam_ring_current": "mA",
    }


def test_motors_end_where_they_were_sent(beamline: Beamline) -> None:
    gonio = beamline.goniometer
    wait(gonio.x.set(0.25), gonio.omega.set(30.0), beamline.detector_distance.set(150.0))
    assert value(gonio.x) == pytest.approx(0.25, abs=1e-4)
    assert value(gonio.omega) == pytest.approx(30.0, abs=1e-3)
    assert value(beamline.detector_distance) == pytest.approx(150.0, abs=1e-2)


def test_travel_beyond_the_limits_is_refused_before_anything_moves(beamline: Beamline) -> None:
    before = value(beamline.goniometer.x)
    with pytest.raises(LimitExceeded, match="goniometer_x: 5 mm is outside of -3..3 mm"):
        beamline.goniometer.x.set(5.0)
    assert value(beamline.goniometer.x) == before


def test_a_stopped_move_fails_and_says_where_it_ended(beamline: Beamline) -> None:
    goniometer: Any = beamline.goniometer
    wait(goniometer.omega.set(-3000.0))
    status = goniometer.omega.set(3000.0)
    assert wait_until(lambda: goniometer.omega.moving)
    goniometer.stop()
    with pytest.raises(DeviceFault, match="goniometer_omega: move to 3000 deg ended at"):
        wait(status)
    home(beamline)


def test_shutter_backlight_and_aperture_go_by_name(beamline: Beamline) -> None:
    for state in (ShutterState.OPEN, ShutterState.CLOSED):
        wait(beamline.fast_shutter.set(state))
        assert value(beamline.fast_shutter) == state
    for position in (BacklightState.IN, BacklightState.OUT):
        wait(beamline.backlight.set(position))
        assert value(beamline.backlight) == position
    sizes = []
    for size in ("Small 20 um", "Large 100 um", "Medium 50 um"):
        name = next(text for text in beamline.aperture.selected.enum_strs if size.split()[0] in text)  # type: ignore[attr-defined]
        wait(beamline.aperture.set(name))
        sizes.append(value(beamline.aperture.beam_size))
    assert sizes == [20.0, 100.0, 50.0]


def test_what_does_not_exist_is_refused(beamline: Beamline) -> None:
    with pytest.raises(LimitExceeded, match="fast_shutter cannot be 'Ajar'"):
        beamline.fast_shutter.set("Ajar")
    with pytest.raises(LimitExceeded, match="aperture cannot be 'Huge'; it can be"):
        wait(beamline.aperture.set("Huge"))


@pytest.mark.parametrize("transmission", [-0.1, 1.5, 50, float("nan")])
def test_transmission_is_a_fraction(beamline: Beamline, transmission: float) -> None:
    with pytest.raises(LimitExceeded, match="not within 0..1"):
        beamline.attenuator.set(transmission)


def test_attenuator_reads_what_was_set(beamline: Beamline) -> None:
    for transmission in (0.1, 1.0):
        wait(beamline.attenuator.set(transmission))
        assert value(beamline.attenuator) == pytest.approx(transmission, abs=0.01)


def test_each_trigger_of_the_viewer_gives_a_new_image_of_the_announced_size(mounted: Beamline) -> None:
    viewer = mounted.viewer
    wait(mounted.backlight.set(BacklightState.IN))
    wait(viewer.trigger())
    straight = value(viewer.frame)
    wait(mounted.goniometer.omega.set(90.0))
    wait(viewer.trigger())
    turned = value(viewer.frame)
    assert straight.dtype == np.uint8
    assert straight.shape == turned.shape == (512, 680)
    assert np.abs(straight.astype(float) - turned).mean() > 0.5, "another view after a turn"
    wait(mounted.backlight.set(BacklightState.OUT))


def test_zoom_changes_the_scale(beamline: Beamline) -> None:
    scales = []
    for zoom in ("Fine", "Coarse"):
        name = next(text for text in beamline.viewer.zoom.selected.enum_strs if zoom in text)  # type: ignore[attr-defined]
        wait(beamline.viewer.zoom.set(name))
        scales.append(value(beamline.viewer.um_per_px))
    assert scales == [1.2, 2.4]


def test_a_snapshot_is_the_frame_as_png(mounted: Beamline) -> None:
    viewer: Any = mounted.viewer
    wait(viewer.trigger())
    wait(viewer.snapshot_file.set("snapshots/Lyso-1/a.png"))
    assert value(viewer.snapshot_file) == "snapshots/Lyso-1/a.png"
    written = cv2.imread(str(Path(viewer._root) / "snapshots/Lyso-1/a.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(written, value(viewer.frame))
    with pytest.raises(InvalidInput, match=r"without '..'"):
        viewer.snapshot_file.set("../a.png")


def test_the_robot_mounts_and_puts_back(beamline: Beamline) -> None:
    changer = beamline.sample_changer
    home(beamline)
    if value(changer.pin_mounted):
        wait(changer.unload.trigger())
    wait(changer.load.set(SampleLocation(puck=1, pin=3)))
    assert (value(changer.pin_mounted), value(changer.current_puck), value(changer.current_pin)) == (1, 1, 3)
    with pytest.raises(RobotFault, match="code 9") as refused:
        wait(changer.load.set(SampleLocation(puck=1, pin=1)))
    assert refused.value.code == 9
    wait(changer.unload.trigger())
    assert (value(changer.pin_mounted), value(changer.current_puck), value(changer.current_pin)) == (0, 0, 0)


def test_a_missing_pin_is_a_sample_problem_and_the_robot_goes_on(beamline: Beamline) -> None:
    changer = beamline.sample_changer
    home(beamline)
    if value(changer.pin_mounted):
        wait(changer.unload.trigger())
    with pytest.raises(SampleProblem, match="code 25"):
        wait(changer.load.set(SampleLocation(puck=1, pin=2)))
    wait(changer.load.set(SampleLocation(puck=1, pin=1)))
    assert value(changer.current_pin) == 1


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


def wait_until(condition: Any, timeout_s: float = 10.0) -> bool:
    tick = threading.Event()
    for _ in range(int(timeout_s / 0.02)):
        if condition():
            return True
        tick.wait(0.02)
    return False


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
