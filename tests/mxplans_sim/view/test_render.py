import h5py
import hdf5plugin  # noqa: F401
import numpy as np
import pytest
from control_stand_in import PROFILE
from typer.testing import CliRunner

from mxplans_sim.view.cli import app

FILES = ["--world", str(PROFILE / "world.yaml"), "--shipment", str(PROFILE / "shipment.json")]


def run(*arguments):
    return CliRunner().invoke(app, ["render", *map(str, arguments)])


def pixels(path):
    cv2 = pytest.importorskip("cv2")
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def test_on_axis_images_turn_with_the_sample(tmp_path):
    result = run("on-axis", *FILES, "--sample", "demo-1", "--omega", "0,90,360", "--out", tmp_path)
    assert result.exit_code == 0, result.output
    names = ["demo-1_Coarse_0deg.png", "demo-1_Coarse_90deg.png", "demo-1_Coarse_360deg.png"]
    assert result.output.splitlines() == [str(tmp_path / name) for name in names]
    none, quarter, whole = (pixels(tmp_path / name).astype(float) for name in names)
    # A whole turn shows the same but for noise, a quarter does not; the light is on.
    assert abs(none - whole).mean() < 0.2 * abs(none - quarter).mean()
    assert none.mean() > 100


def test_side_images_see_what_the_on_axis_camera_sees_a_quarter_turn_later(tmp_path):
    result = run("side", *FILES, "--sample", "demo-1", "--omega", "0,180", "--out", tmp_path)
    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == [str(tmp_path / f"demo-1_side_{angle}deg.png") for angle in (0, 180)]
    one, other = (pixels(tmp_path / f"demo-1_side_{angle}deg.png").astype(float) for angle in (0, 180))
    assert one.shape == (480, 640)
    assert one.std() > 20  # the pin is dark before the light
    # From behind the pin is the same upside down, but for a mount that is not quite on the axis.
    assert abs(one - other[::-1]).mean() < abs(one - one.mean()).mean()


def test_frames_are_the_detectors_files_with_a_preview_each(tmp_path):
    result = run("frames", *FILES, "--sample", "demo-1", "--start", 20, "--number", 4, "--out", tmp_path / "new")
    assert result.exit_code == 0, result.output
    with h5py.File(tmp_path / "new/demo-1_master.h5") as master:
        frames = np.concatenate([master[f"entry/data/{key}"][...] for key in ["data_000001"]])
        omega = master["entry/sample/goniometer/omega"][...]
    np.testing.assert_allclose(omega, [20.0, 20.5, 21.0, 21.5])
    # The crystal is in the beam: every frame has spots far above the background.
    good = np.where(frames == np.iinfo(frames.dtype).max, 0, frames)
    assert (good.max(axis=(1, 2)) > 300).all()
    for number in range(1, 5):
        shown = pixels(tmp_path / f"new/demo-1_{number:05d}.png")
        assert shown.shape == frames.shape[1:]
        brightest = np.unravel_index(good[number - 1].argmax(), shown.shape)
        assert shown[brightest] == shown.min()


def test_a_sample_that_does_not_diffract_shows_no_spots(tmp_path):
    result = run("frames", *FILES, "--sample", "demo-6", "--number", 1, "--out", tmp_path)
    assert result.exit_code == 0, result.output
    with h5py.File(tmp_path / "demo-6_master.h5") as master:
        frame = master["entry/data/data_000001"][0]
    assert frame[frame != np.iinfo(frame.dtype).max].max() < 100


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["on-axis", "--sample", "nobody"], "nobody"),
        (["on-axis", "--sample", "demo-1", "--omega", "0,x"], "0,x"),
        (["on-axis", "--sample", "demo-1", "--omega", "9999"], "omega cannot go to 9999"),
        (["on-axis", "--sample", "demo-1", "--omega", "nan"], "omega cannot go to nan"),
        (["on-axis", "--sample", "demo-1", "--zoom", "Huge"], "Huge"),
        (["frames", "--sample", "demo-1", "--width", "50"], "expose longer"),
        (["frames", "--sample", "demo-1", "--exposure", "0"], "exposure|frame_time|positive"),
        (["frames", "--sample", "demo-1", "--distance", "5"], "distance cannot go to 5, allowed is 80 to 400"),
        (["frames", "--sample", "demo-1", "--aperture", "Giant"], "Giant"),
    ],
)
def test_what_cannot_be_rendered_says_why(tmp_path, arguments, told):
    result = run(arguments[0], *FILES, *arguments[1:], "--out", tmp_path)
    assert result.exit_code == 2, result.output
    assert pytest.importorskip("re").search(told, result.output)
    assert not list(tmp_path.glob("*_master.h5"))
