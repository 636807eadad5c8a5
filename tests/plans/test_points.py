"""Points by their messages and outcomes: what moves, what is refused, what is kept."""

import json
import math
import threading

import numpy as np
import pytest
from bluesky import plan_stubs as bps
from looking_support import SeeingBench

from mxplans.centring.hull import Hull
from mxplans.centring.points import CentrePoint, PointSource
from mxplans.centring.registration import Sighting
from mxplans.errors import AnalysisFailed, InvalidInput, LimitExceeded
from mxplans.geometry import AxisLimits, Camera, GoniometerGeometry, Orientation
from mxplans.model import Pose
from mxplans.plans.analysing import analysed
from mxplans.plans.clicking import GivenClicks, WindowClicks
from mxplans.plans.points import Marking, NoPoint, PointFound, helical_positions, move_to_point, register_point
from mxplans.plans.points_clicking import click_point, three_click_centring
from mxplans.plans.points_files import PointFiles

AT_REST = Pose(x_mm=0, y_mm=0, z_mm=0, omega_deg=0)
CAMERA = Camera(2.0, 340.0, 256.0)
EYE = ((4.0, 0.0, 0.0), (0.0, 4.0, 0.0), (0.0, 0.0, 9.0))
MIDDLE = (300.0, 250.0)


def point(point_id="a", s_mm=(0.1, -0.05, 0.07)):
    return CentrePoint(
        id=point_id, sample="lyso", s_mm=s_mm, covariance_um2=EYE, source=PointSource.CLICKS, origin=AT_REST
    )


def ball(radius_mm=0.05, step_mm=0.01):
    cells = np.argwhere(np.ones((11, 11, 11), bool)) - 5
    inside = np.linalg.norm(cells, axis=1) * step_mm <= radius_mm
    return Hull(cells[inside].astype(np.int32), np.zeros(3), step_mm, 12, 0)


def run(bl, simulator, plan):
    """What a plan returns, and its messages; the camera sees an empty goniometer."""
    SeeingBench(bl, simulator, None)
    messages = simulator.simulate_plan(plan)
    return simulator.return_value, messages


def sets(messages, name):
    return [message.args[0] for message in messages if message.command == "set" and message.obj.name == name]


def test_three_clicks_turn_omega_only_in_the_light(bl, simulator):
    found, messages = run(bl, simulator, click_point(bl, GivenClicks([MIDDLE] * 3), Marking()))
    assert sets(messages, "goniometer_omega") == [90.0, 180.0]
    assert {message.obj.name for message in messages if message.command == "set"} == {
        "goniometer_omega",
        "fast_shutter",
        "backlight",
    }
    assert isinstance(found, PointFound)
    assert found.point.freedom == 3
    assert len(found.point.residual_px) == len(found.left_out_sigma) == 3


@pytest.mark.parametrize(("clicks", "step_deg"), [(1, 90.0), (2, 360.0), (3, 0.0), (2, 180.0)])
def test_clicks_from_one_direction_say_at_which_angle_one_is_missing(bl, simulator, clicks, step_deg):
    mirrored = [MIDDLE, (MIDDLE[0], 2 * 256.0 - MIDDLE[1])] if step_deg == 180.0 else [MIDDLE] * clicks
    found, _ = run(bl, simulator, click_point(bl, GivenClicks(mirrored), Marking(), clicks, step_deg))
    assert isinstance(found, NoPoint)
    assert abs(found.add_omega_deg) == pytest.approx(90.0)
    assert "from one direction" in found.reason


