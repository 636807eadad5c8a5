"""The camera as areaDetector clients see it: ophyd's own classes over Channel Access, and all modes in this process."""

import asyncio
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from ophyd import Component, DynamicDeviceComponent
from ophyd.areadetector import DetectorBase, SingleTrigger
from ophyd.areadetector.base import EpicsSignalWithRBV
from ophyd.areadetector.cam import CamBase
from ophyd.areadetector.plugins import ImagePlugin
from sim_bench import LATE_S, Bench, on_bench

from mxplans_sim.servers.epics.channels import Refused

WIDTH, HEIGHT = 680, 512


class Viewer(SingleTrigger, DetectorBase):
    cam = Component(CamBase, "cam1:")
    image1 = Component(ImagePlugin, "image1:")

    def picture(self) -> Any:
        """Gray values; `image1.image` of ophyd asks for the product of depth 0 and height."""
        pixels = self.image1.array_data.get(timeout=10)
        return np.reshape(pixels, (self.image1.height.get(), self.image1.width.get()))


@pytest.fixture
def viewer(virtual_beamline: Any) -> Iterator[Viewer]:
    viewer = Viewer(f"{virtual_beamline.ca_prefix}CAM:", name="viewer")
    viewer.wait_for_connection(timeout=10)
    kept = {signal: signal.get() for signal in (viewer.cam.acquire_time, viewer.cam.gain, viewer.cam.image_mode)}
    yield viewer
    for signal, value in kept.items():
        signal.set(value).wait(10)
    viewer.destroy()


def names_of(cls: Any, prefix: str) -> Iterator[str]:
    """Process variables of an ophyd class, those of lazy components as well."""
    for name in cls.component_names:
        component = getattr(cls, name)
        if isinstance(component, DynamicDeviceComponent):
            parts = [(kind, suffix) for kind, suffix, _ in component.defn.values()]
        else:
            parts = [(component.cls, component.suffix)]
        for kind, suffix in parts:
            if suffix is not None:
                yield prefix + suffix
                if issubclass(kind, EpicsSignalWithRBV):
                    yield f"{prefix}{suffix}_RBV"


def test_every_name_of_ophyds_classes_is_served() -> None:
    async def work(bench: Bench) -> None:
        wanted = {*names_of(CamBase, "CAM:cam1:"), *names_of(ImagePlugin, "CAM:image1:")}
        assert len(wanted) > 100
        assert wanted - set(bench.channels) == set()

    on_bench(work)


def test_ophyds_detector_takes_an_image_over_channel_access(viewer: Viewer) -> None:
    viewer.stage()
    try:
        before = viewer.image1.unique_id.get()
        viewer.trigger().wait(20)
        assert viewer.image1.unique_id.get() > before
        image = viewer.picture()
    finally:
        viewer.unstage()
    assert (image.shape, image.dtype) == ((HEIGHT, WIDTH), np.uint8)
    assert viewer.cam.detector_state.get(as_string=True) == "Idle"
    assert viewer.cam.num_images_counter.get() == 1


def test_exposure_time_and_gain_make_a_brighter_picture(viewer: Viewer) -> None:
    def mean() -> float:
        viewer.trigger().wait(20)
        return float(np.mean(viewer.picture())) - 4.0  # the sensor's black level

    viewer.stage()
    try:
        first = mean()
        viewer.cam.gain.set(0.04).wait(10)
        assert mean() == pytest.approx(2 * first, rel=0.03)  # read noise, cut off at 0, adds 1 %
        viewer.cam.acquire_time.set(0.02).wait(10)
        assert mean() == pytest.approx(4 * first, rel=0.03)
    finally:
        viewer.unstage()


def test_acquisition_goes_on_until_it_is_stopped(viewer: Viewer) -> None:
    viewer.cam.image_mode.set("Continuous").wait(10)
    before = viewer.image1.unique_id.get()
    viewer.cam.acquire.put(1, wait=False)
    asyncio.run(_seen(lambda: viewer.image1.unique_id.get() >= before + 3))
    assert viewer.cam.detector_state.get(as_string=True) == "Acquire"
    viewer.cam.acquire.set(0).wait(10)
    last = viewer.image1.unique_id.get()
    asyncio.run(asyncio.sleep(0.2))
    assert viewer.image1.unique_id.get() == last
    assert viewer.cam.detector_state.get(as_string=True) == "Idle"


async def _seen(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


def test_multiple_images_come_at_most_one_a_period() -> None:
    async def work(bench: Bench) -> None:
        await bench.put("CAM:cam1:ImageMode", "Multiple")
        await bench.put("CAM:cam1:NumImages", 3)
        await bench.put("CAM:cam1:AcquirePeriod", 5.0)
        taken = await bench.seconds(bench.put("CAM:cam1:Acquire", 1))
        assert taken == pytest.approx(10.0 + 0.01, abs=1 / 30 + LATE_S)  # two periods, an exposure and the wait for it
        assert bench.get("CAM:cam1:NumImagesCounter_RBV") == 3
        assert bench.get("CAM:cam1:ArrayCounter_RBV") == bench.get("CAM:image1:ArrayCounter_RBV") == 3

    on_bench(work)


def test_stopping_ends_a_long_acquisition_and_says_so() -> None:
    async def work(bench: Bench) -> None:
        await bench.put("CAM:cam1:AcquireTime", 10.0)
        acquisition = asyncio.ensure_future(bench.put("CAM:cam1:Acquire", 1))
        await bench.until(lambda: bench.get("CAM:cam1:DetectorState_RBV") == "Acquire")
        await bench.put("CAM:cam1:Acquire", 0)
        await acquisition
        assert bench.get("CAM:cam1:Acquire_RBV") == "Done"
        assert bench.get("CAM:cam1:DetectorState_RBV") == "Aborted"
        assert bench.get("CAM:image1:UniqueId_RBV") == 0

    on_bench(work)


def test_without_callbacks_images_do_not_reach_the_plugin() -> None:
    async def work(bench: Bench) -> None:
        await bench.put("CAM:image1:EnableCallbacks", "Disable")
        await bench.put("CAM:cam1:Acquire", 1)
        await bench.put("CAM:image1:EnableCallbacks", "Enable")
        await bench.put("CAM:cam1:ArrayCallbacks", "Disable")
        await bench.put("CAM:cam1:Acquire", 1)
        assert bench.get("CAM:cam1:ArrayCounter_RBV") == 2
        assert bench.get("CAM:image1:UniqueId_RBV") == bench.get("CAM:image1:ArrayCounter_RBV") == 0

    on_bench(work)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("AcquireTime", 11.0, "AcquireTime: 11 s is outside of 0.0001 to 10 s"),
        ("Gain", 0.0, "Gain: 0 gray values per electron is outside of"),
        ("NumImages", 0, "outside of 1 to"),
        ("AcquirePeriod", float("nan"), "nan s is outside of 0 to 3600 s"),
        ("BinX", 2, "BinX: 2 is not possible here; it is always 1"),
        ("ColorMode", "RGB1", "it is always Mono"),
        ("ImageMode", 3, "choice 3 does not exist, allowed are Single, Multiple, Continuous"),
    ],
)
def test_what_the_camera_cannot_do_is_refused(name: str, value: Any, told: str) -> None:
    async def work(bench: Bench) -> None:
        before = bench.get(f"CAM:cam1:{name}_RBV")
        with pytest.raises(Refused, match=told):
            await bench.put(f"CAM:cam1:{name}", value)
        assert bench.get(f"CAM:cam1:{name}_RBV") == before

    on_bench(work)
