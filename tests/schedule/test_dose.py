"""Dose against figures from elsewhere: a table, a rule of thumb, a calculation by voxels."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from schedule_support import sweep

from mxplans.errors import LimitExceeded
from mxplans.model import Position
from mxplans.schedule import Beam, BeamlineLimits, dose_rate_mgy_s, experiment_dose_mgy, sweep_dose_mgy, sweep_doses_mgy
from mxplans.schedule.dose import dose_per_fluence_gy_mm2

ENERGY = 12_660.0
FLUX = 1e12


def at(x_mm, y_mm=0.0, z_mm=0.0):
    return Position(x_mm=x_mm, y_mm=y_mm, z_mm=z_mm)


@pytest.mark.parametrize(
    ("flux_ph_s", "beam_um", "profile", "rate_mgy_s"),
    [
        (1e12, (50, 50), "top-hat", 0.156),  # a bending magnet
        (1e13, (20, 20), "top-hat", 9.8),  # an undulator
        (1e12, (50, 50), "gaussian", 0.156 * 0.8825),  # 4 ln 2 / pi of the top hat of the same widths
        (1e12, (100, 25), "top-hat", 0.156),  # the same area
    ],
)
def test_the_rate_of_a_beam(flux_ph_s, beam_um, profile, rate_mgy_s):
    # Figures of two digits: half a unit of the last.
    assert dose_rate_mgy_s(ENERGY, flux_ph_s, beam_um, profile) == pytest.approx(rate_mgy_s, rel=0.005)


@pytest.mark.parametrize(("energy_ev", "gy_mm2"), [(4000, 4590e-12), (11_800, 457e-12), (30_000, 55.2e-12)])
def test_the_table_is_met_at_its_knots(energy_ev, gy_mm2):
    assert dose_per_fluence_gy_mm2(energy_ev) == pytest.approx(gy_mm2, rel=1e-12)


@pytest.mark.parametrize(
    ("energy_ev", "photoabsorption"),  # of a protein crystal with half its volume solvent, by xraylib
    [(4000, 4357e-12), (9200, 787e-12), (14_400, 300e-12), (22_200, 115e-12), (30_000, 58.7e-12)],
)
def test_absorption_from_first_principles_agrees(energy_ev, photoabsorption):
    assert dose_per_fluence_gy_mm2(energy_ev) == pytest.approx(photoabsorption, rel=0.065)


@given(st.floats(4000, 30_000), st.floats(4000, 30_000))
def test_harder_photons_leave_less(one_ev, other_ev):
    soft, hard = sorted((one_ev, other_ev))
    # A rounding: two energies next to each other may give the same.
    assert dose_per_fluence_gy_mm2(hard) <= dose_per_fluence_gy_mm2(soft) * (1 + 1e-12)


@pytest.mark.parametrize("energy_ev", [3999.9, 30_000.1, 100_000.0])
def test_outside_the_table_nothing_is_guessed(energy_ev):
    with pytest.raises(LimitExceeded, match="4000 to 30000 eV"):
        dose_rate_mgy_s(energy_ev, FLUX, (50, 50))


TURN = {"number_images": 3600, "exposure_s": 0.01, "image_width_deg": 0.1}  # 36 s


def test_a_crystal_larger_than_the_beam_gets_less_than_the_flat_estimate():
    # By voxels of 2.5 um, a crystal of 100 x 50 x 50 um in a Gaussian beam of 20 um: 30.4 MGy, and where the beam
    # travels from 40 um before its centre to 40 um behind it 8.2 MGy.
    fixed = sweep_dose_mgy(sweep(**TURN), ENERGY, FLUX, (20, 20))
    helical = sweep(**TURN, sweep_type="helical", start=at(-0.04), end=at(0.04))
    travelling = sweep_dose_mgy(helical, ENERGY, FLUX, (20, 20))
    assert 30.4 <= fixed <= 30.4 * 1.05
    assert 8.2 <= travelling <= 8.2 * 1.05


@pytest.mark.parametrize("way_um", [1.0, 20.0, 50.0, 400.0])
def test_the_middle_of_a_helical_sweep_sees_the_beam_pass_by(way_um):
    # The mean of the profile over the way, by steps; the beam is 30 um wide along omega, and 100 um high.
    steps = [way_um * ((step + 0.5) / 10_000 - 0.5) for step in range(10_000)]
    mean = sum(math.exp(-4 * math.log(2) * (x / 30) ** 2) for x in steps) / 10_000
    helical = sweep(**TURN, sweep_type="helical", start=at(0), end=at(way_um / 1000))
    fixed = sweep_dose_mgy(sweep(**TURN), ENERGY, FLUX, (30, 100))
    assert sweep_dose_mgy(helical, ENERGY, FLUX, (30, 100)) == pytest.approx(fixed * mean, rel=1e-6)


def test_a_line_is_drawn_with_the_side_of_the_beam_that_lies_along_it():
    flat = sweep(40, 0.0, sweep_type="line", step_um=10)
    upright = flat.model_copy(update={"vertical": True})
    for one, other in ((flat, upright), (upright, flat)):
        wide, high = (40, 10) if one is flat else (10, 40)
        along = sweep_dose_mgy(one, ENERGY, FLUX, (wide, high), "top-hat")
        across = sweep_dose_mgy(other, ENERGY, FLUX, (wide, high), "top-hat")
        # 400 um of way: a point is in the beam for 40 um of it, or for 10.
        assert along == pytest.approx(4 * across)
        assert along == pytest.approx(0.1 * dose_rate_mgy_s(ENERGY, FLUX, (wide, high), "top-hat") * 4)


def test_only_the_way_along_omega_spares_the_sample():
    across = sweep(**TURN, sweep_type="helical", start=at(0.1, -0.04), end=at(0.1, 0.04))
    assert sweep_dose_mgy(across, ENERGY, FLUX, (20, 20)) == sweep_dose_mgy(sweep(**TURN), ENERGY, FLUX, (20, 20))


@pytest.mark.parametrize("profile", ["gaussian", "top-hat"])
@pytest.mark.parametrize("vertical", [False, True])
def test_a_grid_in_small_steps_gives_its_fluence_to_every_point(profile, vertical):
    grid = sweep(
        900, 0.0, sweep_type="mesh", number_lines=30, step_um=5.0, line_step_um=5.0, exposure_s=0.01, vertical=vertical
    )
    # 900 boxes of 5 x 5 um share 900 exposures: flux times time by area, whatever the beam that draws them. A top hat of
    # 40 x 30 um covers whole numbers of steps.
    mean = dose_per_fluence_gy_mm2(ENERGY) * FLUX * 900 * 0.01 / (900 * 25e-6) * 1e-6
    # The tails of the Gaussian reach beyond the edge of the grid: 2.5 in a thousand at 1.9 of its widths, both ways.
    assert sweep_dose_mgy(grid, ENERGY, FLUX, (40, 30), profile) == pytest.approx(mean, rel=0.01)


def test_a_grid_in_wide_steps_gives_each_row_its_own():
    wide = sweep(40, 0.0, sweep_type="mesh", number_lines=4, step_um=20.0, line_step_um=200.0)
    line = sweep(10, 0.0, sweep_type="line", step_um=20.0)
    assert sweep_dose_mgy(wide, ENERGY, FLUX, (20, 20)) == pytest.approx(sweep_dose_mgy(line, ENERGY, FLUX, (20, 20)))


def test_transmission_time_and_energy_of_the_sweep_count():
    one = sweep_dose_mgy(sweep(10, exposure_s=0.1), ENERGY, FLUX, (20, 20))
    half = sweep(20, exposure_s=0.1, transmission_frac=0.25)
    assert sweep_dose_mgy(half, ENERGY, FLUX, (20, 20)) == pytest.approx(one / 2)
    hard = sweep_dose_mgy(sweep(10, energy_ev=24_800.0), ENERGY, FLUX, (20, 20))
    assert hard / one == pytest.approx(86.1e-12 / dose_per_fluence_gy_mm2(ENERGY))


BEAM = BeamlineLimits(
    apertures={
        "Small": Beam(horizontal_um=20, vertical_um=10, flux_frac=0.1),
        "Wide": Beam(horizontal_um=50, vertical_um=50),
    },
    aperture="Small",
    flux_ph_s=FLUX,
    energy_ev=ENERGY,
)


@pytest.mark.parametrize(
    ("places", "times"),
    [
        ([{}, {}], 2),  # where the sample stands: the same place
        ([{"position": 1}, {"position": 2}], 1),  # two crystals
        ([{"position": 1}, {"position": 1}], 2),  # one crystal
        ([{"start": at(0)}, {"start": at(0.2)}], 1),  # farther than the beam is wide
        ([{"start": at(0)}, {"start": at(0.019)}], 2),  # nearer
        ([{"start": at(0)}, {"start": at(0.019)}, {"start": at(0.038)}], 3),  # the one between gets all three
        ([{"position": 1}, {"position": 2}, {}], 2),  # nobody knows where the last is: it counts everywhere
    ],
)
def test_doses_add_up_where_places_are_the_same(places, times):
    sweeps = [sweep(**place) for place in places]
    (one, *_) = sweep_doses_mgy(sweeps, BEAM)
    assert one == pytest.approx(1.0 * dose_rate_mgy_s(ENERGY, FLUX * 0.1, (20, 10)))
    assert experiment_dose_mgy(sweeps, BEAM) == pytest.approx(times * one)


def test_dose_slices_add_up_to_one_whole_pass():
    whole = experiment_dose_mgy([sweep(100)], BEAM)
    slices = [sweep(100, transmission_frac=0.1, pass_number=number) for number in range(1, 11)]
    assert experiment_dose_mgy(slices, BEAM) == pytest.approx(whole)


@pytest.mark.parametrize(
    ("asked", "without"),
    [
        ({}, {"flux_ph_s": None}),
        ({}, {"energy_ev": None}),
        ({"aperture": "Huge"}, {}),  # no such aperture
        ({"energy_ev": 3000.0}, {}),  # outside the table
    ],
)
def test_what_is_not_known_is_said(asked, without):
    limits = BEAM.model_copy(update=without)
    assert sweep_doses_mgy([sweep(), sweep(**asked)], limits)[1] is None
    assert experiment_dose_mgy([sweep(energy_ev=ENERGY), sweep(**asked)], limits) is None


def test_a_gaussian_holds_its_flux():
    # The mean over a square of nine widths times its area is all of it: peak x 2 pi sx sy.
    peak = dose_rate_mgy_s(ENERGY, FLUX, (30, 60)) / dose_per_fluence_gy_mm2(ENERGY) * 1e6
    sigmas_mm = [width / 1000 / math.sqrt(8 * math.log(2)) for width in (30, 60)]
    assert peak * 2 * math.pi * math.prod(sigmas_mm) == pytest.approx(FLUX)
