"""Diffraction obeys its physics: Bragg's law, absences, partials, illumination."""

import zlib
from dataclasses import replace

import gemmi
import numpy as np
import pytest
from burst_support import make_burst
from scipy.spatial.transform import Rotation
from scipy.special import ndtr

from mxplans_sim.diffraction.background import backgrounds
from mxplans_sim.diffraction.geometry import HC_EV_A, crossings, on_frames
from mxplans_sim.diffraction.illumination import illuminated
from mxplans_sim.diffraction.panel import Panel
from mxplans_sim.diffraction.reflections import reflections
from mxplans_sim.diffraction.render import Scene
from mxplans_sim.diffraction.spots import SCATTERING, STRONGEST, _crossings, expected_spots
from mxplans_sim.settings import DetectorSettings
from mxplans_sim.world.specimen import Crystal

CELL = (79.1, 79.1, 37.9, 90.0, 90.0, 90.0)
ENERGY_EV = 12658.0
U = Rotation.random(random_state=3).as_matrix()
FORM_SEED = zlib.crc32(f"{CELL} P 43 21 2".encode())
PANEL = Panel(DetectorSettings.model_validate({"background": 60.0}))
BEAM_X, BEAM_Y = PANEL.beam_px


def form(space_group="P 43 21 2", cell=CELL):
    return reflections(cell, space_group, 2.5, 20.0, 1)


def found(mosaicity_deg=0.2):
    return crossings(form(), U, ENERGY_EV, mosaicity_deg)


def burst(number=20, width_deg=0.2, x_mm=None, size_mm=0.05, strength=1.0, fwhm_um=20.0, flux_hz=4e10):
    half = (size_mm / 2,) * 3
    eye = tuple(map(tuple, np.eye(3)))
    crystal = Crystal((0, 0, 0), half, eye, CELL, "P 43 21 2", tuple(map(tuple, U)), strength=strength)
    return make_burst(
        (crystal,),
        number,
        0.0 if x_mm is None else x_mm,
        flux_hz,
        omega_width_deg=width_deg,
        beam_fwhm_um=(fwhm_um, fwhm_um),
        energy_ev=ENERGY_EV,
    )


def background(light):
    return backgrounds(light, PANEL)[0]


def shoot(light, index, image=1):
    frame = np.zeros((PANEL.ny, PANEL.nx), dtype=np.uint32)
    return frame, Scene.of(light, PANEL, 1).render(index, image, frame)


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
    # The rest is complete: a sphere of the P1 lattice less its absences.
    half = gemmi.make_miller_array(gemmi.UnitCell(*cell), gemmi.SpaceGroup("P 1"), 2.5, unique=True)
    assert len(built.hkl) == 2 * (~group.systematic_absences(half)).sum()


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


@pytest.mark.parametrize("fwhm_um", [20.0, 50.0])
@pytest.mark.parametrize("size_mm", [0.02, 0.05, 0.1, 0.2])
def test_a_crystal_is_seen_where_it_is_and_with_its_whole_volume(size_mm, fwhm_um):
    x_mm = np.linspace(-0.3, 0.3, 121)
    scan = burst(len(x_mm), 0.0, x_mm, size_mm=size_mm, fwhm_um=fwhm_um, flux_hz=1e12)
    light = illuminated(scan, scan.specimen.crystals[0])
    # The centre of mass of a scan is the centre of the crystal: what centring has to find.
    assert np.average(x_mm, weights=light) * 1000 == pytest.approx(0.0, abs=0.01)
    # A box with an edge along the scan: the integral of the Gaussian between the faces, times the length of the way.
    sigma, half = fwhm_um / 2355, size_mm / 2
    along_x = ndtr((half - x_mm) / sigma) - ndtr((-half - x_mm) / sigma)
    along_y = 2 * ndtr(half / sigma) - 1
    # y is not centred: omega is 10 deg, so compare the shapes, and the heights within what the turned faces cut off.
    np.testing.assert_allclose(light / light.max(), along_x / along_x.max(), atol=2e-3)
    assert light.max() == pytest.approx(1e12 * along_x.max() * along_y * size_mm * 1000, rel=0.1)


