"""What a worker knows of a sample holds as long as it can, and no longer: a bad end is no sentence for ever."""

import itertools

import pytest
from udc_support import CENTRE, Bench

from mxplans.centring import OpticalFailure
from mxplans.model import Centring, kinds
from mxplans.plans.optical import NoOpticalCentre
from mxplans.udc import Outcome, Verdict, bring_in, collect_pin

PIN = {"sample_name": "s", "location": (1, 1)}
TURN = {"number_images": 4, "image_width_deg": 0.1, "exposure_s": 0.1}
EMPTY = NoOpticalCentre(OpticalFailure.EMPTY, "nothing was seen")


def rotation(centring=Centring.OPTICAL, **more):
    return kinds.rotation(**PIN | TURN | more, centring=centring)


def grids():
    return kinds.xray_centring(
        **PIN, columns=5, flat_rows=5, edge_rows=5, step_um=10, exposure_s=0.1, aperture="Medium"
    )


@pytest.fixture
def looks(monkeypatch):
    """What each look with light finds, in order; the loop when nothing is said."""
    found = []

    def look(*_):
        yield from ()
        return found.pop(0) if found else CENTRE

    monkeypatch.setattr(bring_in, "optical_centring", look)
    return found


@pytest.fixture
def bench(bl, run_engine, looks):
    return Bench(bl, run_engine)


@pytest.fixture
def empty_place(bench):
    """A bench with nothing at the pin's place."""
    bench.pins.clear()
    bench._unload(None)
    bench.work.sample.forget()
    return bench


def problem(verdict):
    return Outcome(verdict=verdict, reason="found before")


def test_a_missing_pin_is_asked_for_once_by_all_experiments_on_it(empty_place):
    results = []

    def plan():
        results.extend((yield from collect_pin(empty_place.bl, [rotation() for _ in range(3)], empty_place.work)))

    empty_place.engine(plan())
    assert [result.outcome.verdict for result in results] == [Verdict.PIN_MISSING] * 3
    assert empty_place.loads == 1


def test_an_experiment_that_comes_again_has_its_pin_mounted(empty_place):
    first, other = rotation(), rotation()
    for item in (first, other):
        assert empty_place.run(item).verdict is Verdict.PIN_MISSING
    empty_place.pins.add((1, 1))
    assert empty_place.run(first, attempt=2).collected
    assert empty_place.run(other, attempt=2).collected
    assert empty_place.loads == 2


def test_experiments_that_come_again_ask_once_for_a_pin_that_is_still_missing(empty_place):
    items = [rotation() for _ in range(3)]
    for attempt, item in itertools.product((1, 2), items):
        assert empty_place.run(item, attempt=attempt).verdict is Verdict.PIN_MISSING
    assert empty_place.loads == 2


def test_another_sample_at_the_place_of_a_missing_pin_is_mounted(empty_place):
    empty_place.run(rotation())
    empty_place.pins.add((1, 1))
    assert empty_place.run(rotation(sample_name="another")).collected


def test_a_loop_that_was_not_found_is_looked_for_again_on_request_only(bench, looks):
    bench.work.sample.optical = None
    first = rotation()
    looks.append(EMPTY)
    assert bench.run(first).verdict is Verdict.EMPTY_MOUNT
    assert bench.run(rotation()).verdict is Verdict.EMPTY_MOUNT
    assert bench.run(first, attempt=2).collected
    assert bench.loads == 0  # the pin hung there all the time


@pytest.mark.parametrize(
    ("known", "possible"),
    [
        (Verdict.PIN_MISSING, ()),
        (Verdict.EMPTY_MOUNT, (Centring.NONE,)),
        (Verdict.NOT_CENTRED, (Centring.NONE,)),
        (Verdict.NO_DIFFRACTION, (Centring.NONE, Centring.OPTICAL)),
    ],
)
def test_a_problem_ends_only_what_it_makes_impossible(bench, known, possible):
    bench.work.sample.outcome = problem(known)
    for centring in Centring:
        assert bench.run(rotation(centring)).verdict is (Verdict.COLLECTED if centring in possible else known)


@pytest.mark.parametrize(("name", "collected"), [("s", False), ("another", True)])
def test_a_sample_that_was_mounted_by_hand_is_known_by_its_name(bench, name, collected):
    bench.run(rotation(sample_name="s", location=None))
    bench.work.sample.outcome = problem(Verdict.NOT_CENTRED)
    assert bench.run(rotation(sample_name=name, location=None)).collected is collected


def test_another_sample_that_was_mounted_by_hand_is_centred_anew(bench, looks):
    bench.run(rotation(location=None))
    looks.append(EMPTY)
    assert bench.run(rotation(location=None, sample_name="another")).verdict is Verdict.EMPTY_MOUNT


def test_positions_of_one_pin_have_names_of_their_own(bench, looks):
    looks.extend([EMPTY] * 2)  # nobody looks
    for position in (1, 2):
        assert bench.run(rotation(sample_name=f"s{position}", position_in_pin=position, location=None)).collected


def test_only_what_wants_x_rays_stands_on_the_crystal(bench):
    bench.lit = {12}  # one column beside the middle
    assert bench.run(grids()).verdict is Verdict.DONE
    (crystal,) = bench.work.sample.candidates
    assert crystal.pose.x_mm != CENTRE.pose.x_mm
    for centring in (Centring.XRAY, Centring.OPTICAL):
        bench.run(rotation(centring))
    assert bench.starts_mm[2:] == [crystal.pose.xyz_mm, CENTRE.pose.xyz_mm]


def test_crystals_that_are_found_after_all_end_the_verdict_of_no_diffraction(bench):
    bench.work.sample.outcome = problem(Verdict.NO_DIFFRACTION)
    bench.lit = {13}
    assert bench.run(grids()).verdict is Verdict.DONE
    assert bench.run(rotation(Centring.XRAY)).collected
