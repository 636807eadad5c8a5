"""Dose by hand, by independent sums over voxels, and what it does to the diffraction."""

from dataclasses import replace

import numpy as np
import pytest
from burst_support import make_burst

from mxplans_sim.diffraction.illumination import illuminate
from mxplans_sim.diffraction.panel import Panel
from mxplans_sim.diffraction.spots import expected_spots
from mxplans_sim.settings import DetectorSettings
from mxplans_sim.settings.diffraction import DiffractionSettings
from mxplans_sim.world.dose import DoseLedger, cut, mgy_mm2
from mxplans_sim.world.irradiation import irradiance, nodes
from mxplans_sim.world.specimen import Crystal

EYE = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
PHYSICS = DiffractionSettings.model_validate({})


def crystal(*edges_um):
    half = tuple(edge / 2000 for edge in edges_um)
    return Crystal((0.0, 0.0, 0.0), half, EYE, (79.1, 79.1, 37.9, 90, 90, 90), "P 43 21 2", EYE)


def one_second(some, **changes):
    """One second in 50 frames."""
    return make_burst((some,), 50, **({"energy_ev": 12660.0} | changes))


def sweep(some, helical=False, fwhm_um=(20.0, 20.0)):
    """36 s over 360 deg in 1e12 photons/s, in bursts of 2 s."""
    number = 180
    x_mm = -(0.1 - 0.02) * (np.arange(number) / (number - 1) - 0.5) if helical else np.zeros(number)
    whole = make_burst(
        (some,),
        number,
        x_mm,
        omega_start_deg=2.0 * np.arange(number),
        omega_width_deg=2.0,
        exposure_s=0.2,
        beam_fwhm_um=fwhm_um,
        energy_ev=12658.0,
    )
    return [whole.part(begin, 10) for begin in range(0, number, 10)]


def test_a_top_hat_beam_by_hand():
    # 1e12 photons on 50 x 50 um are 4e14 per mm2; at 12.66 keV one of them is 3.91e-10 Gy.
    ledger = DoseLedger(PHYSICS)
    some = crystal(20.0, 20.0, 20.0)
    ledger.expose(one_second(some, beam_profile="top-hat", omega_width_deg=0.0))
    (dose,) = ledger.dose_mgy("one", (some,))
    np.testing.assert_allclose(dose, 0.156, rtol=0.01)


@pytest.mark.parametrize(("energy_ev", "wanted"), [(4000.0, 4590e-18), (11800.0, 457e-18), (30000.0, 55.2e-18)])
def test_the_table_is_met_at_its_points_and_a_power_law_between(energy_ev, wanted):
    assert mgy_mm2(energy_ev) == pytest.approx(wanted, rel=1e-9)
    # Half way in the logarithm of the energy lies the geometric mean.
    assert mgy_mm2(np.sqrt(4000.0 * 6600.0)) == pytest.approx(np.sqrt(4590e-18 * 1620e-18), rel=1e-9)


@pytest.mark.parametrize(
    ("helical", "fwhm_um", "most_mgy", "average_mgy"),
    # A Gaussian beam of 20 um puts k flux t / (2 pi s^2) = 31.1 MGy on its middle; sums over voxels of 2.5 um give these.
    [(False, (20.0, 20.0), 30.4, 8.3), (True, (20.0, 20.0), 8.2, 3.2), (False, (100.0, 50.0), 2.5, 1.6)],
)
def test_a_crystal_of_100_by_50_by_50_um_turned_in_the_beam(helical, fwhm_um, most_mgy, average_mgy):
    some, ledger = crystal(100.0, 50.0, 50.0), DoseLedger(PHYSICS)
    for burst in sweep(some, helical, fwhm_um):
        ledger.expose(burst)
    # Nodes miss the very top: those next to the spindle are 3 um off in each direction, exp(-(3^2 + 3^2) / (2 8.5^2)) = 0.88.
    assert 0.88 * most_mgy < ledger.most_mgy("one") < 1.02 * most_mgy
    (dose,) = ledger.dose_mgy("one", (some,))
    exposed = dose > 0.05 * dose.max()
    _, volumes = nodes(some)
    assert np.average(dose[exposed], weights=volumes[exposed]) == pytest.approx(average_mgy, rel=0.08)