def test_light_reaches_a_turned_crystal_below_the_beam():
    """The motors move the crystal in its own frame: at 90 deg it is z that lifts it into the beam."""
    straight = illuminated(burst(1), burst().specimen.crystals[0])
    crystal = replace(burst().specimen.crystals[0], centre_mm=(0.1, 0.2, 0.3))
    moved = replace(burst(1), spindle_mm=np.array([[-0.1, -0.2, -0.3]]))
    assert illuminated(moved, crystal) == pytest.approx(straight)
    quarter = replace(moved, omega_start_deg=np.array([90.0]), omega_width_deg=0.0)
    up, aside = (replace(quarter, spindle_mm=np.array([[-0.1, y, z]])) for z, y in ((-0.25, -0.2), (-0.3, -0.25)))
    assert illuminated(up, crystal) < 0.1 * illuminated(quarter, crystal)
    assert illuminated(aside, crystal) == pytest.approx(illuminated(quarter, crystal))


def test_photons_grow_with_volume_light_and_strength():
    def photons(**more):
        return expected_spots(burst(**more), PANEL).photons.sum()

    base = photons(fwhm_um=500.0, flux_hz=1e12)
    assert photons(fwhm_um=500.0, flux_hz=2e12) == pytest.approx(2 * base, rel=0.05)
    assert photons(fwhm_um=500.0, flux_hz=1e12, size_mm=0.1) == pytest.approx(8 * base, rel=0.1)
    assert photons(strength=0.0) == 0


def test_a_grid_over_a_crystal_lights_up_on_it_and_nowhere_else():
    x_mm = np.linspace(-0.2, 0.2, 21)
    numbers = [len(shoot(burst(21, 0.0, x_mm), index)[1]) for index in range(21)]
    assert numbers[10] >= 20
    assert max(numbers[:6] + numbers[-6:]) <= 1


def test_background_noise_is_poisson():
    dark = background(burst(flux_hz=1e12))
    frames = np.zeros((60, *dark.expected.shape), dtype=np.uint32)
    for seed, frame in enumerate(frames):
        dark.draw(np.random.Generator(np.random.SFC64(seed)), frame)
    frames = frames.astype(float)
    lit = dark.expected > 0.5
    assert frames.mean(axis=0)[lit].mean() == pytest.approx(dark.expected[lit].mean(), rel=0.01)
    assert frames.var(axis=0, ddof=1)[lit].mean() == pytest.approx(dark.expected[lit].mean(), rel=0.02)


def test_a_long_exposure_is_not_clipped():
    light = replace(burst(1, flux_hz=1e12), exposure_s=30.0)
    dark = background(light)
    frame = np.zeros(dark.expected.shape, dtype=np.uint32)
    dark.draw(np.random.Generator(np.random.SFC64(1)), frame)
    assert frame.max() == pytest.approx(dark.expected.max(), rel=0.1)
    assert frame.mean() == pytest.approx(dark.expected.mean(), rel=0.002)


def test_a_found_spot_has_the_photons_that_the_frame_shows():
    light = burst(20, fwhm_um=500.0, flux_hz=1e13)
    spots = expected_spots(light, PANEL)
    dark = background(light)
    frame, found_spots = shoot(light, 5)
    assert len(found_spots) >= 20
    part = slice(spots.bounds[5], spots.bounds[6])
    pulls = []
    for x_px, y_px, intensity, sigma, _ in found_spots:
        column, row = round(x_px), round(y_px)
        box = np.s_[row - 2 : row + 3, column - 2 : column + 3]
        assert intensity == pytest.approx(frame[box].sum() - dark.expected[box].sum(), abs=0.01)
        near = np.hypot(spots.x_px[part] - x_px, spots.y_px[part] - y_px) < 7.0
        if near.sum() == 1:
            pulls.append((intensity - spots.photons[part][near][0]) / sigma)
    assert len(pulls) >= 20
    assert np.std(pulls) == pytest.approx(1.0, abs=0.4)
    apart = np.abs(found_spots[:, None, :2].round() - found_spots[None, :, :2].round()).max(axis=2)
    assert (apart + 100 * np.eye(len(apart)) >= 5).all()  # blended spots are found once