def test_a_single_click_meets_the_hull_in_the_middle_or_is_beside_it(bl, simulator):
    # The bench's coarse zoom: a click on the beam is on the axis, through the middle of the ball.
    seeing = SeeingBench(bl, simulator, None)
    beam = (seeing.zoom.beam_x_px, seeing.zoom.beam_y_px)
    found, _ = run(bl, simulator, click_point(bl, GivenClicks([beam]), Marking(hull=ball()), 1))
    assert found.point.source is PointSource.HULL
    assert np.abs(found.point.s_mm).max() < 0.01
    # 110 um of hull along the ray: as uncertain as anywhere between its ends
    assert found.point.sigma_um[2] == pytest.approx(110 / math.sqrt(12), rel=0.05)
    beside, _ = run(bl, simulator, click_point(bl, GivenClicks([(10.0, 10.0)]), Marking(hull=ball()), 1))
    assert isinstance(beside, NoPoint)
    assert "beside the sample's hull" in beside.reason


@pytest.mark.parametrize(
    "pixel", [(math.nan, 5.0), (5.0, math.inf), (-3.0, 5.0), (5.0, 1e6), "ab", (1.0,), (1.0, 2.0, 3.0), 7]
)
def test_what_is_no_place_in_the_image_is_refused(bl, simulator, pixel):
    with pytest.raises(InvalidInput, match="click"):
        run(bl, simulator, click_point(bl, GivenClicks([pixel]), Marking(), 1))


def test_no_clicks_too_few_and_giving_up(bl, simulator):
    with pytest.raises(InvalidInput, match="allowed are 1 or more"):
        run(bl, simulator, click_point(bl, GivenClicks([]), Marking(), 0))
    with pytest.raises(InvalidInput, match="1 clicks were given, and one more is asked for"):
        run(bl, simulator, click_point(bl, GivenClicks([MIDDLE]), Marking(), 2))
    found, messages = run(bl, simulator, click_point(bl, GivenClicks([MIDDLE, None]), Marking()))
    assert isinstance(found, NoPoint)
    assert found.reason == "given up at click 2 of 3"
    assert sets(messages, "goniometer_omega") == [90.0]


def test_a_source_that_fails_is_told_by_its_name(bl, simulator):
    def broken(image, camera, pose):
        raise ZeroDivisionError("oops")

    with pytest.raises(AnalysisFailed, match="click failed: ZeroDivisionError: oops"):
        run(bl, simulator, click_point(bl, broken, Marking()))


def test_without_matplotlib_a_window_is_a_clear_error(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InvalidInput, match="pip install matplotlib"):
        WindowClicks()


def test_clicks_that_contradict_each_other_move_nothing_and_are_not_kept(bl, simulator, tmp_path):
    files = PointFiles(tmp_path)
    marking = Marking(sample="lyso", files=files)
    astray = [MIDDLE, (MIDDLE[0] + 60.0, MIDDLE[1]), MIDDLE]
    found, messages = run(bl, simulator, three_click_centring(bl, GivenClicks(astray), marking, AxisLimits()))
    assert isinstance(found, NoPoint)
    assert "contradict each other by up to" in found.reason
    assert not sets(messages, "goniometer_x")
    assert files.load("lyso").points == ()


def test_of_many_clicks_the_one_that_is_wrong_is_told(bl, simulator):
    poses = [AT_REST.model_copy(update={"omega_deg": 72.0 * number}) for number in range(5)]
    seen = [Sighting(340.0 + 80.0 * (number == 1), 256.0, CAMERA, pose) for number, pose in enumerate(poses)]
    found, _ = run(bl, simulator, register_point(seen, Marking()))
    assert found.point.flagged == (1,)
    assert found.left_out_sigma[1] > 10


def test_the_point_that_three_clicks_give_stands_in_the_beam_at_the_last_angle(bl, simulator):
    seeing = SeeingBench(bl, simulator, None)
    x_px, y_px, um = seeing.zoom.beam_x_px, seeing.zoom.beam_y_px, seeing.zoom.um_per_px
    # 40 px right; 20 px down at 0, on the axis at 90, 20 px up at 180.
    clicks = [(x_px + 40, y_px + 20), (x_px + 40, y_px), (x_px + 40, y_px - 20)]
    found, messages = run(bl, simulator, three_click_centring(bl, GivenClicks(clicks), Marking(), AxisLimits()))
    assert found.axis_offset_mm == pytest.approx(0.0, abs=1e-9)
    assert sets(messages, "goniometer_x") == [pytest.approx(-40 * um / 1000)]
    assert sets(messages, "goniometer_y") == [pytest.approx(-20 * um / 1000)]
    assert sets(messages, "goniometer_omega") == [90.0, 180.0, 180.0]


