"""The same night in accelerated and in virtual time: the same results and documents but for stamps; and signs that matter."""

import json

import h5py
import hdf5plugin  # noqa: F401
import numpy as np
import pytest
from night_support import IMAGES, Night, short_profile, short_shipment
from sameness_support import steady_profile, without_stamps

pytestmark = pytest.mark.timeout(240)
GOOD, EMPTY = 1, 3


def start(folder, *options, pins=(GOOD, EMPTY), **changes):
    folder.mkdir()
    return Night(steady_profile(folder, **changes), short_shipment(folder, *pins), folder / "night", *options)


def run(folder, *options, **how):
    night = start(folder, *options, **how)
    assert night.finish() == 0, night.text
    return night


@pytest.fixture(scope="module", autouse=True)
def real_night(tmp_path_factory):
    """A minute and a half of a beamline in as long: begun before the other tests here, and asked for after them."""
    night = start(tmp_path_factory.mktemp("real") / "time", pins=(GOOD,), speed_up=1)
    yield night
    if night.process.poll() is None:
        night.process.terminate()
        night.process.communicate()


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("times")
    return run(folder / "accelerated"), run(folder / "virtual", "--virtual-time")


def test_documents_are_the_same_but_for_stamps(nights):
    accelerated, virtual = (without_stamps(night) for night in nights)
    assert len(accelerated) > 60
    for one, other in zip(accelerated, virtual, strict=True):
        assert one == other


def test_frames_and_truth_are_the_same(nights):
    accelerated, virtual = nights
    offsets = []
    for night in nights:
        rotation = [event for event in night.truth()["events"] if event.get("scan") == "rotation"]
        offsets.append([event["crystal_offset_um"] for event in rotation])
    np.testing.assert_allclose(offsets[0], offsets[1], atol=0.01)
    for path in sorted((accelerated.out / "data").rglob("*_data_*.h5")):
        twin = virtual.out / "data" / path.relative_to(accelerated.out / "data")
        with h5py.File(path) as one, h5py.File(twin) as other:
            assert np.array_equal(one["entry/data/data"], other["entry/data/data"]), path.name


def test_a_continuous_turn_comes_to_the_same_centre_in_any_time(tmp_path):
    """Not to the same pictures: the camera's clock is its own."""
    centres = []
    for name, *options in (("accelerated",), ("virtual", "--virtual-time")):
        (tmp_path / name).mkdir()
        profile = short_profile(tmp_path / name, speed_up=5, archive=False)
        night = Night(profile, short_shipment(tmp_path / name, GOOD), tmp_path / name / "night", *options)
        assert night.finish() == 0, night.text
        (said,) = [doc["data"] for kind, doc in night.documents() if kind == "event" and "optical_x_mm" in doc["data"]]
        assert said["optical_views_used"] > 12  # a turn, not steps
        centres.append([said[f"optical_{axis}_mm"] for axis in "xyz"])
    # Three standard errors of each.
    np.testing.assert_allclose(centres[0], centres[1], atol=0.006)


def test_stamps_are_those_of_the_beamline(nights):
    """In virtual time the documents of a night span what the beamline's devices take, whatever the computing took."""
    _, virtual = nights
    stamps = [document["time"] for name, document in virtual.documents() if name in ("start", "stop", "event")]
    assert stamps == sorted(stamps)
    spanned_s = stamps[-1] - stamps[0]
    truth = virtual.truth()
    busy_s = sum(total["robot_s"] + total["exposure_s"] for total in truth["totals"].values())
    assert busy_s < spanned_s < truth["simulated_s"] < busy_s + 2 * 60
    sweep = next(event for event in truth["events"] if event.get("scan") == "rotation")
    assert sweep["images_done"] == IMAGES


@pytest.mark.parametrize("flip", ["omega: -1", "z: -1"])
def test_a_wrong_sign_in_the_profile_shows_as_a_missed_crystal(tmp_path, flip):
    """The virtual beamline has its own geometry, so that nothing of ours can make up for an error of ours."""
    night = run(tmp_path / "flipped", "--virtual-time", **{flip: flip.replace("-1", "1")})
    verdicts = {sample["name"]: sample["verdict"] for sample in night.summary()["samples"]}
    missed = [event for event in night.truth()["events"] if event.get("scan") == "rotation"]
    far_um = [max(map(abs, event["crystal_offset_um"])) for event in missed]
    assert verdicts["demo-1"] != "COLLECTED" or min(far_um) > 50, (verdicts, json.dumps(far_um))


def test_faults_of_a_sample_end_in_verdicts_and_the_night_goes_on(tmp_path):
    folder = tmp_path / "bad"
    folder.mkdir()
    faults = """
faults:
- {kind: robot_no_pin, sample: demo-1}
- {kind: sample_is, sample: demo-2, parameters: {sample_class: empty}}
"""
    profile = short_profile(folder, archive=False, world=faults)
    night = Night(profile, short_shipment(folder, 1, 2, 5), folder / "night", "--virtual-time")
    assert night.finish() == 0, night.text
    verdicts = {sample["name"]: sample["verdict"] for sample in night.summary()["samples"]}
    assert verdicts == {
        "demo-1": "PIN_MISSING",
        "demo-2": "EMPTY_MOUNT",
        "demo-5": "COLLECTED",
    }
    struck = [(event["fault"], event["sample"]) for event in night.truth()["events"] if event["kind"] == "fault"]
    assert struck == [("robot_no_pin", "demo-1"), ("sample_is", "demo-2")]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("{kind: motor_stall, where: {axis: omega}, nth: 6}", "goniometer_omega"),
        ("{kind: unload_hang, parameters: {duration_s: 1000}}", "sample_changer"),
        ("{kind: detector_fails_to_arm}", "detector"),
    ],
)
def test_a_fault_of_the_beamline_makes_safe_and_fails_the_night(tmp_path, fault, told):
    folder = tmp_path / "worse"
    folder.mkdir()
    profile = short_profile(folder, archive=False, world=f"\nfaults:\n- {fault}\n")
    night = Night(profile, short_shipment(folder, 1), folder / "night", "--virtual-time")
    assert night.finish() == 1, night.text
    assert told in night.summary()["failure"]
    assert any(event["kind"] == "fault" for event in night.truth()["events"])


def test_real_time_gives_the_same_as_virtual_time(real_night, tmp_path):
    virtual = run(tmp_path / "virtual", "--virtual-time", pins=(GOOD,))
    assert real_night.finish() == 0, real_night.text
    for one, other in zip(without_stamps(real_night), without_stamps(virtual), strict=True):
        assert one == other
