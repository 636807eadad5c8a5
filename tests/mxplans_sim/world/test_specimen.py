"""What can be wrong with a specimen, whether it is asked for or drawn, and that it is what it is called."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from pydantic import ValidationError
from viewer_support import at_motors, pin, specimen, tip_mm

from mxplans_sim.settings.samples import CLASSES, SampleMix, SampleTruth
from mxplans_sim.world.lattices import form_of
from mxplans_sim.world.mounting import bent
from mxplans_sim.world.optics import ON_AXIS, Viewer
from mxplans_sim.world.sample_class import truth_class
from mxplans_sim.world.seeding import draw_truth, make_specimen
from mxplans_sim.world.shadow import FIBRE_RADIUS_MM, masks, ring, stem
from mxplans_sim.world.specimen import Crystal, Specimen
from mxplans_sim.world.unsteady import LARGEST_MM, frosted, shake_mm

SEEDS = range(12)
EYE = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


@pytest.mark.parametrize("name", [name for name in CLASSES if name != "missing"])
def test_every_class_can_be_asked_for_by_name_and_is_what_comes(name):
    for seed in SEEDS:
        for acronym in ("Lyso", "Thermo", "unknown"):
            assert truth_class(make_specimen(seed, pin(acronym=acronym), SampleTruth.of(name))) == name


def test_a_pin_that_is_not_there_is_missing():
    assert truth_class(None) == "missing"
    assert SampleTruth.of("missing").missing


def test_there_is_no_other_class():
    with pytest.raises(ValueError, match="no class of samples is called 'melted'; choose one of"):
        SampleTruth.of("melted")


def test_what_is_noticed_first_goes_first():
    assert truth_class(specimen(bent=True, iced=True, no_crystal=True)) == "bent"
    assert truth_class(specimen(wrong_slot=True, no_diffraction=True)) == "wrong_slot"
    assert truth_class(specimen(split=True, crystals=2)) == "split"


def test_the_mix_draws_classes_as_often_as_it_says_and_the_same_ones_again():
    mix = SampleMix(fractions={"empty": 0.2, "bent": 0.1})
    pins = [pin(f"sample-{number}") for number in range(1000)]
    drawn = [draw_truth(3, each, mix) for each in pins]
    assert drawn == [draw_truth(3, each, mix) for each in pins]
    counts = [sum(truth == SampleTruth.of(name) for truth in drawn) for name in ("empty", "bent", "good")]
    # Binomial: standard deviations of 12.6, 9.5 and 14.5.
    assert counts == [pytest.approx(200, abs=50), pytest.approx(100, abs=38), pytest.approx(700, abs=58)]
    assert {draw_truth(1, each, SampleMix()).model_dump_json() for each in pins} == {SampleTruth().model_dump_json()}


@pytest.mark.parametrize(
    ("fractions", "message"), [({"melted": 0.1}, "no class"), ({"bent": -0.1}, "below 0"), ({"bent": 1.1}, "above 1")]
)
def test_an_impossible_mix_is_refused(fractions, message):
    with pytest.raises(ValidationError, match=message):
        SampleMix(fractions=fractions)


@pytest.mark.parametrize(
    ("truth", "message"),
    [
        ({"missing": True, "iced": True}, "missing goes with none of \\['iced'\\]"),
        ({"empty": True, "crystals": 3}, "empty goes with none of \\['crystals'\\]"),
        ({"no_crystal": True, "size_um": (9, 9, 9)}, "no_crystal goes with none"),
        ({"too_long": True, "too_short": True}, "leave one of them out"),
        ({"salt": True, "cell": (50, 60, 70, 90, 90, 90), "space_group": "P 2 2 2"}, "salt goes with none"),
        ({"crystals": 0, "mosaicity_deg": 0.4}, "no crystals, so nothing of \\['mosaicity_deg'\\]"),
        ({"crystals": 6}, "less than or equal to 5"),
        ({"size_um": (50, 0, 50)}, "edges of 1 to 2000 um"),
        ({"size_um": (50, -10, 50)}, "edges of 1 to 2000 um"),
        ({"bend_deg": 31}, "less than or equal to 30"),
        ({"split_deg": 3.0}, "add split: true"),
        ({"cell": (50, 60, 70, 90, 90, 90)}, "belong together"),
        ({"cell": (50, 60, 70, 90, 90, 90), "space_group": "P 43 21 2"}, "is no cell of P 43 21 2"),
        ({"cell": (50, 60, 70, 90, 90, 0), "space_group": "P 1"}, "is no cell of P 1"),
        ({"cell": (50, 60, 70, 20, 90, 160), "space_group": "P 1"}, "is no cell of P 1"),
        ({"cell": (50, 60, 70, 90, 90, 90), "space_group": "P 7"}, "not known; write it like"),
        ({"absorbers": {"Xx": 1.0}}, "name elements like Se"),
        ({"absorbers": {"Se": -1.0}}, "0 to 50000 mmol/l"),
        ({"crystal_on": "floor"}, "crystal_on"),
        ({"mosaicity": 0.3}, "Extra inputs are not permitted"),
    ],
)
def test_impossible_samples_are_refused_with_what_is_allowed(truth, message):
    with pytest.raises(ValidationError, match=message):
        SampleTruth.model_validate(truth)


def test_a_bent_pin_turns_all_that_is_before_its_knee_and_nothing_else():
    straight = specimen(2, iced=True, crystal_on="drop", split=True)
    turned = bent(straight, 25.0, 0.8, 2.0)
    end, knee, base = (np.array(point) for point in turned.pin.path_mm)
    assert base == pytest.approx(np.array(straight.pin.path_mm[-1]))
    assert knee - straight.pin.path_mm[0] == pytest.approx([2.0, 0.0, 0.0])
    cosine = (knee - end) @ (base - knee) / np.linalg.norm(knee - end) / np.linalg.norm(base - knee)
    assert np.degrees(np.arccos(cosine)) == pytest.approx(25.0)

    def shape(sample):
        points = [sample.loop.neck_mm, tip_mm(sample.loop), sample.crystals[0].centre_mm, sample.drops[0].centre_mm]
        points += [ice.centre_mm for ice in sample.ice] + [sample.pin.path_mm[0]]
        points += [np.array(sample.crystals[0].centre_mm) + np.array(sample.crystals[0].lattices[1].orientation)[:, 0]]
        points += [np.array(sample.crystals[0].centre_mm) + np.array(sample.crystals[0].orientation)[:, 0]]
        points += list(sample.crystals[0].body.corners_mm())
        return np.array(points)

    def distances(points):
        return np.sort(np.linalg.norm(points[:, None] - points[None], axis=-1).ravel())

    assert distances(shape(turned)) == pytest.approx(distances(shape(straight)), abs=1e-6)
    with pytest.raises(ValueError, match="has no pin"):
        bent(replace(straight, pin=None), 10.0, 0.0, 2.0)


def test_bent_pins_are_far_off_and_show_their_bend():
    for seed in SEEDS:
        sample = specimen(seed, bent=True)
        assert 12 <= sample.mount.bend_deg <= 30
        plain = specimen(seed)
        off_mm = np.linalg.norm(np.array(sample.loop.neck_mm) - plain.loop.neck_mm)
        assert off_mm > 0.4
    assert specimen(1, bend_deg=20.0).mount.bend_deg == 20.0
    assert specimen(1, bend_deg=0.0) == specimen(1)


@pytest.mark.parametrize(("name", "sign"), [("too_long", -1), ("too_short", 1)])
def test_pins_of_the_wrong_length_are_off_along_x_only(name, sign):
    for seed in SEEDS:
        plain, wrong = specimen(seed), specimen(seed, **{name: True})
        shift = np.array(wrong.loop.neck_mm) - plain.loop.neck_mm
        assert shift[1:] == pytest.approx([0.0, 0.0])
        assert 0.7 <= sign * shift[0] <= 1.0
        assert np.array(wrong.crystals[0].centre_mm) - plain.crystals[0].centre_mm == pytest.approx(shift)
        assert np.array(wrong.pin.path_mm[0]) - plain.pin.path_mm[0] == pytest.approx(shift)
        assert wrong.pin.path_mm[-1] == plain.pin.path_mm[-1]


def covered_frac(sample):
    """Part of the loop's outline that ice hides, seen flat-on and in its middle."""
    viewer = Viewer(1)
    neck, tip = np.array(sample.loop.neck_mm), tip_mm(sample.loop)
    best = 0.0
    for omega_deg in (0, 45, 90, 135):
        middle = (neck + tip) / 2
        shadow = viewer.shadow(sample, at_motors(*-middle, omega_deg), ON_AXIS.zooms[0], 0.0)
        loop, ice = masks(shadow)["loop"], shadow.of("ice") > 0.02
        best = max(best, (loop & ice).sum() / loop.sum())
    return best


