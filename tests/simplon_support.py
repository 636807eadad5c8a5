"""A small detector for tests, and bursts for it."""

from dataclasses import replace

from burst_support import make_burst

from mxplans_sim.servers.simplon.detector import VirtualDetector
from mxplans_sim.settings import DetectorSettings
from mxplans_sim.virtual_time.kernel import Kernel
from mxplans_sim.virtual_time.loop import VirtualClock, VirtualLoop
from mxplans_sim.world.specimen import Crystal

DETECTOR = DetectorSettings.model_validate({"nx": 128, "ny": 96, "pixel_um": 600.0, "background": 60.0})
EYE = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
CRYSTAL = Crystal((0.0, 0.0, 0.0), (0.025, 0.025, 0.025), EYE, (79.1, 79.1, 37.9, 90, 90, 90), "P 43 21 2", EYE)


def burst(number, width_deg=0.2, x_mm=0.0, flux_hz=2.5e11, ends_at_s=0.0):
    return make_burst((CRYSTAL,), number, x_mm, flux_hz, omega_width_deg=width_deg, ends_at_s=ends_at_s)


def watch(begins_s, number, exposure_s, period_s):
    """Frames of the crystal at rest in the beam."""
    frames = replace(burst(number, width_deg=0.0), exposure_s=exposure_s, pause_s=period_s - exposure_s, pulses="none")
    return [replace(frames, ends_at_s=begins_s + number * period_s)]


def in_turn(bursts, begins_s):
    """Bursts one after the other."""
    for each in bursts:
        placed = replace(each, ends_at_s=begins_s + len(each) * each.period_s)
        yield placed
        begins_s = placed.ends_at_s


def in_virtual_time(folder, work, processes=0):
    """Result of `work(detector, clock)` with a detector on a clock that jumps."""
    kernel = Kernel(0.0)
    loop = VirtualLoop(kernel)
    clock = VirtualClock(kernel, loop)

    async def run():
        detector = VirtualDetector(clock, DETECTOR, folder, 1, watch, processes=processes)
        detector.start()
        try:
            return await work(detector, clock)
        finally:
            detector.stop()

    try:
        return loop.run_until_complete(run())
    finally:
        loop.close()
