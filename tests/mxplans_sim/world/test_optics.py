"""Pictures: where things show, how sharp and bright they are, and what the noise depends on."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from viewer_support import at_motors, specimen

from mxplans_sim.settings.camera import CameraSettings, side_camera
from mxplans_sim.world.optics import ON_AXIS, Exposure, Viewer, jpeg
from mxplans_sim.world.placement import Placement
from mxplans_sim.world.specimen import Crystal, Drop, Ice, Pin, Specimen

COARSE, FINE = ON_AXIS.zooms
EYE = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
QUIET = CameraSettings.model_validate({"read_noise": 0.0, "dust": 0, "vignetting_frac": 0.0})
NOISELESS = Exposure(gain=1e-6, exposure_s=200.0)  # as bright as usual, with twenty thousand times the photons


def picture(viewer, sample, placement=None, exposure=NOISELESS, frame=1, zoom=COARSE):
    return viewer.take(sample, placement or Placement(), zoom, 0.0, exposure, frame).astype(float)


def crystal(half_mm=0.03, centre=(0.0, 0.0, 0.0)):
    return Crystal(centre, (half_mm,) * 3, EYE, (79.1, 79.1, 37.9, 90, 90, 90), "P 43 21 2", EYE)


def alone(*crystals, **others):
    return Specimen("alone", None, crystals, pin=None, **others)


def test_a_picture_is_a_function_of_what_it_is_asked_for():
    sample, placement = specimen(), at_motors(0.1, 0.0, 0.0, 45.0)
    one, other = Viewer(1), Viewer(1)

    def noisy(viewer, frame):
        return picture(viewer, sample, placement, Exposure(), frame)

    for frame in (5, 2, 9):
        noisy(other, frame)
    assert np.array_equal(noisy(one, 7), noisy(other, 7))
    assert not np.array_equal(noisy(one, 7), noisy(one, 8))
    for another in (Viewer(2), Viewer(1, CameraSettings.model_validate({"name": "other"}))):
        assert not np.array_equal(noisy(one, 7), noisy(another, 7))


def test_noise_is_that_of_photons_and_of_the_sensor():
    viewer = Viewer(1)
    first, second = (picture(viewer, None, exposure=Exposure(), frame=frame) for frame in (1, 2))
    middle = (slice(200, 300), slice(300, 400))
    # 214 gray values of 0.02 per electron: sqrt(214 0.02) = 2.07; with 1.5 of the sensor 2.55, and 0.29 of rounding.
    assert (first - second)[middle].std() / 2**0.5 == pytest.approx(2.57, rel=0.03)
    # Pixels do not know of each other.
    noise = (first - second)[middle]
    assert np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1] == pytest.approx(0.0, abs=0.03)


def test_more_light_or_gain_makes_brighter_pictures_up_to_saturation():
    viewer = Viewer(1)

    def middle(exposure):
        return picture(viewer, None, exposure=exposure)[250:260, 340:360].mean()

    full = middle(Exposure()) - 4
    assert middle(Exposure(back_frac=0.5)) - 4 == pytest.approx(full / 2, abs=1.5)
    assert middle(Exposure(exposure_s=0.005)) - 4 == pytest.approx(full / 2, abs=1.5)
    assert middle(Exposure(gain=0.01)) - 4 == pytest.approx(full / 2, abs=1.5)
    assert middle(Exposure().dimmed(0.1)) - 4 == pytest.approx(full / 10, abs=1.5)
    assert middle(Exposure(exposure_s=0.1)) == 255
    assert middle(Exposure(saturation=100)) == 100
    assert middle(Exposure(back_frac=0.0)) < 8


def test_the_specimen_is_dark_on_a_bright_field():
    viewer, sample = Viewer(1), specimen()
    empty, mounted = picture(viewer, None), picture(viewer, sample)
    fibre = viewer.shadow(sample, Placement(), COARSE, 0.0).of("loop", "stem") > 0.008
    assert mounted[fibre].mean() < 0.5 * empty[fibre].mean()
    assert (mounted - empty)[:40, :40].mean() == pytest.approx(0.0, abs=1.0)


def test_light_through_a_flat_crystal_follows_the_law_of_absorption():
    # 0.1 mm with 2.5 / mm, faces upright to the light, so that nothing is bent in the middle.
    viewer = Viewer(1, QUIET)
    seen = picture(viewer, alone(crystal(0.05)))[249:258, 336:346] - 4
    assert seen.mean() / (picture(viewer, None)[249:258, 336:346].mean() - 4) == pytest.approx(np.exp(-0.25), abs=0.02)


def test_a_crystal_is_plainer_in_liquid_than_in_air():
    # Its index is 0.06 above that of the liquid but 0.41 above that of air: its edges bend less light.
    viewer, tilted = Viewer(1, QUIET), at_motors(0, 0, 0, 30.0)
    in_air = alone(crystal())
    drop = Drop((0.0, 0.0, 0.0), (0.6, 0.6, 0.6))
    dry = picture(viewer, in_air, tilted) / picture(viewer, None)
    wet = picture(viewer, alone(crystal(), drops=(drop,)), tilted) / picture(viewer, alone(drops=(drop,)), tilted)
    around = (slice(230, 280), slice(315, 370))
    assert (1 - wet[around]).sum() < 0.5 * (1 - dry[around]).sum()


def test_ice_lets_little_light_through():
    seen = picture(Viewer(1, QUIET), alone(ice=(Ice((0.0, 0.0, 0.0), 0.15),)))
    assert seen[254, 341] - 4 == pytest.approx(215 * np.exp(-8 * 0.3), rel=0.1)


def test_metal_lets_no_light_through():
    seen = picture(Viewer(1, QUIET), Specimen("bare", None, pin=Pin(((0.2, 0.0, 0.0), (10.0, 0.0, 0.0)))))
    assert seen[254, 500] < 10
    assert seen[254, 300] > 200


def edge_px(seen):
    """Pixels over which a row's light falls from 84 to 16 %: two standard deviations of a Gaussian blur."""
    row = (seen - seen.min()) / (seen.max() - seen.min())
    return np.interp(-0.16, -row, np.arange(len(row))) - np.interp(-0.84, -row, np.arange(len(row)))