def test_ice_covers_most_of_an_iced_loop():
    assert all(covered_frac(specimen(seed, iced=True)) > 0.6 for seed in SEEDS)


def test_frost_grows_on_the_surface_and_never_shrinks():
    clean = specimen(3, frost_um_h=20.0)
    grown = [frosted(clean, hours, 1) for hours in (0.0, 0.5, 1.0, 4.0, 100.0)]
    volumes = [sum(ice.radius_mm**3 for ice in sample.ice) for sample in grown]
    assert volumes[0] == 0.0 and volumes == sorted(volumes) and volumes[1] > 0
    assert max(ice.radius_mm for ice in grown[2].ice) <= 0.020
    assert max(ice.radius_mm for ice in grown[4].ice) == LARGEST_MM
    places = {ice.centre_mm for ice in grown[1].ice}
    assert places <= {ice.centre_mm for ice in grown[4].ice}
    assert frosted(clean, 1.0, 1) == grown[2] != frosted(clean, 1.0, 2)
    assert frosted(specimen(3), 5.0, 1) == specimen(3)
    fibres = np.concatenate([ring(clean.loop), *stem(clean.loop, clean.pin)])
    on_fibre = [np.linalg.norm(fibres - place, axis=1).min() < FIBRE_RADIUS_MM for place in sorted(places)]
    assert 0 < sum(on_fibre) < len(on_fibre)