def test_a_reflection_collects_its_photons_over_the_frames_it_is_on():
    light = burst(60, width_deg=0.1, fwhm_um=500.0, flux_hz=1e14)
    crystal = light.specimen.crystals[0]
    spots = expected_spots(light, PANEL)
    form = reflections(CELL, "P 43 21 2", 2.0, 20.0, FORM_SEED)
    cross = crossings(form, U, ENERGY_EV, crystal.mosaicity_deg, 0.99)
    per_deg = illuminated(light, crystal) * 0.02 * SCATTERING / 0.1
    well_inside = (cross.omega_deg > 10 + 5 * cross.sigma_deg) & (cross.omega_deg < 16 - 5 * cross.sigma_deg)
    checked = 0
    for index in np.flatnonzero(well_inside & (cross.weight > 2.0)):
        x_px = BEAM_X + cross.direction_x[index] * 100.0 / 0.15
        y_px = BEAM_Y + cross.direction_y[index] * 100.0 / 0.15
        mine = (abs(spots.x_px - x_px) < 1e-6) & (abs(spots.y_px - y_px) < 1e-6)
        if mine.any():
            assert spots.photons[mine].sum() == pytest.approx(per_deg[0] * cross.weight[index], rel=0.02)
            checked += 1
    assert checked > 30


def test_crystals_that_the_beam_does_not_reach_are_not_solved():
    light = burst(30, 0.0, np.full(30, 0.5), flux_hz=1e12)
    misses = _crossings.cache_info().misses
    crystals = tuple(replace(light.specimen.crystals[0], b_factor_a2=10.0 + b) for b in range(6))
    far = replace(light, specimen=replace(light.specimen, crystals=crystals))
    assert len(expected_spots(far, PANEL).photons) == 0
    assert _crossings.cache_info().misses == misses
    cross = found(mosaicity_deg=0.02)  # no spot can be lost by it
    assert cross.weight.max() / (cross.sigma_deg.min() * np.sqrt(2 * np.pi)) < STRONGEST


def test_the_beamstop_casts_a_shadow():
    light = burst(1, flux_hz=1e14)
    spots = expected_spots(light, PANEL)
    dark = background(light)
    shadow = np.hypot(spots.x_px - BEAM_X, spots.y_px - BEAM_Y) * 0.15
    assert shadow.min() > 1.5
    assert dark.expected[256, 256] == 0.0
    assert dark.expected[256, 280] > 0.0


def test_noise_is_repeatable_and_fresh_on_every_image():
    light = burst(4, 0.0)
    first, again, next_image = (shoot(light, 0, image)[0] for image in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != next_image).mean() > 0.01
    # The dark table is shared; pose, sample and seed tell frames apart as well.
    other = replace(light, spindle_mm=light.spindle_mm + 0.001)
    assert (shoot(other, 0, 1)[0] != first).mean() > 0.01


@pytest.mark.parametrize("light", [burst(3, strength=0.0), burst(3, flux_hz=0.0), replace(burst(3), specimen=None)])
def test_nothing_in_the_beam_gives_no_spots(light):
    spots = expected_spots(light, PANEL)
    frame, found_spots = shoot(light, 1)
    assert len(spots.photons) == len(found_spots) == 0
    assert (frame.sum() > 0) == bool(light.flux_hz.any())
