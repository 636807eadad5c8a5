import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from surroundings_support import HandClock, Site, in_virtual_time

from mxplans_sim.settings.beam import AttenuatorSettings, BeamSettings, DiodeSettings
from mxplans_sim.world import elements
from mxplans_sim.world.absorption import mu_per_mm
from mxplans_sim.world.attenuator import Attenuator
from mxplans_sim.world.beam import Beam
from mxplans_sim.world.diode import Diode
from mxplans_sim.world.slits import passed_frac


def beam(**values):
    return Beam(BeamSettings.model_validate(values), HandClock(), 0.003, seed=2)


def test_flux_is_that_of_the_parts():
    full = beam(flux_hz=4e12)
    full.aperture, full.transmission_frac = "Medium", 0.25
    assert full.full_flux_hz == pytest.approx(4e12 * 0.39)
    assert full.flux_hz == pytest.approx(1e12 * 0.39)
    assert full.incident_flux_hz == pytest.approx(1e12)
    assert full.fwhm_um == (50.0, 50.0)


def test_every_frame_has_the_flux_of_its_time():
    kept = beam(ring={"mode": "top-up", "outages": [{"start_s": 700.0, "duration_s": 10.0}]})
    at_s = np.arange(595.0, 715.0, 0.02)
    flux_hz = kept.frame_flux_hz(at_s)
    assert flux_hz == pytest.approx(1e12 * kept.ring.flux_frac(at_s))
    assert (flux_hz == 0).sum() == 500
    assert np.abs(np.diff(flux_hz[at_s < 600])).max() < 1e-3 * 1e12
    assert np.abs(np.diff(flux_hz[(at_s > 600) & (at_s < 610)])).max() > 5e-3 * 1e12


def test_flux_noise_belongs_to_the_time_of_a_frame():
    noisy = beam(flux_noise_frac=0.01)
    at_s = np.arange(0, 20, 0.01)
    flux_hz = noisy.frame_flux_hz(at_s)
    assert flux_hz.std() / flux_hz.mean() == pytest.approx(0.01, rel=0.1)
    assert (noisy.frame_flux_hz(at_s[::-1])[::-1] == flux_hz).all()


def test_the_beam_stands_still_unless_it_is_told_to_drift():
    at_s = np.arange(0, 10_000, 10.0)
    assert beam().position_mm(at_s) == pytest.approx(np.tile([0.0, 0.003], (1000, 1)))
    drifting = beam(feedback={"drift_um": 0.5}).position_mm(np.arange(0, 400_000, 10.0))
    assert drifting.std(axis=0) == pytest.approx([0.0005, 0.0005], rel=0.1)
    assert drifting.mean(axis=0) == pytest.approx([0.0, 0.003], abs=1e-4)


@pytest.mark.parametrize(
    ("gap_um", "size_um", "expected"),
    [
        ((2000.0, 2000.0), 100.0, 1.0),
        ((0.0, 2000.0), 100.0, 0.0),
        ((2000.0, 0.0), 100.0, 0.0),
    ],
)
def test_slits_that_are_open_or_closed(gap_um, size_um, expected):
    assert passed_frac((70.0, 70.0), size_um, gap_um) == pytest.approx(expected)


@settings(max_examples=50, deadline=None)
@given(
    gap_um=st.tuples(st.floats(5, 150), st.floats(5, 150)),
    size_um=st.sampled_from([20.0, 50.0, 100.0]),
    focus_um=st.tuples(st.floats(30, 120), st.floats(30, 120)),
)
def test_slits_cut_what_lies_outside_of_them(gap_um, size_um, focus_um):
    step_um = size_um / 500
    along = (np.arange(500) + 0.5) * step_um - size_um / 2
    x, y = np.meshgrid(along, along)
    light = np.exp(-4 * math.log(2) * ((x / focus_um[0]) ** 2 + (y / focus_um[1]) ** 2))
    light[np.hypot(x, y) > size_um / 2] = 0
    # Part of each cell that lies in the gap.
    open_x, open_y = (np.clip((gap / 2 - np.abs(along)) / step_um + 0.5, 0, 1) for gap in gap_um)
    expected = (light * open_x * open_y[:, None]).sum() / light.sum()
    assert passed_frac(focus_um, size_um, gap_um) == pytest.approx(expected, abs=1e-3)


def test_closing_a_slit_makes_the_beam_smaller_and_weaker():
    async def work(site):
        site.beam.slits.y.move_to(0.01)
        await site.clock.sleep(10.0)
        assert site.beam.fwhm_um == pytest.approx((100.0, 10.0))
        # 10 um of a Gaussian of 70 um, over the part of it within 100 um: 0.1335 / 0.907 or a little more in a disc.
        assert site.beam.flux_hz == pytest.approx(0.16e12, rel=0.05)

    in_virtual_time(work)


