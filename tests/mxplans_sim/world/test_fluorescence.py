import asyncio

import numpy as np
import pytest
from pydantic import ValidationError
from surroundings_support import in_virtual_time

from mxplans_sim.settings.environment import FluorescenceSettings
from mxplans_sim.world import elements
from mxplans_sim.world.fluorescence import Fluorescence

SE = {"Se": 100.0}


def fluorescence(**settings):
    return Fluorescence(FluorescenceSettings.model_validate(settings))


def window(seen, spectrum, low_ev, high_ev):
    middles = (seen.edges_ev[1:] + seen.edges_ev[:-1]) / 2
    return spectrum[(middles > low_ev) & (middles < high_ev)].sum()


def test_lines_stand_where_they_belong():
    seen = fluorescence()
    spectrum = seen.spectrum({"Zn": 10.0, "Fe": 10.0}, 12658.0)
    middles = (seen.edges_ev[1:] + seen.edges_ev[:-1]) / 2
    for line_ev in (6400.0, 8630.0):  # K alpha of Fe and Zn
        near = np.abs(middles - line_ev) < 300
        top_ev = middles[near][spectrum[near].argmax()]
        assert top_ev == pytest.approx(line_ev, abs=15)


def test_selenium_by_hand():
    # Photoabsorption by the K shell 137 cm2/g at 12.8 keV, yield 0.589, K alpha 0.87 of it;
    # 100 mmol/l in 50 um are 3.95e-5 g/cm2; 0.05 sr of 4 pi; 20 mm of air pass 0.99.
    expected = 137 * 0.589 * 0.87 * 3.95e-5 * 0.05 / (4 * np.pi) * 0.99
    seen = fluorescence()
    alpha = window(seen, seen.spectrum(SE, 12800.0), 10900, 11500)
    assert alpha == pytest.approx(expected, rel=0.05)


def test_an_element_shines_only_above_its_edge():
    seen = fluorescence()
    rates = [window(seen, seen.spectrum(SE, energy_ev), 10900, 11500) for energy_ev in (12500.0, 12900.0)]
    # What is left below is the foot of the inelastic peak.
    assert rates[0] < 0.002 * rates[1]


def test_the_edge_shows_shift_and_white_line_in_the_counts():
    seen = fluorescence(edge_shift_ev=4.0, white_line=1.5, white_line_ev=2.0)
    energies_ev = np.arange(12640.0, 12690.0, 0.5)
    counts = np.array([window(seen, seen.spectrum(SE, e, 1.8), 10900, 11500) for e in energies_ev])
    assert energies_ev[counts.argmax()] == pytest.approx(12657.8 + 6.0, abs=0.6)
    far = window(seen, seen.spectrum(SE, 12770.0), 10900, 11500)
    assert counts.max() > 1.7 * far
    assert counts[-1] == pytest.approx(far, rel=0.1)  # no step where the chemistry ends


def test_scattered_light_is_elastic_and_shifted():
    seen = fluorescence(polarisation_frac=0.9)
    peaks = seen.peaks({}, 12658.0)
    assert [round(peak[0]) for peak in peaks] == [12658, 12352]  # E / (1 + E / 511 keV)
    polarised = fluorescence(polarisation_frac=0.99).peaks({}, 12658.0)
    assert polarised[0][2] == pytest.approx(peaks[0][2] / 10)


def test_resolution_is_that_of_a_silicon_detector():
    seen = fluorescence(fwhm_ev=140.0)
    assert 2.3548 * seen.sigma_ev(5895.0) == pytest.approx(140.0)
    # 140^2 + 2.3548^2 * 0.115 * 3.66 * (12658 - 5895) = 188.0^2
    assert 2.3548 * seen.sigma_ev(12658.0) == pytest.approx(188.0, abs=0.2)


def test_air_absorbs_soft_lines():
    assert elements.air_transmission(2308.0, 20.0) < 0.8
    assert elements.air_transmission(11222.0, 20.0) > 0.98


@pytest.mark.parametrize("preset_s", [1.0, 3.2])
def test_counts_follow_flux_and_time(preset_s):
    async def work(site):
        counter = site.around.spectrometer
        await counter.slide.go("In")
        site.beam.transmission_frac = 0.001
        counter.preset_real_s = preset_s
        assert await site.seconds(counter.acquire()) == pytest.approx(preset_s)
        expected = counter.fluorescence.spectrum(SE, 12658.0, site.beam.source.bandwidth_ev).sum() * 1e9 * preset_s
        assert counter.counts.sum() == pytest.approx(expected * (1 - counter.dead_frac), abs=5 * expected**0.5)
        assert counter.real_s == pytest.approx(preset_s)

    in_virtual_time(work)


