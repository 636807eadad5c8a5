"""A pause outside of an experiment's scans: what cannot go on where it stopped begins again, what was done before stays."""

import pytest
from udc_support import CENTRE, Bench

from mxplans.centring.detection.background import FRAMES_MIN
from mxplans.model import Centring, kinds
from mxplans.plans.viewing import take_image
from mxplans.udc import MountedSample, Verdict, bring_in, collect_pin, night

PIN = {"sample_name": "s", "location": (1, 1)}


def rotation(centring=Centring.OPTICAL):
    return kinds.rotation(**PIN, number_images=4, image_width_deg=0.1, exposure_s=0.1, centring=centring)


def behind(command, name=None, number=1):
    """Accepts the n-th message of a command, to a device if one is named."""
    seen = []

    def wanted(message):
        fits = message.command == command and name in (None, getattr(message.obj, "name", None))
        seen.extend([message] * fits)
        return fits and len(seen) == number

    return wanted


@pytest.fixture(autouse=True)
def looks(monkeypatch):
    """Counts how often the loop was looked for; it takes two images."""
    begun = []

    def look(bl, *_):
        begun.append(bl)
        for _ in range(2):
            yield from take_image(bl)
        return CENTRE

    monkeypatch.setattr(bring_in, "optical_centring", look)
    return begun


@pytest.fixture
def bench(bl, run_engine):
    def make(pause_behind):
        bench = Bench(bl, run_engine, pause_behind, sample=MountedSample())
        bench._unload(None)
        return bench

    return make


def test_a_pause_in_the_second_grid_leaves_the_first_one_as_it_is(bench):
    paused = bench(behind("complete", number=2))
    paused.lit = set()
    assert paused.run_with_pause(rotation(Centring.XRAY)).verdict is Verdict.NO_DIFFRACTION
    ended = {doc["run_start"]: doc["exit_status"] for name, doc in paused.told.documents if name == "stop"}
    starts = [doc for name, doc in paused.told.documents if name == "start" and doc["mxplans"]["role"] == "grid"]
    said = [(doc["mxplans"]["scan"]["ordinal"], ended[doc["uid"]]) for doc in starts]
    assert said == [(1, "success"), (2, "abort"), (2, "success")]


def test_a_pause_in_optical_centring_looks_again(bench, looks):
    paused = bench(behind("trigger", "viewer", number=FRAMES_MIN + 2))  # behind those of the background
    assert paused.run_with_pause(rotation()).collected
    assert len(looks) == 2


def test_a_pause_while_the_background_is_taken_takes_it_again_before_the_pin_comes(bench):
    paused = bench(behind("trigger", "viewer"))
    assert paused.run_with_pause(rotation()).collected
    names = [getattr(message.obj, "name", "") for message in paused.told.messages]
    mounted = names.index("sample_changer_load")
    assert names[:mounted].count("viewer_frame") == FRAMES_MIN
    assert names[:mounted].count("viewer") == FRAMES_MIN + 1


def test_a_pause_on_the_robots_way_mounts_again(bench):
    paused = bench(behind("set", "sample_changer_load"))
    assert paused.run_with_pause(rotation()).collected
    assert paused.loads == 2
    assert paused.told.records("robot_message") == ["mounted"]


def test_a_pause_while_a_pin_is_put_back_stops_the_robot_before_it_is_asked_again(bench):
    paused = bench(behind("trigger", "sample_changer_unload"))
    paused.told.does["sample_changer_unload"] = lambda _: None  # is on its way
    results = []

    def plan():
        results.extend((yield from collect_pin(paused.bl, [rotation()], paused.work)))

    paused.told.run(plan())
    said = [
        message.command
        for message in paused.told.messages
        if getattr(message.obj, "name", "") == "sample_changer_unload"
    ]
    assert said == ["trigger", "stop", "trigger"]
    assert results[0].outcome.collected


@pytest.mark.parametrize("wanted", [("trigger", "viewer"), ("trigger", "sample_changer_unload")])
def test_a_night_that_is_paused_before_its_first_pin_begins_again(bench, wanted):
    paused = bench(behind(*wanted))
    paused._hang(1, 1, 2)  # somebody has left a pin
    results = []

    def plan():
        results.extend((yield from night(paused.bl, [rotation()], paused.work.settings)))

    paused.told.run(plan())
    assert [result.outcome.verdict for result in results] == [Verdict.COLLECTED]
    assert len(paused.told.told(*wanted)) > 1


@pytest.mark.parametrize("axis", ["x", "omega"])
def test_a_pause_on_the_way_to_the_loop_goes_there_again(bench, axis):
    paused = bench(behind("set", f"goniometer_{axis}", number=2))  # the first one is for the robot
    assert paused.run_with_pause(rotation()).collected
    assert paused.starts_mm[0] == CENTRE.pose.xyz_mm
