import asyncio
import math

import pytest
from surroundings_support import HandClock, in_virtual_time

from mxplans_sim.settings.base import SettingsError
from mxplans_sim.settings.beam import SourceSettings
from mxplans_sim.world.source import Source, SourceFault
from mxplans_sim.world.undulator import Undulator


def source(energy_ev=12658.0):
    return Source(SourceSettings.model_validate({}), energy_ev, 3.0, HandClock())


def test_the_first_harmonic_by_hand():
    # 20 mm period at a gap of 10 mm: B = 3.33 exp(-0.5 (5.47 - 0.9)) = 0.339 T, K = 0.0934 * 20 * 0.339 = 0.633
    undulator = Undulator(20.0, 100, (5.0, 30.0), 3.0)
    assert undulator.deflection(10.0) == pytest.approx(0.633, abs=0.001)
    assert undulator.harmonic_ev(1, 10.0) == pytest.approx(0.95e3 * 9 / (2.0 * (1 + 0.633**2 / 2)), rel=1e-3)
    assert undulator.harmonic_ev(3, 10.0) == pytest.approx(3 * undulator.harmonic_ev(1, 10.0))


@pytest.mark.parametrize("energy_ev", [5000.0, 6539.0, 7112.0, 9659.0, 12658.0, 12700.0, 17998.0, 25000.0])
def test_the_best_gap_has_a_harmonic_at_the_energy(energy_ev):
    undulator = Undulator(21.0, 95, (5.0, 30.0), 3.0)
    gap_mm = undulator.best_gap_mm(energy_ev)
    offs = [undulator.harmonic_ev(n, gap_mm) / energy_ev - 1 for n in range(1, 26, 2)]
    assert min(map(abs, offs)) < 1e-9
    peak = undulator.strength(energy_ev, gap_mm)
    assert peak > 1.5 * undulator.strength(energy_ev, gap_mm + 0.05)  # 0.05 mm off costs a lot
    assert peak > undulator.strength(energy_ev, gap_mm - 0.01)


def test_what_no_harmonic_reaches_is_refused():
    with pytest.raises(ValueError, match="no harmonic reaches 100 eV"):
        Undulator(21.0, 95, (5.0, 30.0), 3.0).best_gap_mm(100.0)


def test_the_monochromator_obeys_braggs_law():
    standing = source()
    wavelength_a = 2 * 3.1356 * math.sin(math.radians(standing.bragg.position))
    assert wavelength_a == pytest.approx(0.97949, abs=1e-5)  # of 12658 eV
    assert standing.energy_ev == 12658.0
    assert standing.flux_frac == 1.0
    assert standing.bandwidth_ev == pytest.approx(1.77, abs=0.01)


def test_a_change_of_energy_takes_its_time_and_the_flux_goes_away_meanwhile():
    async def work(site):
        beam, seen = site.beam, []
        change = asyncio.create_task(beam.change_energy(9659.0))
        for _ in range(25):
            await site.clock.sleep(0.1)
            seen.append(beam.flux_hz)
        assert beam.source.changing
        await change
        assert 10 <= site.clock.now_s() <= 30
        assert beam.energy_ev == pytest.approx(9659.0, abs=1e-3)
        assert beam.source.gap.position == pytest.approx(beam.source.best_gap_mm, abs=1e-6)
        assert min(seen) < 0.2e12 < beam.flux_hz
        assert not beam.source.changing

    in_virtual_time(work)


def test_small_steps_are_quick():
    async def work(site):
        assert await site.seconds(site.beam.change_energy(12660.0)) < 1.0
        assert site.beam.energy_ev == pytest.approx(12660.0, abs=1e-3)
        assert site.beam.flux_hz == pytest.approx(1e12, rel=0.01)

    in_virtual_time(work)


def test_the_gap_alone_costs_flux():
    async def work(site):
        gap = site.beam.source.gap
        gap.move_to(gap.position + 0.05)
        await site.clock.sleep(5.0)
        assert site.beam.energy_ev == 12658.0
        assert site.beam.flux_hz < 0.5e12

    in_virtual_time(work)


def test_a_second_change_redirects_and_both_end_together():
    async def work(site):
        first = asyncio.create_task(site.beam.source.go(20000.0))
        await site.clock.sleep(1.0)
        await site.beam.source.go(13000.0)
        await first
        assert site.beam.energy_ev == pytest.approx(13000.0, abs=1e-3)

    in_virtual_time(work)


def test_a_stopped_change_ends_where_it_is():
    async def work(site):
        change = asyncio.create_task(site.beam.source.go(8000.0))
        await site.clock.sleep(2.0)
        await site.beam.source.stop()
        await change
        assert 8000 < site.beam.energy_ev < 12658
        assert site.beam.source.asked_ev == site.beam.energy_ev

    in_virtual_time(work)


def test_a_stuck_gap_is_an_error():
    async def work(site):
        site.faults.take = lambda kind, **context: (
            {"at_frac": 0.5} if (kind, context.get("axis")) == ("motor_stall", "gap") else None
        )
        with pytest.raises(SourceFault, match="the gap stands at"):
            await site.beam.source.go(9000.0)

    in_virtual_time(work)


@pytest.mark.parametrize("energy_ev", [4999.0, 25001.0, math.nan, math.inf])
def test_energies_out_of_range_are_refused(energy_ev):
    async def work(site):
        with pytest.raises(ValueError, match="outside of 5000 to 25000 eV"):
            await site.beam.change_energy(energy_ev)
        assert site.beam.energy_ev == 12658.0

    in_virtual_time(work)


def test_an_undulator_that_does_not_reach_the_energies_is_refused():
    short = SourceSettings.model_validate({"period_mm": 400.0, "gap_mm": [300, 500]})
    with pytest.raises(SettingsError, match="no harmonic reaches"):
        Source(short, 12658.0, 3.0, HandClock())