def test_limits_are_checked_before_anything_moves(bl, simulator):
    limits = AxisLimits(x_range_mm=(-0.05, 0.05), omega_range_deg=(-10, 370))
    with pytest.raises(LimitExceeded, match=r"point a needs x = -0\.1000 mm; allowed is -0\.05 to 0\.05"):
        run(bl, simulator, move_to_point(bl, point(), GoniometerGeometry(), limits))
    with pytest.raises(LimitExceeded, match="this goniometer has omega and nothing else: leave kappa out"):
        orientation = Orientation(kappa_deg=10)
        run(bl, simulator, move_to_point(bl, point(), GoniometerGeometry(), AxisLimits(), 0.0, orientation))


def test_omega_goes_the_short_way_round(bl, simulator):
    seeing = SeeingBench(bl, simulator, None)
    seeing.at["goniometer_omega"] = 350.0
    messages = simulator.simulate_plan(move_to_point(bl, point(), GoniometerGeometry(), AxisLimits(), 10.0))
    assert sets(messages, "goniometer_omega") == [370.0]
    limits = AxisLimits(omega_range_deg=(-360, 360))
    messages = simulator.simulate_plan(move_to_point(bl, point(), GoniometerGeometry(), limits, 10.0))
    assert sets(messages, "goniometer_omega") == [10.0]


def test_ends_of_a_helical_scan_hold_at_any_omega():
    begin, end = helical_positions(point(), point("b", (-0.1, 0.0, 0.02)), GoniometerGeometry())
    assert begin.xyz_mm == (-0.1, 0.05, -0.07)
    assert end.xyz_mm == (0.1, 0.0, -0.02)


def test_the_run_engine_goes_on_while_somebody_thinks_where_to_click(bl, run_engine):
    """Its loop takes other work meanwhile; only that other work lets the click come."""
    told = threading.Event()

    def slow(image, camera, pose):
        run_engine.loop.call_soon_threadsafe(told.set)
        assert told.wait(10), "the loop was blocked"
        return 5.0, 5.0

    found = []

    def plan():
        found.append((yield from analysed("click", slow, None, None, None)))
        yield from bps.null()

    run_engine(plan())
    assert found == [(5.0, 5.0)]


def test_points_are_kept_as_files_that_are_whole(tmp_path, bl, simulator):
    files = PointFiles(tmp_path / "points")
    assert files.load("../lyso").points == ()
    marking = Marking(sample="../lyso", files=files)
    found, _ = run(bl, simulator, click_point(bl, GivenClicks([MIDDLE] * 3), marking))
    assert PointFiles(tmp_path / "points").load("../lyso").point(found.point.id) == found.point
    (path,) = (tmp_path / "points").iterdir()
    assert path.parent == tmp_path / "points"
    files.keep_hull("../lyso", ball())
    assert len(files.hull("../lyso", 0).cells) == len(ball().cells)
    assert files.hull("../lyso", 1) is None
    assert files.load("../lyso").valid == (found.point,)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema": "other"}', '{"schema": "mxplans.points/1"}'])
def test_a_damaged_file_is_told_and_left_alone(tmp_path, content):
    files = PointFiles(tmp_path)
    files.path("lyso").write_text(content)
    with pytest.raises(InvalidInput):
        files.load("lyso")
    assert files.path("lyso").read_text() == content


def test_a_file_of_another_sample_is_refused(tmp_path):
    files = PointFiles(tmp_path)
    files.save(files.load("lyso").added(point()))
    content = json.loads(files.path("lyso").read_text())
    files.path("ferritin").write_text(json.dumps(content))
    with pytest.raises(InvalidInput, match="is of sample 'lyso'; 'ferritin' is asked for"):
        files.load("ferritin")
