import numpy as np
import pytest

from mxplans_sim.settings import SampleTruth
from mxplans_sim.world.dewar import PinInDewar, Sample
from mxplans_sim.world.optics import HEIGHT, WIDTH, ZOOMS
from mxplans_sim.world.seeding import PITCH_MM, lattice_for, make_specimen

NOTHING = SampleTruth.model_validate({})


def pin(name="one", acronym="Lyso", puck=1, position=1):
    return PinInDewar(puck, position, "", (Sample(name, acronym),))


def test_the_same_seed_and_place_give_the_same_specimen_and_others_do_not():
    first = make_specimen(1, pin(), NOTHING)
    assert make_specimen(1, pin(), NOTHING) == first
    for other in (
        make_specimen(2, pin(), NOTHING),
        make_specimen(1, pin("two"), NOTHING),
        make_specimen(1, pin(puck=2), NOTHING),
        make_specimen(1, pin(position=2), NOTHING),
    ):
        assert other.loop != first.loop


@pytest.mark.parametrize("omega_deg", range(0, 360, 45))
def test_all_tips_are_in_the_coarse_view_at_every_angle(omega_deg):
    half_x, half_y = (n / 2 * ZOOMS[0].um_per_px / 1000 for n in (WIDTH, HEIGHT))
    w = np.radians(omega_deg)
    for seed in range(200):
        loop = make_specimen(seed, pin(), NOTHING).loop
        tip = np.array(loop.neck_mm) - loop.length_mm * np.array(loop.rotation)[:, 0]
        assert -half_x + 0.03 < tip[0] < half_x
        assert abs(tip[1] * np.cos(w) - tip[2] * np.sin(w)) < half_y - 0.03


def test_crystals_stand_in_the_liquid_and_have_the_size_of_their_world():
    for seed in range(200):
        specimen = make_specimen(seed, pin(), NOTHING)
        loop, (crystal,) = specimen.loop, specimen.crystals
        local = np.array(loop.rotation).T @ (np.array(crystal.centre_mm) - loop.neck_mm)
        half = np.array([0.44 * loop.length_mm, 0.45 * loop.width_mm, loop.liquid_half_thickness_mm])
        assert (((local + [0.54 * loop.length_mm, 0, 0]) / half) ** 2).sum() < 0.5
        assert all(0.040 <= 2 * edge <= 0.090 for edge in crystal.half_size_mm)
        for matrix in (crystal.orientation, crystal.box_rotation, loop.rotation):
            assert np.array(matrix) @ np.array(matrix).T == pytest.approx(np.eye(3), abs=1e-9)
            assert np.linalg.det(matrix) == pytest.approx(1.0)
        bend_deg = np.degrees(np.arccos(np.array(loop.rotation)[0, 0]))
        assert bend_deg <= 10.0 + 1e-6


@pytest.mark.parametrize(
    ("acronym", "space_group"), [("Lyso", "P 43 21 2"), ("THERMO", "P 61 2 2"), ("insu", "I 21 3")]
)
def test_known_proteins_have_their_lattice(acronym, space_group):
    assert lattice_for(acronym, np.random.default_rng(0))[1] == space_group


def test_an_unknown_protein_has_one_of_the_known_lattices_by_seed():
    groups = {make_specimen(seed, pin(acronym="XYZ"), NOTHING).crystals[0].space_group for seed in range(30)}
    assert len(groups) > 2


def test_the_world_file_overrules_the_seed():
    assert make_specimen(1, pin(), SampleTruth(empty=True)).loop is None
    assert make_specimen(1, pin(), SampleTruth(no_crystal=True)).crystals == ()
    assert make_specimen(1, pin(), SampleTruth(no_diffraction=True)).crystals[0].strength == 0.0
    sized = make_specimen(1, pin(), SampleTruth(size_um=(100, 50, 20), crystals=3, d_min_a=1.5, mosaicity_deg=0.5))
    assert [len(sized.crystals), sized.crystals[2].d_min_a, sized.crystals[0].mosaicity_deg] == [3, 1.5, 0.5]
    assert sized.crystals[1].half_size_mm == pytest.approx((0.05, 0.025, 0.01))


def test_a_bare_pin_begins_where_the_coarse_view_ends():
    for seed in range(50):
        assert make_specimen(seed, pin(), SampleTruth(empty=True)).pin_begins_mm >= 0.85


def test_a_multi_position_pin_has_a_crystal_at_each_place():
    samples = tuple(Sample(f"m{place}", "Lyso", place) for place in (1, 2, 4))
    specimen = make_specimen(1, PinInDewar(1, 1, "", samples, multi=True), NOTHING)
    along = [np.array(specimen.loop.rotation)[:, 0] @ crystal.centre_mm for crystal in specimen.crystals]
    assert np.diff(along) == pytest.approx([-PITCH_MM, -2 * PITCH_MM], abs=0.06)