@pytest.mark.parametrize(("zoom", "depth_mm"), [(COARSE, 0.0), (COARSE, 0.6), (FINE, 0.3), (FINE, -0.3)])
def test_each_body_is_as_blurred_as_its_own_depth_says(zoom, depth_mm):
    block = Specimen("block", None, pin=Pin(((0.1, 0.0, 0.0), (10.0, 0.0, 0.0))))
    far = Placement(np.eye(3), np.array([0.0, 0.0, depth_mm]))
    seen = picture(Viewer(1, QUIET), block, far, zoom=zoom)[253, 300:500]
    # 0.8 pixels when in focus, 0.02 of the depth in quadrature; steps of a third of an octave.
    expected = np.hypot(0.8, 0.02 * depth_mm / (zoom.um_per_px / 1000))
    assert edge_px(seen) / 2 == pytest.approx(expected, rel=0.2)


def test_the_focus_can_be_elsewhere():
    settings = QUIET.model_copy(update={"focus_mm": 0.6})
    block = Specimen("block", None, pin=Pin(((0.1, 0.0, 0.0), (10.0, 0.0, 0.0))))
    far = Placement(np.eye(3), np.array([0.0, 0.0, 0.6]))
    near = picture(Viewer(1, settings), block)[253, 300:500]
    assert edge_px(picture(Viewer(1, settings), block, far)[253, 300:500]) < 0.4 * edge_px(near)


def test_front_light_shows_bright_on_dark():
    viewer, sample = Viewer(1), specimen()
    front = replace(NOISELESS, back_frac=0.0, front_frac=1.0)
    empty, mounted = picture(viewer, None, exposure=front), picture(viewer, sample, exposure=front)
    fibre = viewer.shadow(sample, Placement(), COARSE, 0.0).of("loop", "stem") > 0.008
    assert empty.mean() < 20
    assert mounted[fibre].mean() > empty.mean() + 60
    pin = picture(viewer, Specimen("bare", None, pin=Pin(((0.2, 0, 0), (9.0, 0, 0)))), exposure=front)
    # A cylinder is brighter along its middle than at its sides.
    assert pin[254, 500] > pin[254 + 120, 500] + 40


def test_dust_stays_where_it_is_and_a_shift_of_the_background_moves_it():
    dusty = Viewer(1, QUIET.model_copy(update={"dust": 30}))
    shifted = replace(NOISELESS, background_shift_px=(7.0, -4.0))
    still, moved = picture(dusty, None), picture(dusty, None, exposure=shifted)
    assert np.abs(still - moved).max() > 5
    assert np.abs(moved[60:400, 107:507] - still[64:404, 100:500]).max() <= 1
    assert picture(Viewer(1, QUIET), None).std() < 0.5


def test_vignetting_takes_its_part_in_the_farthest_corner():
    viewer = Viewer(1, CameraSettings.model_validate({"read_noise": 0.0, "dust": 0, "vignetting_frac": 0.5}))
    seen = picture(viewer, None) - 4
    assert seen[0:3, 0:3].mean() / seen[250:262, 350:358].mean() == pytest.approx(0.5, abs=0.02)


def test_the_side_camera_looks_at_right_angles():
    """What is off along the beam is off in its rows, what is up or down is out of its focus."""
    settings = side_camera()
    viewer, zoom = Viewer(1, settings), settings.zooms[0]
    for offset, row in (((0.0, 0.0, 1.2), -100), ((0.0, 0.0, -1.2), 100), ((0.0, 0.9, 0.0), 0)):
        shadow = viewer.shadow(alone(crystal(0.1)), Placement(np.eye(3), np.array(offset)), zoom, 0.05)
        rows, columns = np.nonzero(shadow.of("crystal"))
        assert rows.mean() == pytest.approx(zoom.beam_y_px + row, abs=0.6)
        assert columns.mean() == pytest.approx(zoom.beam_x_px, abs=0.6)


def test_both_sizes_show_the_same():
    large = CameraSettings.model_validate({"width_px": 1360, "height_px": 1024})
    sample, placement = specimen(4), at_motors(0.0, 0.05, 0.0, 70.0)
    small_picture = picture(Viewer(1, QUIET), sample, placement)
    viewer = Viewer(1, QUIET.model_copy(update={"width_px": 1360, "height_px": 1024}))
    large_picture = picture(viewer, sample, placement, zoom=large.zooms[0])
    halved = cv2.resize(large_picture, (680, 512), interpolation=cv2.INTER_AREA)
    assert np.corrcoef(halved.ravel(), small_picture.ravel())[0, 1] > 0.95


def test_a_jpeg_is_the_picture():
    pixels = Viewer(1).take(specimen(), Placement(), COARSE, 0.0, Exposure(), 1)
    content = jpeg(pixels)
    read = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert content[:3] == b"\xff\xd8\xff"
    assert len(jpeg(pixels, 40)) < len(content) < pixels.size / 4
    assert np.abs(read.astype(float) - pixels).mean() < 3
