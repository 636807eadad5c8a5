import asyncio

import numpy as np
import pytest
from sim_bench import LATE_S, Bench, on_bench

from mxplans_sim.servers.epics.channels import Refused


@pytest.mark.parametrize(
    ("name", "value", "travel_s"),
    [("SHUTTER", "Open", 0.06), ("BACKLIGHT", "In", 0.5), ("APERTURE", "Small", 1.0), ("CAM:Zoom", "Fine", 1.5)],
)
def test_a_put_completes_when_the_readback_shows_the_choice(name, value, travel_s):
    async def work(bench: Bench):
        taken = await bench.seconds(bench.put(name, value))
        assert taken == pytest.approx(travel_s, abs=LATE_S)
        assert bench.get(f"{name}_RBV") == value
        again = await bench.seconds(bench.put(name, value))
        assert again < travel_s or travel_s < LATE_S  # it is there already
        with pytest.raises(Refused, match="does not exist"):
            await bench.put(name, 7)

    on_bench(work)


def test_numbers_choose_as_names_do():
    async def work(bench: Bench):
        await bench.put("APERTURE", np.uint16(1))
        assert (bench.get("APERTURE_RBV"), bench.get("APERTURE:SIZE_RBV")) == ("Medium", 50.0)

    on_bench(work)


def test_transmission_is_a_fraction():
    async def work(bench: Bench):
        await bench.put("ATTEN:TRANSMISSION", 0.25)
        assert bench.get("ATTEN:TRANSMISSION_RBV") == bench.world.beam.transmission_frac == 0.25
        with pytest.raises(Refused, match="allowed is 0 to 1"):
            await bench.put("ATTEN:TRANSMISSION", 25)

    on_bench(work)


def test_zoom_brings_scale_and_beam_mark():
    async def work(bench: Bench):
        coarse = [bench.get(f"CAM:{name}_RBV") for name in ("UmPerPixel", "BeamX", "BeamY")]
        await bench.put("CAM:Zoom", "Fine")
        fine = [bench.get(f"CAM:{name}_RBV") for name in ("UmPerPixel", "BeamX", "BeamY")]
        assert (coarse[0], fine[0]) == (2.4, 1.2)
        assert coarse[1:] != fine[1:]

    on_bench(work)


def test_acquire_completes_with_a_new_image_of_the_present_pose():
    async def work(bench: Bench):
        bench.world.robot.mounted = (1, 1)
        await bench.put("BACKLIGHT", "In")

        async def picture():
            await bench.put("CAM:cam1:Acquire", 1)
            return np.frombuffer(bench.get("CAM:image1:ArrayData"), np.uint8).reshape(512, 680).astype(float)

        first = await picture()
        counter, stamp = bench.get("CAM:image1:UniqueId_RBV"), bench.get("CAM:image1:TimeStamp_RBV")
        await bench.put("X", 0.5)
        second = await picture()
        assert bench.get("CAM:cam1:Acquire") == "Done"
        assert bench.get("CAM:image1:UniqueId_RBV") == counter + 1
        assert bench.get("CAM:image1:TimeStamp_RBV") > stamp
        moved_px = round(500 / 2.4)
        assert np.abs(first - second).mean() > 1
        dark_first, dark_second = (np.flatnonzero((image < 60).any(axis=0))[0] for image in (first, second))
        assert dark_second - dark_first == pytest.approx(moved_px, abs=3)

    on_bench(work)


def test_images_are_taken_one_after_the_other():
    async def work(bench: Bench):
        await asyncio.gather(*(bench.put("CAM:cam1:Acquire", 1) for _ in range(3)))
        assert bench.get("CAM:image1:UniqueId_RBV") == 3

    on_bench(work)
