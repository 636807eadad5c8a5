"""Diffraction obeys its physics: Bragg's law, absences, partials, illumination."""

import gemmi
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mxplans_sim.diffraction.geometry import HC_EV_A, crossings, on_frames
from mxplans_sim.diffraction.illumination import illuminated
from mxplans_sim.diffraction.reflections import reflections
from mxplans_sim.diffraction.render import background, frame_generator, render
from mxplans_sim.diffraction.spots import expected_spots
from mxplans_sim.settings import DetectorSettings
from mxplans_sim.world.burst import Burst
from mxplans_sim.world.specimen import Crystal, Specimen

CELL = (79.1, 79.1, 37.9, 90.0, 90.0, 90.0)
ENERGY_EV = 12658.0
U = Rotation.random(random_state=3).as_matrix()
DETECTOR = DetectorSettings.model_validate({"background": 60.0})


def form(space_group="P 43 21 2", cell=CELL):
    return reflections(cell, space_group, 2.5, 20.0, 1)


def found(mosaicity_deg=0.2):
    return crossings(form(), U, ENERGY_EV, mosaicity_deg)


def burst(number=20, width_deg=0.2, x_mm=None, size_mm=0.05, strength=1.0, fwhm_um=20.0, flux_hz=4e10):
    half = (size_mm / 2,) * 3
    eye = tuple(map(tuple, np.eye(3)))
    crystal = Crystal((0, 0, 0), half, eye, CELL, "P 43 21 2", tuple(map(tuple, U)), strength=strength)
    zeros = np.zeros(number)
    return Burst(
        Specimen("one", None, (crystal,)),
        zeros if x_mm is None else np.asarray(x_mm, dtype=float),
        zeros,
        zeros,
        10.0 + np.arange(number) * width_deg,
        width_deg,
        0.02,
        (fwhm_um, fwhm_um),
        flux_hz,
        ENERGY_EV,
        100.0,
        0.0,
        0.0,
    )


@pytest.mark.parametrize(
    ("space_group", "absent"),
    [("P 43 21 2", [(0, 0, 1), (0, 0, 2), (1, 0, 0)]), ("C 1 2 1", [(1, 0, 0), (0, 1, 0)])],
)
def test_systematic_absences_are_absent(space_group, absent):
    cell = CELL if space_group.startswith("P") else (60.0, 50.0, 70.0, 90.0, 103.0, 90.0)
    built = form(space_group, cell)
    indices = set(map(tuple, built.hkl.tolist()))
    assert not indices & set(absent)
    group = gemmi.SpaceGroup(space_group).operations()
    assert not group.systematic_absences(built.hkl.astype(np.int32)).any()
    # The rest is complete: P1 count over the number of absent ones.
    everything = gemmi.make_miller_array(gemmi.UnitCell(*cell), gemmi.SpaceGroup(space_group), 2.5, unique=False)
    assert len(built.hkl) == 2 * len(everything) or len(built.hkl) <= 2 * len(everything)


def test_friedel_mates_and_symmetry_mates_are_equal():
    built = form()
    by_index = {tuple(h): i for h, i in zip(built.hkl.tolist(), built.intensity, strict=True)}
    for h, k, l in list(by_index)[:200]:
        assert by_index[h, k, l] == by_index[-h, -k, -l] == by_index[k, h, -l]


def test_every_crossing_is_on_the_ewald_sphere_and_its_direction_obeys_bragg():
    built, cross = form(), found()
    wavelength_a = HC_EV_A / ENERGY_EV
    for index in range(0, len(cross.omega_deg), 997):
        turn = Rotation.from_euler("x", cross.omega_deg[index], degrees=True).as_matrix()
        q = turn @ U @ built.b_hkl[cross.reflection[index]]
        k = q + np.array([0, 0, 1 / wavelength_a])
        assert np.linalg.norm(k) == pytest.approx(1 / wavelength_a, rel=1e-9)
        assert (k[0] / k[2], k[1] / k[2]) == pytest.approx((cross.direction_x[index], cross.direction_y[index]))
        two_theta = np.arctan(np.hypot(cross.direction_x[index], cross.direction_y[index]))
        assert wavelength_a / (2 * np.sin(two_theta / 2)) == pytest.approx(cross.d_a[index], rel=1e-9)


