"""Multi-position pins: which position is where, and what an item is told whose position nobody knows or that is empty."""

import dataclasses

import pytest
from udc_support import CENTRE, Bench

from mxplans.centring import XrayCandidate
from mxplans.geometry import GoniometerGeometry, Orientation
from mxplans.model import Centring, kinds
from mxplans.plans.xray_told import Crystal
from mxplans.profile import PinPositions
from mxplans.udc import Verdict
from mxplans.udc.positions import on_pin

LONG = dataclasses.replace(CENTRE, length_um=1600.0)
TURN = {"sample_name": "s", "number_images": 4, "image_width_deg": 0.1, "exposure_s": 0.1}


def item(position, number=None, centring=Centring.XRAY):
    asked = kinds.rotation(**TURN, location=(1, 1), position_in_pin=position, centring=centring)
    objects = {} if number is None else {"MultiPin": {"numberPositions": number}}
    return asked.model_copy(update={"objects": objects})


def about(asked, positions=None, geometry=None, orientation=None, optical=LONG):
    return on_pin(asked, optical, positions, geometry or GoniometerGeometry(), orientation or Orientation())


def test_positions_lie_evenly_over_the_loop_from_its_base_to_its_tip():
    pin = about(item(2, 4))
    assert pin.position == 2
    assert [pin.layout.x_mm(k) for k in (1, 2, 3, 4)] == pytest.approx([-0.5, -0.1, 0.3, 0.7])  # the middle is at 0.1


def test_the_profile_says_better_where_they_are_and_how_many():
    positions = PinPositions(spacing_mm=0.35, tip_mm=0.25, reach_mm=0.1, number=3)
    pin = about(item(3), positions)
    assert [pin.layout.x_mm(k) for k in (1, 2, 3)] == pytest.approx([-0.05, 0.3, 0.65])
    assert pin.layout.reach_mm == 0.1
    assert about(item(3, 4), positions).layout.number_positions == 4  # the pin's own number counts first


def test_a_pin_with_one_loop_has_no_positions_and_nobody_guesses_their_number():
    assert about(item(None, 4)) is None
    assert about(item(2)).layout is None
    assert about(item(2, 4), optical=None).layout is None


def test_a_tilted_pin_has_its_positions_where_they_are_when_it_lies_along_omega():
    kappa = GoniometerGeometry(kind="mini-kappa", kappa_axis=(0, 0, 1), phi_axis=(1, 0, 0))
    turned = Orientation(kappa_deg=60)
    point = [0.4, 0.05, -0.02]
    there = dataclasses.replace(LONG, pose=kappa.pose_for(point, 30.0, turned))
    pin = about(item(1, 2), geometry=kappa, orientation=turned, optical=there)
    assert pin.layout.x_mm(1) == pytest.approx(kappa.pose_for(point, 30.0).x_mm - 0.4)


@pytest.fixture
def bench(bl, run_engine):
    bench = Bench(bl, run_engine)
    bench._hang(1, 1, 1)
    return bench


@pytest.mark.parametrize(
    ("known", "verdict", "told"),
    [
        (
            (1, 3),
            Verdict.NO_DIFFRACTION,
            "no diffraction at position 2 of the pin: 2 crystals found, on positions 1, 3",
        ),
        ((None, None), Verdict.NOT_CENTRED, "nobody can say which is on position 2: give the pin's numberPositions"),
    ],
)
def test_an_item_without_a_crystal_of_its_own_is_told_why_and_nothing_is_exposed(bench, found, known, verdict, told):
    bench.work.sample.crystals = tuple(Crystal(found, rank, position) for rank, position in enumerate(known, start=1))
    outcome = bench.run(item(2, 4))
    assert outcome.verdict is verdict and told in outcome.reason
    assert outcome.evidence == {"crystals_found": 2, "pin_position": 2}
    assert bench.starts_mm == []
    # What is known of the pin stands in this item's run as well, with none of it chosen.
    assert bench.told.records("xrc_rank") == [1, 2] and bench.told.records("xrc_chosen") == [0, 0]


def test_an_item_gets_the_crystal_of_its_position_whatever_its_rank(bench, found):
    moved = dataclasses.replace(found, pose=found.pose.model_copy(update={"x_mm": 0.7}))
    bench.work.sample.crystals = (Crystal(found, 1, 1), Crystal(moved, 2, 3))
    assert bench.run(item(3, 4)).collected
    assert bench.starts_mm[0][0] == pytest.approx(0.7)
    assert bench.told.records("xrc_chosen") == [0, 1]


@pytest.fixture
def found():
    covariance = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    return XrayCandidate(CENTRE.pose, (1.0, 1.0, 1.0), (20.0, 20.0, 20.0), 900.0, 17.0, covariance, 300.0)
