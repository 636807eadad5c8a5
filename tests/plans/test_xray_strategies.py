"""Strategies of X-ray centring by their messages and by what they find, on frames of known crystals."""

import dataclasses

import numpy as np
import pytest
from bluesky import plan_stubs as bps
from bluesky.utils import FailedStatus
from plan_support import order
from told_support import Pausing
from xray_bench_support import CrystalBench

from mxplans.centring import GridView
from mxplans.errors import DeviceFault
from mxplans.geometry import GoniometerGeometry, GridPlan, Orientation
from mxplans.model import Pose, Spot
from mxplans.model.crystal_search import CrystalAnswer, FoundCrystal
from mxplans.plans.optical import OpticalCentre
from mxplans.plans.xray import OnPin, xray_centring
from mxplans.plans.xray_outside import find_outside
from mxplans.plans.xray_survey import Survey
from mxplans.profile import Collection, XrayCentring
from mxplans.roles import ShutterState
from mxplans.udc.positions import layout

COLLECTION = Collection(aperture="Medium", distance_mm=100)
OPTICAL = OpticalCentre(Pose(x_mm=0.1, y_mm=0.2, z_mm=0.3, omega_deg=30.0), 300.0, 200.0, 120.0)
XRAY = XrayCentring(aperture="Small")
CRYSTAL = (0.13, 0.22, 0.28, 900.0)


def around(y_mm, z_mm, *photons):
    """Two crystals at one x and as strong as each other, so that a pair of grids does not tell them apart."""
    return [(0.12, 0.2 + sign * y_mm, 0.3 + sign * z_mm, each) for sign, each in zip((1, -1), photons, strict=True)]


def centred(bl, simulator, crystals, spoil=None, optical=OPTICAL, on_pin=None, **settings):
    """What comes of it, the messages, the bench."""
    bench = CrystalBench(bl, simulator, crystals, spoil)
    plan = xray_centring(bl, optical, XRAY.model_copy(update=settings), COLLECTION, on_pin=on_pin)
    messages = simulator.simulate_plan(plan)
    return simulator.return_value, messages, bench


def error_um(candidate, place):
    return float(np.linalg.norm(np.array(candidate.pose.xyz_mm) - place[:3])) * 1000


def test_two_grids_are_scanned_and_analysed_in_threads_and_the_beamline_is_safe_after_each(bl, simulator):
    found, messages, bench = centred(bl, simulator, [CRYSTAL])
    grid = [
        ("set", "backlight"),
        ("prepare", "detector"),
        ("set", "goniometer_scan"),
        ("set", "spot_finder"),
        ("trigger", "scores of 266 boxes"),
        ("close_run", None),
        ("unstage", "detector"),
    ]
    order(messages, *grid, *[(command, name if command != "trigger" else None) for command, name in grid])
    assert bench.omegas_deg == [30.0, 120.0]
    analyses = [message.obj.name for message in messages if message.command == "trigger"]
    assert "crystals in 2 grids" in analyses
    (crystal,) = found.crystals
    assert error_um(crystal.candidate, CRYSTAL) < 1.0
    assert (crystal.rank, crystal.n_spots, found.scans) == (1, 6, 2)


def test_a_line_looks_at_the_columns_that_showed_something(bl, simulator):
    found, _, bench = centred(bl, simulator, [CRYSTAL], strategy="grid and line")
    assert error_um(found.candidates[0], CRYSTAL) < 1.0
    flat, line = bench.motions
    assert flat.images_per_row == 19
    assert line.rows <= 6 < line.images_per_row  # column by column: the longer way is the scanned one
    assert line.step_mm[0] == 0


def test_no_second_grid_where_the_first_shows_nothing(bl, simulator):
    found, _, bench = centred(bl, simulator, [], strategy="grid and line")
    assert not found.crystals and bench.omegas_deg == [30.0]
    assert "5 are needed" in found.reason and found.evidence["significance_a"] == 0


@pytest.mark.parametrize(("wanted", "omegas"), [(True, [30, 120, 75]), (False, [30, 120])])
def test_crystals_behind_each_other_get_a_third_view_if_wanted(bl, simulator, wanted, omegas):
    crystals = around(0.06, -0.06, 700.0, 640.0)
    found, _, bench = centred(bl, simulator, crystals, third_view=wanted)
    assert bench.omegas_deg == omegas
    errors = [min(error_um(each, place) for place in crystals) for each in found.candidates]
    assert all(error < 10 for error in errors)  # whatever is told is there
    assert len(found.candidates) == 2 if wanted else len(found.candidates) + len(found.lines) >= 2


