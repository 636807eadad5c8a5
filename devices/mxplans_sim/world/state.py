"""The world: all that stands at the virtual beamline, and its present state. Knows no protocol."""

from __future__ import annotations

import logging

import numpy as np

from mxplans_sim.clock import Clock
from mxplans_sim.settings import SampleTruth, WorldSettings
from mxplans_sim.truth import Truth
from mxplans_sim.world.beam import Beam
from mxplans_sim.world.burst import Array, Burst
from mxplans_sim.world.dewar import Dewar
from mxplans_sim.world.gate import Gate
from mxplans_sim.world.kinematics import Axis
from mxplans_sim.world.optics import ZOOMS, Image, Vector4, Viewer, Zoom, rotation_x
from mxplans_sim.world.program import AXES, Scan
from mxplans_sim.world.seeding import make_specimen, rng_for
from mxplans_sim.world.specimen import Specimen

_log = logging.getLogger(__name__)

OMEGA_LIMITS_DEG = (-3600.0, 3600.0)
START_DISTANCE_MM = 100.0


class World:
    """The beamline's state. Servers read and change it; it starts dark, with an empty goniometer at zero.

    Args:
        settings: The world file.
        dewar: Pins of the sample changer.
        clock: Simulated time.
        truth: Takes down what happens.

    Attributes:
        bursts: Where trains of frames are announced.
        axes: Goniometer axes by name.
        distance: Detector distance.
    """

    def __init__(self, settings: WorldSettings, dewar: Dewar, clock: Clock, truth: Truth) -> None:
        motion = settings.motion
        travel = (-motion.xyz_travel_mm, motion.xyz_travel_mm)
        self.settings = settings
        self.clock = clock
        self.truth = truth
        self.bursts = Gate()
        self.axes = {name: Axis(clock, 0.0, motion.xyz_mm_s, motion.xyz_ramp_s, travel) for name in AXES[:3]}
        self.axes["omega"] = Axis(clock, 0.0, motion.omega_deg_s, motion.omega_ramp_s, OMEGA_LIMITS_DEG)
        self.distance = Axis(clock, START_DISTANCE_MM, motion.distance_mm_s, motion.distance_ramp_s, motion.distance_mm)
        self.beam = Beam(settings.beam, clock, _axis_offset_mm(settings))
        self.shutter_open = False
        self.backlight_in = False
        self.zoom: Zoom = ZOOMS[0]
        self.mounted: tuple[int, int] | None = None
        self._viewer = Viewer(settings.seed)
        self._dewar = dewar
        self._specimens = self._hang(settings)

    def _hang(self, settings: WorldSettings) -> dict[tuple[int, int], Specimen]:
        specimens = {}
        known = {sample.name for pin in self._dewar.values() for sample in pin.samples}
        for name in sorted(set(settings.samples) - known):
            _log.warning("the world file tells of sample %s, which is not in the shipment", name)
        for place, pin in self._dewar.items():
            truth = settings.samples.get(pin.name, SampleTruth.model_validate({}))
            specimen = None if truth.missing else make_specimen(settings.seed, pin, truth)
            if specimen is not None:
                specimens[place] = specimen
            for sample in pin.samples:
                self.truth.add_sample(specimen, sample.name, place, truth.empty)
        return specimens

    @property
    def specimen(self) -> Specimen | None:
        """What hangs on the goniometer."""
        return None if self.mounted is None else self._specimens[self.mounted]

    @property
    def pose(self) -> Vector4:
        """Present x, y, z (mm) and omega (deg)."""
        x, y, z, omega = (self.axes[name].position for name in AXES)
        return x, y, z, omega

    @property
    def flux_hz(self) -> float:
        """Photons per second that reach sample and detector now."""
        return self.beam.flux_hz if self.shutter_open and not self.backlight_in else 0.0

    def has_pin(self, place: tuple[int, int]) -> bool:
        """Whether a pin stands in a place (puck, pin) of the dewar."""
        return place in self._specimens and place != self.mounted

    def name_at(self, place: tuple[int, int]) -> str:
        """Name of the sample that belongs in a place; empty for none."""
        return self._dewar[place].name if place in self._dewar else ""

    def barcode(self) -> str:
        """Barcode of the mounted pin; empty for none."""
        return self._dewar[self.mounted].barcode if self.mounted else ""

    def take_picture(self, pose: Vector4) -> Image:
        """What the on-axis viewer sees at a pose in the present light."""
        return self._viewer.expose(self.specimen, pose, self.zoom, self.beam.axis_offset_mm, self.backlight_in)

    def still(self, images: int, exposure_s: float) -> Burst:
        """Frames without a motion, beginning now."""
        poses = np.tile(np.array(self.pose), (images, 1))
        return self._burst(poses, np.zeros(4), exposure_s)

    def row(self, scan: Scan, index: int) -> Burst:
        """Frames of a row of a scan, beginning now."""
        return self._burst(scan.frames(index), scan.row(index)[1], scan.exposure_s)

    def _burst(self, begins: Array, step: Array, exposure_s: float) -> Burst:
        number = len(begins)
        return Burst(
            specimen=self.specimen,
            mount=np.eye(3),
            spindle_mm=begins[:, :3] + step[:3] / 2,
            lab_mm=np.zeros((number, 3)),
            omega_start_deg=begins[:, 3],
            omega_width_deg=float(step[3]),
            exposure_s=exposure_s,
            beam_mm=np.tile([0.0, self.beam.axis_offset_mm], (number, 1)),
            beam_fwhm_um=self.beam.fwhm_um,
            beam_profile="gaussian",
            flux_hz=np.full(number, self.flux_hz),
            energy_ev=self.beam.energy_ev,
            distance_mm=self.distance.position,
            ends_at_s=self.clock.now_s() + number * exposure_s,
        )

    def crystal_offset_um(self, scan: Scan) -> list[float] | None:
        """Nearest crystal centre minus the beam, in the middle of a scan, in goniometer axes; None without a crystal."""
        if self.specimen is None or not self.specimen.crystals:
            return None
        first, last = scan.frames(0)[0], scan.frames(scan.rows - 1)[-1] + scan.row(scan.rows - 1)[1]
        middle = (first + last) / 2
        beam = rotation_x(-middle[3]) @ [0.0, self.beam.axis_offset_mm, 0.0]
        offsets = [np.array(crystal.centre_mm) + middle[:3] - beam for crystal in self.specimen.crystals]
        nearest = min(offsets, key=lambda offset: float(np.linalg.norm(offset)))
        return [round(float(value) * 1000, 3) for value in nearest]


def _axis_offset_mm(settings: WorldSettings) -> float:
    given = settings.beam.axis_offset_um
    offset_um = float(rng_for(settings.seed, "axis offset").uniform(-5.0, 5.0)) if given is None else given
    return offset_um / 1000
