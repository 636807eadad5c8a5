"""Every device against the virtual beamline, over Channel Access and HTTP."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from beamline_support import home, value, wait, wait_until

from mxplans.errors import DeviceFault, InvalidInput, LimitExceeded, RobotFault, SampleProblem
from mxplans.model.acquisition import SampleLocation
from mxplans.roles import ROLES, BacklightState, Beamline, ShutterState

pytestmark = pytest.mark.usefixtures("no_new_threads")


@pytest.mark.parametrize("role", ROLES)
def test_every_device_fulfils_its_role(beamline: Beamline, role: str) -> None:
    device = getattr(beamline, role)
    assert isinstance(device, ROLES[role])
    assert device.name == role


def test_keys_and_units_go_by_role(beamline: Beamline) -> None:
    units: dict[str, Any] = {}
    for role in ROLES:
        if role not in ("spot_finder", "sample_detector"):  # they have nothing for events
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