@pytest.mark.parametrize("material", ["Al", "Si"])
@pytest.mark.parametrize("energy_ev", [5000.0, 7100.0, 9000.0, 12658.0, 17000.0, 25000.0])
def test_absorption_agrees_with_another_table(material, energy_ev):
    number = elements.atomic_number(material)
    density = elements.library().ElementDensity(number)
    other = elements.library().CS_Total(number, energy_ev / 1000) * density / 10
    assert mu_per_mm(material, energy_ev) == pytest.approx(other, rel=0.02)


def test_absorption_is_known_only_where_it_is_tabulated():
    with pytest.raises(ValueError, match="3999 eV is not tabulated"):
        mu_per_mm("Al", 3999.0)
    with pytest.raises(ValueError, match="absorption of Pb is not tabulated"):
        mu_per_mm("Pb", 10000.0)


def foils(energy_ev=12658.0):
    return Attenuator(AttenuatorSettings.model_validate({"kind": "filters"}), lambda: energy_ev)


def test_one_foil_by_hand():
    bank = Attenuator(
        AttenuatorSettings.model_validate({"kind": "filters", "filters": [{"thickness_um": 100.0}]}), lambda: 10000.0
    )
    bank.set(0.1)
    assert bank.inserted == 1
    assert bank.transmission_frac == pytest.approx(math.exp(-26.23 * 2.699 * 0.01))
    bank.set(0.9)
    assert (bank.inserted, bank.transmission_frac) == (0, 1.0)


@given(st.floats(1e-12, 1.0))
def test_foils_come_near_to_what_is_asked(asked):
    bank = foils()
    bank.set(asked)
    # The thinnest foil of 5 um passes 98.2 %: no step is larger.
    assert abs(math.log(bank.transmission_frac / asked)) <= 0.5 * 3.54 * 0.005 + 1e-9
    assert bank.asked_frac == asked


def test_foils_pass_more_at_a_higher_energy():
    energy_ev = [8000.0]
    bank = Attenuator(AttenuatorSettings.model_validate({"kind": "filters"}), lambda: energy_ev[0])
    bank.set(0.01)
    low = bank.transmission_frac
    energy_ev[0] = 16000.0
    assert low == pytest.approx(0.01, rel=0.05)
    assert bank.transmission_frac > 0.4
    bank.set(0.0)
    assert bank.inserted == 2**12 - 1


def test_an_ideal_attenuator_gives_exactly_what_is_asked():
    ideal = Attenuator(AttenuatorSettings.model_validate({}), lambda: 12658.0)
    ideal.set(0.123456789)
    assert (ideal.transmission_frac, ideal.filters, ideal.inserted) == (0.123456789, 0, 0)
    for wrong in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="allowed is 0 to 1"):
            ideal.set(wrong)


def test_current_of_a_diode_by_hand():
    flux_hz = [1e12]
    diode = Diode(DiodeSettings.model_validate({"dark_a": 0}), lambda: flux_hz[0], lambda: 10000.0)
    # 1 - exp(-33.89 * 2.33 * 0.03) = 0.9064; 1e12 * 0.9064 * 10000 / 3.66 * 1.602e-19
    assert diode.current_a == pytest.approx(3.968e-4, rel=1e-3)
    assert diode.voltage_v == pytest.approx(3.968, rel=1e-3)
    flux_hz[0] = 1e13
    assert diode.saturated
    assert diode.current_a == 1e-3


def test_a_diode_behind_the_beamstop_tells_where_the_beam_ends():
    async def work(site: Site):
        through, incident = site.around.through_diode, site.around.incident_diode
        blocked = through.current_a
        await site.around.beamstop.go("Out")
        direct = through.current_a
        assert direct > 1e4 * blocked
        await site.shutter.go("Closed")
        assert through.current_a == blocked
        assert incident.current_a == pytest.approx(direct, rel=0.01)
        await site.around.hutch.move_shutter("Closed")
        assert incident.current_a == blocked

    in_virtual_time(work)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"energy_ev": 30000.0}, "the source reaches 5000 to 25000"),
        ({"apertures": 2 * [{"name": "A", "size_um": 10, "flux_frac": 1}]}, "each name can be there once"),
        ({"source": {"energy_range_ev": [4100, 20000], "spacing_a": 1.5}}, "reflect from"),
        ({"source": {"gap_mm": [5, 60]}}, "1.5 periods"),
        ({"source": {"gap_mm": [9, 5]}}, "limits are 9 to 5; give the lower one first"),
        ({"source": {"gap_mm": [-1, 30]}}, "gap_mm begins at -1"),
        ({"source": {"energy_range_ev": [5000, 50000]}}, "within 4000 to 40000"),
        ({"diode": {"gain": "2e4"}}, "'1e10'"),
        ({"attenuator": {"kind": "filters", "filters": []}}, "at least 1 item"),
    ],
)
def test_impossible_settings_are_refused(values, message):
    with pytest.raises(ValidationError, match=message):
        BeamSettings.model_validate(values)
