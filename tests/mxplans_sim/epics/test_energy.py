import asyncio

import pytest
from surroundings_support import in_virtual_time

from mxplans_sim.servers.epics.channels import Refused


def test_a_put_completes_when_all_has_settled():
    async def work(site):
        seen = []
        readback = site.channels["BEAM:ENERGY_RBV"]
        readback.shown.subscribe(lambda: seen.append(readback._data["value"]))
        assert 10 < await site.seconds(site.put("BEAM:ENERGY", 9000.0)) < 30
        assert seen[-1] == pytest.approx(9000.0, abs=1e-3)
        assert len(seen) >= 2  # it was seen to move
        assert (site.get("BEAM:ENERGY"), site.get("BEAM:ENERGY:MOVING_RBV")) == (9000.0, 0)
        assert site.get("BEAM:WAVELENGTH_RBV") == pytest.approx(1.37760, abs=1e-5)
        assert site.get("MONO:BRAGG.DMOV") == site.get("UNDULATOR:GAP.DMOV") == 1
        assert site.get("UNDULATOR:GAP.RBV") == pytest.approx(site.beam.source.best_gap_mm, abs=1e-6)
        assert site.get("BEAM:FLUX_RBV") == pytest.approx(1e12 * site.beam.source.flux_frac, rel=0.01)

    in_virtual_time(work)


def test_the_gap_is_a_motor():
    async def work(site):
        before_hz = site.get("BEAM:FLUX_RBV")
        await site.put("UNDULATOR:GAP", 5.2)
        assert site.get("UNDULATOR:GAP.RBV") == 5.2
        assert site.get("BEAM:ENERGY_RBV") == 12658.0
        assert site.get("BEAM:FLUX_RBV") < 0.1 * before_hz
        with pytest.raises(Refused, match="outside of 5 to 30 mm"):
            await site.put("UNDULATOR:GAP", 4.0)

    in_virtual_time(work)


def test_slits_are_motors_that_shape_the_beam():
    async def work(site):
        await site.put("SLITS:XGAP", 0.03)
        assert (site.get("BEAM:SIZE_X_RBV"), site.get("BEAM:SIZE_Y_RBV")) == (pytest.approx(30.0), 100.0)
        assert 0.3e12 < site.get("BEAM:FLUX_RBV") < 0.5e12

    in_virtual_time(work)


def test_a_change_can_be_stopped():
    async def work(site):
        change = asyncio.create_task(site.put("BEAM:ENERGY", 20000.0))
        await site.clock.sleep(2.0)
        await site.put("BEAM:ENERGY:STOP", 1)
        await change
        assert 12658 < site.get("BEAM:ENERGY_RBV") < 20000
        assert site.get("BEAM:ENERGY") == site.get("BEAM:ENERGY_RBV")

    in_virtual_time(work)


@pytest.mark.parametrize("energy_ev", [4000.0, 1.0e6, float("nan")])
def test_energies_out_of_range_are_refused(energy_ev):
    async def work(site):
        with pytest.raises(Refused, match="BEAM:ENERGY: .* outside of 5000 to 25000 eV"):
            await site.put("BEAM:ENERGY", energy_ev)
        assert site.get("BEAM:ENERGY") == site.get("BEAM:ENERGY_RBV") == 12658.0

    in_virtual_time(work)


def test_an_axis_that_sticks_is_reported():
    async def work(site):
        site.faults.take = lambda kind, **context: (
            {"at_frac": 0.3} if (kind, context.get("axis")) == ("motor_stall", "bragg") else None
        )
        with pytest.raises(Refused, match="the monochromator stands at"):
            await site.put("BEAM:ENERGY", 9000.0)

    in_virtual_time(work)


def test_an_edge_is_found_by_stepping_the_energy_and_counting():
    async def work(site):
        await site.put("ATTEN:TRANSMISSION", 0.001)
        await site.put("MCA:POSITION", "In")
        await site.put("MCA:mca1.R0LO", 1090)
        await site.put("MCA:mca1.R0HI", 1150)
        counts = {}
        for energy_ev in range(12640, 12690, 3):
            await site.put("BEAM:ENERGY", float(energy_ev))
            await site.put("MCA:mca1EraseStart", 1)
            counts[energy_ev] = site.get("MCA:mca1.R0")
        peak_ev = max(counts, key=counts.get)
        assert peak_ev == pytest.approx(12657.8 + 4.0, abs=3.0)  # shift and white line
        assert counts[12640] < 0.1 * counts[12688] < 0.08 * counts[peak_ev]

    in_virtual_time(work)


def test_a_burst_of_puts_ends_at_the_last_one():
    async def work(site):
        energies_ev = [9000.0 + number for number in range(300)]
        await asyncio.gather(*(site.put("BEAM:ENERGY", energy_ev) for energy_ev in energies_ev))
        assert site.get("BEAM:ENERGY_RBV") == pytest.approx(9299.0, abs=1e-3)
        assert site.clock.now_s() < 40

    in_virtual_time(work)