def test_coarse_grids_run_as_fast_and_finer_ones_follow_around_each_crystal(bl, simulator):
    crystals = [(0.2, 0.22, 0.28, 900.0), (0.02, 0.16, 0.33, 500.0)]
    found, _, bench = centred(bl, simulator, crystals, coarse_step_um=40.0, third_view=False)
    speeds = {round(np.linalg.norm(motion.step_mm) / motion.exposure_s, 6) for motion in bench.motions}
    assert speeds == {2.0}
    assert bench.omegas_deg == [30, 120] * 3
    assert found.evidence["refined"] == 2
    assert [error_um(each, place) < 1.0 for each, place in zip(found.candidates, crystals, strict=True)] == [True, True]


def test_a_grid_grows_towards_a_crystal_on_its_edge_and_no_further_than_is_allowed(bl, simulator):
    far = (0.1 + 0.185, 0.2, 0.3, 900.0)  # the outermost column is 0.18 mm off
    found, _, bench = centred(bl, simulator, [far])
    assert not found.candidates[0].truncated
    assert error_um(found.candidates[0], far) < 2.0  # half a box past the edge: 0.1 boxes of bias would be as much
    assert [motion.images_per_row for motion in bench.motions] == [19, 19, 5, 5]


def test_grids_grow_no_more_often_than_is_allowed(bl, simulator):
    needle = [(0.1 + 0.02 * step, 0.2, 0.3, 900.0) for step in range(60)]
    found, _, bench = centred(bl, simulator, needle, extensions_most=1)
    assert len(bench.motions) == 4
    assert found.candidates[0].truncated


def test_a_crystal_outside_of_all_grids_is_no_diffraction_with_its_evidence(bl, simulator):
    found, _, bench = centred(bl, simulator, [(0.8, 0.2, 0.3, 900.0)])
    assert not found.crystals and not found.lines and len(bench.motions) == 2
    assert found.evidence["significance_a"] == found.evidence["significance_b"] == 0


@pytest.mark.parametrize(("length_um", "flat_um"), [(10.0, 10.0), (300.0, 10.0), (10.0, 300.0)])
def test_grids_of_one_box_one_row_or_one_column_come_to_an_outcome(bl, simulator, length_um, flat_um):
    small = dataclasses.replace(OPTICAL, length_um=length_um, flat_um=flat_um, edge_um=10.0)
    place = (*OPTICAL.pose.xyz_mm, 900.0)
    found, _, _ = centred(
        bl, simulator, [place], optical=small, margin_um=0.0, grid_min_um=20.0, extensions_most=0, third_view=False
    )
    assert found.crystals or found.lines, found.reason
    assert all(error_um(candidate, place) < 10 for candidate in found.candidates)


def nan_in_the_second(frames, scan):
    if scan < 2:
        return frames
    spot = Spot(x_px=1, y_px=1, intensity=float("nan"), sigma=1, d_a=2.5)
    return (frames[0].model_copy(update={"spots": (spot,) * 6}), *frames[1:])


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (nan_in_the_second, "spot_finder: no scores for a grid of 10 x 19 boxes: image 1 has a spot .* nan"),
        (lambda frames, _: frames[:-3], "3 of 266 boxes of the grid have no frame"),
    ],
)
def test_scores_that_are_none_are_a_fault_and_the_beamline_is_safe(bl, simulator, spoil, told):
    bench = CrystalBench(bl, simulator, [CRYSTAL], spoil)
    seen = []

    with pytest.raises(DeviceFault, match=told):
        _run(simulator, xray_centring(bl, OPTICAL, XRAY, COLLECTION), seen)
    assert bench.motions
    _assert_safe(seen)


def test_a_spot_finder_that_dies_is_a_fault_and_the_beamline_is_safe(bl, simulator):
    def die(_):
        raise FailedStatus("spot finder") from DeviceFault("spot_finder: http://127.0.0.1:1 does not answer")

    CrystalBench(bl, simulator, [CRYSTAL])
    simulator.add_handler("wait", die, lambda message: message.kwargs["group"] == "set spot_finder")
    seen = []
    with pytest.raises(DeviceFault, match="does not answer"):
        _run(simulator, xray_centring(bl, OPTICAL, XRAY, COLLECTION), seen)
    _assert_safe(seen)


def _assert_safe(seen):
    """The detector is disarmed behind the closed shutter, and the scan's run says that it failed."""
    last = [message for message in seen if message.command in ("set", "unstage", "close_run")]
    assert last[-1].command == "unstage"
    closed = [message.args[0] for message in last if getattr(message.obj, "name", "") == "fast_shutter"]
    assert closed[-1] == ShutterState.CLOSED
    assert any(message.command == "close_run" and message.kwargs.get("exit_status") == "fail" for message in last)


def _run(simulator, plan, seen):
    """Run a plan with the simulator's answers, failures thrown into it; what was asked for is in `seen`."""
    answer = error = None
    while True:
        try:
            seen.append(plan.throw(error) if error else plan.send(answer))
        except StopIteration:
            return
        answer = error = None
        handler = next((each for each in simulator.message_handlers if each.predicate(seen[-1])), None)
        try:
            answer = handler.runnable(seen[-1]) if handler else None
        except FailedStatus as failed:
            error = failed


