import asyncio
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from surroundings_support import Site, in_virtual_time

from mxplans_sim.clock import RealClock
from mxplans_sim.servers.epics.channels import Refused
from mxplans_sim.servers.epics.server import EpicsServer
from mxplans_sim.world import elements


def test_a_put_to_erase_start_completes_with_the_spectrum():
    async def work(site):
        await site.put("MCA:POSITION", "In")
        await site.put("ATTEN:TRANSMISSION", 0.01)
        await site.put("BEAM:ENERGY", 12700.0)
        await site.put("MCA:mca1.PRTM", 2.0)
        assert await site.seconds(site.put("MCA:mca1EraseStart", 1)) == pytest.approx(2.0, abs=0.01)
        spectrum = np.array(site.get("MCA:mca1"))
        energies_kev = site.get("MCA:mca1.CALO") + site.get("MCA:mca1.CALS") * np.arange(len(spectrum))
        assert len(spectrum) == site.get("MCA:mca1.NUSE") == 2048
        top_kev = energies_kev[spectrum.argmax()]
        assert top_kev == pytest.approx(11.21, abs=0.03)  # K alpha 1 and 2 of selenium
        assert site.get("MCA:mca1.ERTM") == pytest.approx(2.0)
        dead = site.get("MCA:mca1.DTIM")
        assert 0 < dead < 20
        assert site.get("MCA:mca1.ELTM") == pytest.approx(2.0 * (1 - dead / 100))
        assert site.get("MCA:InputCountRate") == pytest.approx(spectrum.sum() / site.get("MCA:mca1.ELTM"))

    in_virtual_time(work)


def test_start_goes_on_and_erase_forgets():
    async def work(site):
        await site.put("MCA:POSITION", "In")
        await site.put("MCA:mca1.PRTM", 0.0)
        counting = asyncio.create_task(site.put("MCA:mca1Start", 1))
        await site.clock.sleep(3.0)
        assert site.get("MCA:mca1.ACQG") == 1
        with pytest.raises(Refused, match="it is counting"):
            await site.put("MCA:mca1EraseStart", 1)
        await site.put("MCA:mca1Stop", 1)
        await counting
        assert (site.get("MCA:mca1.ACQG"), site.get("MCA:mca1.ERTM")) == (0, pytest.approx(3.0, abs=0.01))
        await site.put("MCA:mca1.ERAS", 1)
        assert site.get("MCA:mca1.ERTM") == 0
        assert not any(site.get("MCA:mca1"))

    in_virtual_time(work)


def test_a_region_sums_its_channels():
    async def work(site):
        await site.put("MCA:POSITION", "In")
        await site.put("MCA:mca1EraseStart", 1)
        await site.put("MCA:mca1.R1LO", 1000)
        await site.put("MCA:mca1.R1HI", 1300)
        await site.put("MCA:mca1.R1NM", "scatter")
        assert site.get("MCA:mca1.R1") == sum(site.get("MCA:mca1")[1000:1301]) > 0
        assert (site.get("MCA:mca1.R0"), site.get("MCA:mca1.R1NM")) == (0, "scatter")
        with pytest.raises(Refused, match="outside of 0 to 2047"):
            await site.put("MCA:mca1.R1HI", 2048)

    in_virtual_time(work)


@pytest.mark.parametrize(("name", "value"), [("PRTM", -1.0), ("PLTM", 1e6), ("PRTM", float("nan")), ("MODE", 1)])
def test_presets_and_modes_that_are_not_possible_are_refused(name, value):
    async def work(site):
        with pytest.raises(Refused):
            await site.put(f"MCA:mca1.{name}", value)

    in_virtual_time(work)


def test_without_the_library_counting_is_refused(monkeypatch):
    async def work(site):
        elements.library.cache_clear()
        monkeypatch.setitem(sys.modules, "xraylib", None)
        await site.put("MCA:POSITION", "In")
        with pytest.raises(Refused, match="pip install xraylib"):
            await site.put("MCA:mca1EraseStart", 1)
        assert site.get("MCA:mca1.ACQG") == 0

    for cached in (elements.library, elements.lines, elements.shell, elements.atomic_number):
        cached.cache_clear()
    in_virtual_time(work)
    elements.library.cache_clear()


CLIENT = """
import json
from ophyd import EpicsMotor, EpicsSignal
from ophyd.mca import EpicsMCARecord
mca, gap = EpicsMCARecord("MCA:mca1", name="mca"), EpicsMotor("UNDULATOR:GAP", name="gap")
start = EpicsSignal("MCA:mca1EraseStart", put_complete=True, name="start")
ring = EpicsSignal("RING:CURRENT_RBV", name="ring")
for part in (mca, gap, start, ring):
    part.wait_for_connection(timeout=10)
shutter, seen = EpicsSignal("HUTCH:SHUTTER_RBV", write_pv="HUTCH:SHUTTER", string=True, name="shutter"), []
shutter.wait_for_connection(timeout=10)
shutter.subscribe(lambda value, **_: seen.append(value))
shutter.set("Closed").wait(10)
shutter.set("Open").wait(10)
mca.mode.set("PHA").wait(10)
mca.preset_real_time.set(2.0).wait(10)
EpicsSignal("MCA:POSITION", put_complete=True, name="slide").set(1).wait(10)
start.set(1).wait(10)
first, gap_mm = ring.get(), gap.position
gap.set(gap_mm + 0.2).wait(10)
print(json.dumps({"counts": int(mca.spectrum.get().sum()), "real_s": mca.elapsed_real_time.get(),
                  "moved_mm": gap.position - gap_mm, "current_ma": first, "later_ma": ring.get(), "shutter": seen[-2:]}))
"""


def test_ophyds_own_devices_work_over_the_network():
    class Records:
        def __init__(self, site):
            self.site, self.channels = site, site.channels

        async def watch(self):
            await asyncio.gather(*(part.watch() for part in self.site.parts))

        async def stop(self):
            for part in self.site.parts:
                await part.stop()

    async def main():
        server = EpicsServer(Records(Site(RealClock(20.0))))
        address = (await server.start(0))["ca_addr"]
        variables = {"EPICS_CA_ADDR_LIST": address, "EPICS_CA_AUTO_ADDR_LIST": "NO", "EPICS_CA_REPEATER_PORT": "1"}
        try:
            run = [sys.executable, "-W", "ignore", "-c", CLIENT]
            return await asyncio.to_thread(
                subprocess.run, run, env=os.environ | variables, capture_output=True, text=True, timeout=50
            )
        finally:
            await server.stop()

    ended = asyncio.run(main())
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["counts"] > 10_000
    assert found["real_s"] == pytest.approx(2.0)
    assert found["moved_mm"] == pytest.approx(0.2)
    assert found["shutter"] == ["Closed", "Open"]
    assert 299 < found["later_ma"] < found["current_ma"] < 300