def test_exposures_add_up_whatever_the_bursts_they_come_in():
    some = crystal(60.0, 40.0, 30.0)
    light = one_second(some, beam_fwhm_um=(20.0, 20.0))
    whole, parts = DoseLedger(PHYSICS), DoseLedger(PHYSICS)
    whole.expose(light)
    first = parts.expose(light.part(0, 20))
    second = parts.expose(light.part(20, 30))
    np.testing.assert_allclose(whole.dose_mgy("one", (some,))[0], parts.dose_mgy("one", (some,))[0])
    assert not first.dose_mgy[0].any()
    assert second.dose_mgy[0].max() > 0
    # A burst that is cut tells of the dose that there was before it and of its own first frames.
    (before,) = whole.dose_mgy("one", (some,))
    later = cut(whole.expose(light), 20, 30, PHYSICS)
    np.testing.assert_allclose(later.dose_mgy[0], before + second.dose_mgy[0])
    np.testing.assert_allclose(later.omega_start_deg, light.omega_start_deg[20:])


def test_what_the_beam_misses_takes_no_dose_and_other_specimens_keep_theirs():
    near, far = crystal(20.0, 20.0, 20.0), replace(crystal(20.0, 20.0, 20.0), centre_mm=(0.3, 0.0, 0.0))
    ledger = DoseLedger(PHYSICS)
    both = replace(one_second(near).specimen, crystals=(near, far))
    ledger.expose(replace(one_second(near), specimen=both))
    dose = ledger.dose_mgy("one", (near, far))
    assert dose[0].min() > 0.05
    assert not dose[1].any()
    kept = ledger.most_mgy("one")
    ledger.expose(replace(one_second(near), specimen=replace(both, name="two")))
    assert ledger.most_mgy("one") == kept
    assert ledger.most_mgy("three") == 0.0
    assert ledger.expose(replace(one_second(near), specimen=None)).dose_mgy == ()


@pytest.mark.parametrize("d_a", [1.5, 2.0, 4.0])
def test_diffraction_decays_with_the_dose_and_faster_at_high_resolution(d_a):
    # An even beam on a small crystal: the dose is the same everywhere, so that exp(-beta D / (2 d^2)) holds as it is.
    some = crystal(10.0, 10.0, 10.0)
    light = one_second(some, beam_fwhm_um=(500.0, 500.0), flux_hz=1e10)
    before = np.full(len(nodes(some)[1]), 8.0)
    left = illuminate(light, some, before, PHYSICS).left(np.zeros(1, dtype=np.int64), np.array([d_a]))
    assert left[0] == pytest.approx(np.exp(-8.0 / (2 * d_a**2)), rel=1e-3)
    undamaged = DiffractionSettings.model_validate({"decay_a2_mgy": 0.0})
    assert illuminate(light, some, before, undamaged).left(np.zeros(1, dtype=np.int64), np.array([d_a]))[0] == 1.0


def test_an_uneven_dose_weighs_each_point_by_its_light():
    some = crystal(60.0, 60.0, 60.0)
    light = one_second(some, beam_fwhm_um=(20.0, 20.0), omega_width_deg=0.0, flux_hz=1e10)
    points, volumes = nodes(some)
    before = 20.0 * np.exp(-((points[:, 1] / 0.01) ** 2))
    weights = irradiance(light, points)[0] * volumes
    left = illuminate(light, some, before, PHYSICS).left(np.zeros(3, dtype=np.int64), np.array([1.3, 2.0, 3.0]))
    for d_a, part in zip((1.3, 2.0, 3.0), left, strict=True):
        assert part == pytest.approx(np.average(np.exp(-before / (2 * d_a**2)), weights=weights), rel=0.03)


def test_a_crystal_fades_while_it_is_exposed_and_on_frames_thereafter():
    some, ledger = crystal(20.0, 20.0, 20.0), DoseLedger(PHYSICS)
    panel = Panel(DetectorSettings.model_validate({}))
    totals = []
    for _ in range(6):
        # The same pose each time, 2.5 MGy each.
        burst = make_burst((some,), 50, omega_width_deg=0.0, flux_hz=1.8e13, beam_fwhm_um=(50.0, 50.0))
        spots = expected_spots(ledger.expose(burst), panel)
        totals.append(np.bincount(spots.frame, spots.photons))
    faded = np.concatenate(totals)
    assert (np.diff(faded) < 0).all()
    assert faded[-1] < 0.65 * faded[0]
    # The first frame of a burst goes on where the last one ended.
    steps = np.diff(np.log(faded))
    assert steps[49] == pytest.approx((steps[48] + steps[50]) / 2, rel=0.05)
