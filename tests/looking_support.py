"""A beamline of names whose camera sees a specimen: messages are simulated, pictures and analyses are real."""

import threading

import numpy as np
from viewer_support import at_motors

from mxplans.centring.detection import ClassicalDetector
from mxplans.model.detection import AngleTrack, StampedFrame
from mxplans_sim.world.optics import ON_AXIS, Exposure, Viewer
from mxplans_sim.world.recent import RecentFrames
from mxplans_sim.world.shadow import masks

ZOOMS = {zoom.name: zoom for zoom in ON_AXIS.zooms}
AXES = ("goniometer_x", "goniometer_y", "goniometer_z", "goniometer_omega")


class SeeingBench:
    """Lets a `RunEngineSimulator` run plans that look.

    Args:
        bl: The beamline of names.
        simulator: Runs the plans.
        specimen: What hangs on the goniometer; None for nothing.
        exposure: Light and camera.
        frozen: Whether a turn gives one frame again and again.
        detector: Finds the sample in pictures; the classical one when None.
        recent: Remembers the pictures, for a service that is to know what is true of them.
    """

    def __init__(self, bl, simulator, specimen, exposure=None, frozen=False, detector=None, recent=None):
        self.at = dict.fromkeys(AXES, 0.0) | {"viewer_zoom": "Coarse"}
        self.specimen, self.exposure, self.frozen = specimen, exposure or Exposure(), frozen
        self.viewer = Viewer(1)
        self.recent = RecentFrames() if recent is None else recent
        self.spins = []
        self.pictures = 0
        self._bl = bl
        object.__setattr__(bl, "sample_detector", detector or ClassicalDetector())
        simulator.message_handlers = []
        simulator.add_handler("set", self._moved, lambda message: message.obj.name in self.at)
        simulator.add_handler("set", self._spun, lambda message: message.obj.name == "goniometer_spin")
        simulator.add_handler("trigger", self._analysed, lambda message: hasattr(message.obj, "result"))
        reads = {axis: lambda axis=axis: self.at[axis] for axis in AXES} | {
            "viewer_frame": self.picture,
            "viewer_um_per_px": lambda: self.zoom.um_per_px,
            "viewer_beam_x_px": lambda: self.zoom.beam_x_px,
            "viewer_beam_y_px": lambda: self.zoom.beam_y_px,
        }
        for name, value in reads.items():
            simulator.add_handler("read", self._reading(name, value), name)

    @property
    def zoom(self):
        return ZOOMS[self.at["viewer_zoom"]]

    def picture(self, omega_deg=None, frame=None):
        self.pictures += 1
        x, y, z, omega = (self.at[axis] for axis in AXES)
        placement = at_motors(x, y, z, omega if omega_deg is None else omega_deg)
        number = self.pictures if frame is None else frame
        zoom, specimen = self.zoom, self.specimen
        image = self.viewer.take(specimen, placement, zoom, 0.0, self.exposure, frame=number)
        self.recent.keep(
            image, zoom.um_per_px, lambda: masks(self.viewer.shadow(specimen, placement, zoom, 0.0)) if specimen else {}
        )
        return image

    @staticmethod
    def _reading(name, value):
        return lambda message: {name: {"value": value(), "timestamp": 0.0}}

    def _moved(self, message):
        value = message.args[0]
        self.at[message.obj.name] = value if message.obj.name == "viewer_zoom" else float(value)

    def _spun(self, message):
        spin = message.args[0]
        self.spins.append(spin)
        omegas = np.arange(spin.start_deg, spin.end_deg, spin.sense * 10.0)
        times = np.abs(omegas - spin.start_deg) / spin.speed_deg_s
        seen = [omegas[0]] * len(omegas) if self.frozen else omegas
        self._bl.viewer.recorder.frames = tuple(
            StampedFrame(float(time_s), self.picture(omega, frame=0 if self.frozen else None))
            for time_s, omega in zip(times, seen, strict=True)
        )
        self._bl.goniometer.spin.track = AngleTrack(
            np.array([0.0, spin.duration_s]), np.array([spin.start_deg, spin.end_deg])
        )
        self.at["goniometer_omega"] = spin.end_deg

    @staticmethod
    def _analysed(message):
        done = threading.Event()
        message.obj.trigger().add_callback(lambda _: done.set())
        assert done.wait(30)
