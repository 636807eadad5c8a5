"""Split lattices, several crystals, polarisation, anomalous differences."""

from dataclasses import replace

import numpy as np
import pytest
from burst_support import make_burst
from scipy.spatial.transform import Rotation

from mxplans_sim.diffraction.geometry import HC_EV_A, crossings
from mxplans_sim.diffraction.panel import Panel
from mxplans_sim.diffraction.reflections import reflections
from mxplans_sim.diffraction.spots import expected_spots
from mxplans_sim.settings import DetectorSettings
from mxplans_sim.settings.diffraction import DiffractionSettings
from mxplans_sim.world.specimen import Crystal, Lattice

CELL = (79.1, 79.1, 37.9, 90.0, 90.0, 90.0)
EYE = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
PANEL = Panel(DetectorSettings.model_validate({}))


def matrix(seed):
    return tuple(map(tuple, Rotation.random(random_state=seed).as_matrix().tolist()))


ONE = Crystal((0.0, 0.0, 0.0), (0.025,) * 3, EYE, CELL, "P 43 21 2", matrix(3))


def spots(*crystals, **changes):
    return expected_spots(make_burst(crystals, 20, flux_hz=1e14, **changes), PANEL)


def table(found):
    """Photons by frame and place."""
    keys = zip(found.frame.tolist(), found.x_px.round(3).tolist(), found.y_px.round(3).tolist(), strict=True)
    return dict(zip(keys, found.photons.tolist(), strict=True))


def test_a_split_crystal_is_the_sum_of_its_parts():
    split = table(spots(replace(ONE, second=Lattice(matrix(8), 0.3))))
    first, second = table(spots(ONE)), table(spots(replace(ONE, orientation=matrix(8))))
    for parts, share in ((first, 0.7), (second, 0.3)):
        strong = [place for place, photons in parts.items() if photons > 50]
        assert len(strong) > 200
        alone = [place for place in strong if not (place in first and place in second)]
        np.testing.assert_allclose([split[place] for place in alone], [share * parts[place] for place in alone])


def test_a_slightly_split_lattice_shows_pairs_of_spots():
    # 0.5 deg about the beam: spots 50 mm from the beam split by 0.44 mm, 2.9 pixels.
    turned = Rotation.from_euler("z", 0.5, degrees=True).as_matrix() @ np.array(ONE.orientation)
    pair = spots(replace(ONE, second=Lattice(tuple(map(tuple, turned)), 0.5)), omega_width_deg=0.0)
    single = spots(ONE, omega_width_deg=0.0)
    first = single.frame == 0
    far = np.hypot(single.x_px - 255.5, single.y_px - 255.5)[first]
    strong = np.flatnonzero((single.photons[first] > 100) & (far > 150))
    split = 0
    for index in strong:
        here = pair.frame == 0
        gap = np.hypot(pair.x_px[here] - single.x_px[first][index], pair.y_px[here] - single.y_px[first][index])
        wanted = far[index] * np.radians(0.5)
        split += bool(np.abs(gap[gap > 0.1] - wanted).min(initial=9.0) < 0.5)
    assert split > 0.7 * len(strong) > 10


def test_crystals_diffract_by_the_light_that_each_has():
    other = replace(ONE, centre_mm=(0.1, 0.0, 0.0), orientation=matrix(9))
    both = table(spots(ONE, other, beam_fwhm_um=(20.0, 20.0)))
    alone = table(spots(ONE, beam_fwhm_um=(20.0, 20.0)))
    missed = table(spots(other, beam_fwhm_um=(20.0, 20.0)))
    assert sum(missed.values()) < 1e-3 * sum(alone.values())
    assert sum(both.values()) == pytest.approx(sum(alone.values()) + sum(missed.values()))


@pytest.mark.parametrize(("fraction", "factor"), [(0.5, "1 + cos^2"), (1.0, "x"), (0.0, "y")])
def test_polarisation_against_the_dipole_formula(fraction, factor):
    form = reflections(CELL, "P 43 21 2", 2.0, 0.0, 1)
    found = crossings(form, np.array(ONE.orientation), 12658.0, 0.2, fraction)
    # The diffracted beam is s0 + q; an electric field along an axis radiates as the square of the sine of the angle to it.
    k = np.stack([found.direction_x, found.direction_y, np.ones(len(found.d_a))], axis=1)
    k /= np.linalg.norm(k, axis=1)[:, None]
    sin2 = {"x": k[:, 1] ** 2 + k[:, 2] ** 2, "y": k[:, 0] ** 2 + k[:, 2] ** 2}
    two_theta = 2 * np.arcsin(HC_EV_A / 12658.0 / (2 * found.d_a))
    wanted = (1 + np.cos(two_theta) ** 2) / 2 if factor == "1 + cos^2" else sin2[factor]
    lorentz = (0.2 + 0.02) / 2.355 / found.sigma_deg
    np.testing.assert_allclose(found.weight * lorentz / form.intensity[found.reflection], wanted, rtol=1e-9)


def test_anomalous_differences_have_the_asked_size_and_leave_centric_reflections_alone():
    form = reflections(CELL, "P 43 21 2", 2.0, 20.0, 1, 0.06)
    plain = reflections(CELL, "P 43 21 2", 2.0, 20.0, 1)
    by_index = {tuple(h): i for h, i in zip(form.hkl.tolist(), form.intensity, strict=True)}
    mates = np.array([(i, by_index[-h, -k, -l]) for (h, k, l), i in by_index.items()])
    acentric = np.array([0 not in h and abs(h[0]) != abs(h[1]) for h in by_index])
    ratio = np.abs(mates[:, 0] - mates[:, 1]) / mates.mean(axis=1)
    assert ratio[acentric].mean() == pytest.approx(0.06, rel=0.03)
    assert ratio[~acentric].max() == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(form.intensity.mean(), plain.intensity.mean(), rtol=0.01)
    # Rotations about the symmetry axes do not change an intensity: (h, k, l) and (-h, -k, l) are mates.
    assert all(by_index[-h, -k, l] == pytest.approx(i) for (h, k, l), i in list(by_index.items())[:500])


def test_the_setting_reaches_the_frames():
    light = make_burst((ONE,), 20, flux_hz=1e14)
    plain = expected_spots(light, PANEL)
    other = expected_spots(light, PANEL, DiffractionSettings.model_validate({"polarisation_frac": 0.0}))
    up, side = (table(found) for found in (plain, other))
    ratios = np.array([side[place] / photons for place, photons in up.items() if place in side])
    # At the edge, 39 mm aside at 100 mm, one loses sin^2 = 0.13 where the other loses nothing.
    assert ratios.max() == pytest.approx(1.15, abs=0.05)
    assert ratios.min() == pytest.approx(0.87, abs=0.05)