def test_a_loose_mount_shakes_as_much_as_it_says_and_the_same_at_the_same_moment():
    loose = specimen(1, vibration_um=8.0)
    shakes = np.array([shake_mm(loose, 1, "on-axis", frame) for frame in range(500)])
    # 1500 numbers: the standard deviation is known to 2 %.
    assert shakes.std() * 1000 == pytest.approx(8.0, rel=0.08)
    assert np.abs(shakes.mean(axis=0)).max() * 1000 < 1.5
    assert (shake_mm(loose, 1, "on-axis", 7) == shakes[7]).all()
    assert not shake_mm(specimen(1), 1, "on-axis", 7).any()


def test_a_wrong_slot_holds_another_protein():
    for seed in SEEDS:
        assert specimen(seed, wrong_slot=True).crystals[0].cell != form_of("Lyso").cell


def test_salt_has_a_small_cell_in_a_small_crystal():
    (salt,) = specimen(1, salt=True).crystals
    assert salt.cell[0] < 6 and salt.d_min_a < 1
    assert all(0.012 < 2 * half < 0.031 for half in salt.half_size_mm)
    assert specimen(1, salt=True, size_um=(50, 50, 50)).crystals[0].half_size_mm == pytest.approx((0.025,) * 3)


def test_a_split_crystal_has_two_lattices_that_share_its_volume():
    split = specimen(1, split=True, split_deg=5.0, split_frac=0.4).crystals[0]
    first, second = split.lattices
    assert first.volume_frac + second.volume_frac == pytest.approx(1.0)
    assert second.volume_frac == 0.4
    between = np.array(first.orientation).T @ np.array(second.orientation)
    assert np.degrees(np.arccos((np.trace(between) - 1) / 2)) == pytest.approx(5.0)
    for seed in SEEDS:
        assert 0.3 <= specimen(seed, split=True).crystals[0].lattices[1].volume_frac <= 0.5
    assert [lattice.volume_frac for lattice in specimen(1).crystals[0].lattices] == [1.0]


@pytest.mark.parametrize("number", range(6))
def test_there_are_as_many_crystals_as_asked_for(number):
    sample = specimen(2, crystals=number)
    assert len(sample.crystals) == number
    assert len({crystal.centre_mm for crystal in sample.crystals}) == number


def test_a_crystal_without_faces_is_a_box_and_all_values_can_be_written_down():
    plain = Crystal((0.1, 0.2, 0.3), (0.05, 0.03, 0.02), EYE, (79.1, 79.1, 37.9, 90, 90, 90), "P 43 21 2", EYE)
    volume, centre = plain.body.volume_and_centre()
    assert volume == pytest.approx(8 * 0.05 * 0.03 * 0.02, rel=1e-6)
    assert centre == pytest.approx([0.1, 0.2, 0.3])
    assert hash(plain) == hash(replace(plain))
    known = asdict(specimen(1, crystals=2, split=True, iced=True, crystal_on="drop", shape="prism"))
    assert len(known["ice"]) > 5 and len(known["crystals"][0]["faces"].normals) == 8


def test_a_specimen_is_a_bare_pin_unless_more_is_said():
    bare = Specimen("bare", None)
    assert (bare.crystals, bare.pin.path_mm[0], bare.mount.bend_deg) == ((), (0.85, 0.0, 0.0), 0.0)