def test_dead_time_grows_with_the_rate():
    async def work(site):
        counter = site.around.spectrometer
        await counter.slide.go("In")
        for transmission in (0.001, 0.1):
            site.beam.transmission_frac = transmission
            await counter.erase()
            await counter.acquire()
            rate_hz = counter.fluorescence.spectrum(SE, 12658.0, site.beam.source.bandwidth_ev).sum() * 1e12
            assert counter.dead_frac == pytest.approx(1 - np.exp(-rate_hz * transmission * 1e-6), rel=1e-3)
        counter.preset_real_s, counter.preset_live_s = 0.0, 1.0
        await counter.erase()
        assert await site.seconds(counter.acquire()) == pytest.approx(1 / (1 - counter.dead_frac))

    in_virtual_time(work)


@pytest.mark.parametrize("what", ["shutter", "slide", "sample", "hutch"])
def test_without_light_sample_or_detector_there_are_no_counts(what):
    async def work(site):
        counter = site.around.spectrometer
        if what != "slide":
            await counter.slide.go("In")
        if what == "shutter":
            await site.shutter.go("Closed")
        if what == "hutch":
            await site.around.hutch.move_shutter("Closed")
        if what == "sample":
            site.elements = None
        await counter.acquire()
        assert counter.real_s == 1.0
        assert not counter.counts.any()

    in_virtual_time(work)


def test_a_shutter_that_closes_ends_the_counts_at_that_time():
    async def work(site):
        counter = site.around.spectrometer
        await counter.slide.go("In")
        site.beam.transmission_frac = 0.001
        await counter.acquire()
        whole = counter.counts.sum()
        await counter.erase()
        counting = asyncio.create_task(counter.acquire())
        await site.clock.sleep(0.24)
        await site.shutter.go("Closed")  # 60 ms later
        await counting
        assert counter.counts.sum() == pytest.approx(0.3 * whole, rel=0.05)

    in_virtual_time(work)


def test_counts_only_grow_and_do_not_depend_on_who_looks():
    def counts(look_s):
        found = []

        async def work(site):
            counter = site.around.spectrometer
            await counter.slide.go("In")
            site.beam.transmission_frac = 1e-3
            counting = asyncio.create_task(counter.acquire())
            while not counting.done():
                await site.clock.sleep(look_s)
                counter.look()
                found.append(counter.counts)

        in_virtual_time(work)
        assert (np.diff(found, axis=0) >= 0).all()
        return found[-1]

    often, rarely = counts(0.03), counts(1.5)
    assert (often == rarely).mean() > 0.99  # but for the rounding of the sums
    assert often.sum() > 1000


def test_counting_can_be_stopped_and_gone_on_with():
    async def work(site):
        counter = site.around.spectrometer
        await counter.slide.go("In")
        counter.preset_real_s = 0.0
        counting = asyncio.create_task(counter.acquire())
        await site.clock.sleep(2.0)
        await counter.stop()
        await counting
        assert (counter.acquiring, counter.real_s) == (False, pytest.approx(2.0))
        counter.preset_real_s = 5.0
        assert await site.seconds(counter.acquire()) == pytest.approx(3.0)

    in_virtual_time(work)


def test_a_detector_that_is_stopped_at_once_does_not_hang():
    async def work(site):
        counter = site.around.spectrometer
        counting = asyncio.create_task(counter.acquire())
        await asyncio.sleep(0)
        await counter.stop()
        await counting
        assert not counter.acquiring

    in_virtual_time(work)


def test_samples_have_their_own_elements():
    settings = FluorescenceSettings.model_validate({"samples": {"SeMet-1": {"Se": 80.0, "K": 0.0}}})
    assert settings.of("SeMet-1") == {"S": 200.0, "Cl": 100.0, "K": 0.0, "Se": 80.0}
    assert "Se" not in settings.of("other")
    with pytest.raises(ValidationError, match="Se is -1 mmol/l"):
        FluorescenceSettings.model_validate({"samples": {"a": {"Se": -1.0}}})


@pytest.mark.parametrize("symbol", ["Xx", "SE", "se", "", "D", "Pu", "Selenium"])
def test_what_is_no_element_is_refused(symbol):
    with pytest.raises(ValidationError, match=f"no element '{symbol}'"):
        FluorescenceSettings.model_validate({"elements": {symbol: 1.0}})
