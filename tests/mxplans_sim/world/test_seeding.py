import numpy as np
import pytest
from viewer_support import pin, specimen, tip_mm

from mxplans_sim.settings.samples import SampleTruth
from mxplans_sim.world.dewar import PinInDewar, Sample
from mxplans_sim.world.growing import PITCH_MM
from mxplans_sim.world.lattices import FORMS, form_for, form_of
from mxplans_sim.world.optics import ON_AXIS
from mxplans_sim.world.seeding import make_specimen, rng_for

NOTHING = SampleTruth.model_validate({})


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


def test_chance_depends_on_all_names_and_their_order():
    draws = {rng_for(*names).integers(2**62) for names in ((1, "a", "b"), (1, "b", "a"), (2, "a", "b"), (1, "a"))}
    assert len(draws) == 4
    assert rng_for(1, "a", 2).random() == rng_for(1, "a", 2).random()


@pytest.mark.parametrize("omega_deg", range(0, 360, 45))
def test_all_tips_are_in_the_coarse_view_at_every_angle(omega_deg):
    um_per_px = ON_AXIS.zooms[0].um_per_px
    half_x, half_y = ON_AXIS.width_px / 2 * um_per_px / 1000, ON_AXIS.height_px / 2 * um_per_px / 1000
    w = np.radians(omega_deg)
    for seed in range(200):
        tip = tip_mm(make_specimen(seed, pin(), NOTHING).loop)
        assert -half_x + 0.03 < tip[0] < half_x
        assert abs(tip[1] * np.cos(w) - tip[2] * np.sin(w)) < half_y - 0.03


def test_crystals_stand_in_the_liquid_and_have_the_size_of_their_world():
    for seed in range(200):
        sample = make_specimen(seed, pin(), NOTHING)
        loop, (crystal,) = sample.loop, sample.crystals
        local = np.array(loop.rotation).T @ (np.array(crystal.centre_mm) - loop.neck_mm)
        half = np.array([0.44 * loop.length_mm, 0.45 * loop.width_mm, loop.liquid_half_thickness_mm])
        assert (((local + [0.54 * loop.length_mm, 0, 0]) / half) ** 2).sum() < 0.5
        assert all(0.040 <= 2 * edge <= 0.090 for edge in crystal.half_size_mm)
        for matrix in (crystal.orientation, crystal.box_rotation, loop.rotation):
            assert np.array(matrix) @ np.array(matrix).T == pytest.approx(np.eye(3), abs=1e-9)
            assert np.linalg.det(matrix) == pytest.approx(1.0)
        tilt_deg = np.degrees(np.arccos(np.array(loop.rotation)[0, 0]))
        assert tilt_deg <= 10.0 + 1e-6


@pytest.mark.parametrize(
    ("acronym", "space_group", "faces"),
    [("Lyso", "P 43 21 2", 6), ("THERMO", "P 61 2 2", 8), ("insu", "I 21 3", 6), ("PK-3", "P 43 21 2", 8)],
)
def test_known_proteins_have_their_lattice_and_their_habit(acronym, space_group, faces):
    assert form_of(acronym).space_group == space_group
    (crystal,) = make_specimen(1, pin(acronym=acronym), NOTHING).crystals
    assert (crystal.cell, crystal.space_group) == form_of(acronym)[:2]
    assert len(crystal.body.normals) == faces


def test_an_unknown_protein_has_one_of_the_known_lattices_by_seed():
    groups = {make_specimen(seed, pin(acronym="XYZ"), NOTHING).crystals[0].space_group for seed in range(30)}
    assert len(groups) > 2
    assert form_of("XYZ") is None
    assert form_for("XYZ", np.random.default_rng(0)) in FORMS.values()


def test_the_world_file_overrules_the_seed():
    assert specimen(empty=True).loop is None
    assert specimen(no_crystal=True).crystals == specimen(crystals=0).crystals == ()
    assert specimen(no_diffraction=True).crystals[0].strength == 0.0
    sized = specimen(size_um=(100, 50, 20), crystals=3, d_min_a=1.5, mosaicity_deg=0.5, b_factor_a2=40.0)
    first, second, third = sized.crystals
    assert (third.d_min_a, first.mosaicity_deg, second.b_factor_a2) == (1.5, 0.5, 40.0)
    assert second.half_size_mm == pytest.approx((0.05, 0.025, 0.01))
    own = specimen(cell=(50, 60, 70, 90, 90, 90), space_group="P 21 21 21", absorbers={"Se": 30.0, "Zn": 2.5})
    assert own.crystals[0].cell == (50, 60, 70, 90, 90, 90)
    assert own.crystals[0].absorbers == (("Se", 30.0), ("Zn", 2.5))


def test_what_is_said_of_a_sample_leaves_the_rest_as_it_was():
    plain = specimen(7)
    for truth in ({"iced": True}, {"split": True}, {"frost_um_h": 5.0}, {"vibration_um": 3.0}, {"shape": "prism"}):
        assert specimen(7, **truth).loop == plain.loop
        assert specimen(7, **truth).crystals[0].centre_mm == plain.crystals[0].centre_mm
        assert specimen(7, **truth).crystals[0].orientation == plain.crystals[0].orientation


def test_a_bare_pin_begins_where_the_coarse_view_ends():
    assert all(specimen(seed, empty=True).pin.path_mm[0][0] >= 0.85 for seed in range(50))


def test_a_multi_position_pin_has_a_crystal_at_each_place():
    samples = tuple(Sample(f"m{place}", "Lyso", place) for place in (1, 2, 4))
    sample = make_specimen(1, PinInDewar(1, 1, "", samples, multi=True), NOTHING)
    along = [np.array(sample.loop.rotation)[:, 0] @ crystal.centre_mm for crystal in sample.crystals]
    assert np.diff(along) == pytest.approx([-PITCH_MM, -2 * PITCH_MM], abs=0.06)