@pytest.mark.parametrize(("most", "kept"), [(None, 3), (1, 2), (2, 3)])
def test_of_each_position_of_a_pin_so_many_crystals_are_kept(bl, simulator, most, kept):
    crystals = [(-0.02, 0.2, 0.3, 900.0), (0.04, 0.22, 0.25, 600.0), (0.2, 0.2, 0.3, 500.0)]
    pin = OnPin(layout(2, 0.1, 0.3, None), 2)
    found, _, _ = centred(bl, simulator, crystals, on_pin=pin, crystals_most=most)
    assert len(found.crystals) == kept
    assert [crystal.pin_position for crystal in found.crystals] == {None: [1, 1, 2], 1: [1, 2], 2: [1, 1, 2]}[most]


class Finder:
    """A crystal finder that says what it was made to."""

    name, parent = "crystal_finder", None

    def __init__(self, answer):
        self.answer = answer


ANSWER = CrystalAnswer(
    crystals=(
        FoundCrystal(
            x_box=11.0, y_box=4.5, z_box=6.0, first_box=(10, 3, 5), last_box=(12, 6, 7), strongest_box=(11, 4, 6),
            max_count=400.0, total_count=2000.0, n_voxels=20,
        ),
    )
)  # fmt: skip


def asked_outside(bl, simulator, answer):
    bl = dataclasses.replace(bl, crystal_finder=Finder(answer))
    return centred(bl, simulator, [CRYSTAL])


def test_a_crystal_finder_is_told_of_both_grids_and_its_boxes_become_motors(bl, simulator):
    found, messages, bench = asked_outside(bl, simulator, ANSWER)
    (request,) = [each.args[0] for each in messages if each.command == "set" and each.obj.name == "crystal_finder"]
    shapes = [(grid.columns, grid.rows, grid.file_name) for grid in request.grids]
    assert shapes == [(19, 14, "s/grid1_1_master.h5"), (19, 10, "s/grid1_1_master.h5")]
    assert len({grid.data_collection_id for grid in request.grids}) == 2
    (crystal,) = found.candidates
    # Two columns right of the middle, two rows above it at 30 deg, 1.5 rows below it at 120 deg.
    seen = [[np.cos(w), -np.sin(w)] for w in np.radians(bench.omegas_deg)]
    off = np.array(crystal.pose.xyz_mm) - OPTICAL.pose.xyz_mm
    assert off[0] == pytest.approx(-0.04)
    assert seen @ off[1:] == pytest.approx([0.04, -0.03])
    assert "crystals in 2 grids" not in [getattr(message.obj, "name", "") for message in messages]


def test_a_crystal_finder_that_finds_nothing_is_an_outcome_and_one_without_an_answer_a_fault(bl, simulator):
    found, _, _ = asked_outside(bl, simulator, CrystalAnswer(dropped=2))
    assert not found.crystals and found.evidence["dropped"] == 2 and "nothing that diffracts" in found.reason
    with pytest.raises(DeviceFault, match="without an answer"):
        asked_outside(bl, simulator, None)


def test_a_pause_stops_a_crystal_finder_which_is_asked_again_about_the_same_grids(bl, run_engine):
    counts = iter([12.0, 11.0])

    def find(request):
        finder.asked.append(request)
        crystal = ANSWER.crystals[0].model_copy(update={"total_count": next(counts)})
        finder.answer = CrystalAnswer(crystals=(crystal,))

    finder = Finder(None)
    finder.asked = []
    grids = [GridPlan(OPTICAL.pose.model_copy(update={"omega_deg": omega}), 19, 14, 20.0) for omega in (30.0, 120.0)]
    views = [GridView(grid, np.zeros((14, 19)), np.zeros((14, 19), dtype=np.int64)) for grid in grids]
    survey = Survey(bl, OPTICAL, XRAY, COLLECTION, GoniometerGeometry(), Orientation())

    def look(grid):
        survey.views.append(views[len(survey.views)])
        survey.files.append(f"s/grid{len(survey.views)}")
        yield from bps.null()

    survey.look = look
    found = []

    def plan():
        found.append((yield from find_outside(survey, finder)))

    behind = lambda message: message.command == "set" and message.obj.name == "crystal_finder"
    Pausing(run_engine, behind, does={"crystal_finder": find}).run(plan())
    before, again = finder.asked
    assert [grid.file_name for grid in again.grids] == [grid.file_name for grid in before.grids]
    numbers = [grid.data_collection_id for request in finder.asked for grid in request.grids]
    assert len(set(numbers)) == 4
    assert [crystal.total for crystal in found[0].candidates] == [11.0]