@pytest.mark.parametrize("width_deg", [0.1, 0.2, -0.5, 1.0])
def test_partials_add_up_to_the_whole_reflection(width_deg):
    cross = found()
    number = round(40 / abs(width_deg))
    start = 10.0 if width_deg > 0 else 50.0
    _, member, density = on_frames(cross, start, width_deg, number)
    total = np.bincount(member, density * abs(width_deg), minlength=len(cross.omega_deg))
    well_inside = (cross.omega_deg > 10 + 5 * cross.sigma_deg) & (cross.omega_deg < 50 - 5 * cross.sigma_deg)
    assert well_inside.sum() > 1000
    # Cut at 4 sigma and then rounded outwards to whole frames.
    np.testing.assert_allclose(total[well_inside], 1.0, atol=1e-4)


def test_a_still_is_the_limit_of_a_narrow_frame():
    cross = found()
    _, still, at_rest = on_frames(cross, 20.0, 0.0, 1)
    _, narrow, turning = on_frames(cross, 20.0 - 0.0005, 0.001, 1)
    both = np.intersect1d(still, narrow)
    assert len(both) > 100
    a = dict(zip(still.tolist(), at_rest, strict=True))
    b = dict(zip(narrow.tolist(), turning, strict=True))
    np.testing.assert_allclose([a[i] for i in both.tolist()], [b[i] for i in both.tolist()], rtol=0.02, atol=1e-4)


def test_a_reflection_is_met_at_its_angle_whatever_turn_omega_is_in():
    cross = found()
    first = on_frames(cross, 10.0, 0.2, 50)
    later = on_frames(cross, 730.0, 0.2, 50)
    assert sorted(first[1].tolist()) == sorted(later[1].tolist())


def test_light_on_the_crystal_follows_the_beam_profile():
    x_mm = np.array([0.0, 0.010, 0.020, 0.1])
    light = illuminated(burst(4, 0.0, x_mm, size_mm=0.002), burst().specimen.crystals[0])
    tiny = illuminated(
        burst(4, 0.0, x_mm),
        Crystal(
            (0, 0, 0),
            (0.001,) * 3,
            ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
            CELL,
            "P 43 21 2",
            ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
        ),
    )
    # Half of the full width away from the middle a Gaussian beam has half of its light.
    assert tiny[1] / tiny[0] == pytest.approx(0.5, rel=0.02)
    assert tiny[2] / tiny[0] == pytest.approx(0.5**4, rel=0.05)
    assert tiny[3] / tiny[0] < 1e-20
    assert light[0] > light[1] > light[2] > light[3]


def test_photons_grow_with_volume_light_and_strength():
    def photons(**more):
        return expected_spots(burst(**more), DETECTOR).photons.sum()

    base = photons(fwhm_um=500.0, flux_hz=1e12)
    assert photons(fwhm_um=500.0, flux_hz=2e12) == pytest.approx(2 * base, rel=0.05)
    assert photons(fwhm_um=500.0, flux_hz=1e12, size_mm=0.1) == pytest.approx(8 * base, rel=0.1)
    assert photons(strength=0.0) == 0


def test_a_grid_over_a_crystal_lights_up_on_it_and_nowhere_else():
    x_mm = np.linspace(-0.2, 0.2, 21)
    spots = expected_spots(burst(21, 0.0, x_mm), DETECTOR)
    dark = background(burst(21, 0.0, x_mm), DETECTOR)
    numbers = [
        len(render(dark, spots, index, 0.8, frame_generator(1, burst(21, 0.0, x_mm), index))[1]) for index in range(21)
    ]
    assert numbers[10] >= 20
    assert max(numbers[:6] + numbers[-6:]) <= 1


def test_background_noise_is_poisson():
    dark = background(burst(flux_hz=1e12), DETECTOR)
    frames = np.array([dark.draw(np.random.default_rng(seed)) for seed in range(60)], dtype=float)
    lit = dark.expected > 0.5
    assert frames.mean(axis=0)[lit].mean() == pytest.approx(dark.expected[lit].mean(), rel=0.01)
    assert frames.var(axis=0, ddof=1)[lit].mean() == pytest.approx(dark.expected[lit].mean(), rel=0.02)


def test_a_found_spot_has_the_photons_that_were_drawn():
    light = burst(20, fwhm_um=500.0, flux_hz=1e13)
    spots = expected_spots(light, DETECTOR)
    dark = background(light, DETECTOR)
    _, found_spots = render(dark, spots, 5, 0.8, frame_generator(1, light, 5))
    part = slice(spots.bounds[5], spots.bounds[6])
    for x_px, y_px, intensity, sigma, _ in found_spots[:20]:
        nearest = np.hypot(spots.x_px[part] - x_px, spots.y_px[part] - y_px).argmin()
        assert abs(intensity - spots.photons[part][nearest]) < 5 * sigma
