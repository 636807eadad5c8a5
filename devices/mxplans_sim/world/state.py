"""The world: all that stands at the virtual beamline, and its present state. Knows no protocol."""

from __future__ import annotations

from collections.abc import Mapping

from mxplans_sim.clock import Clock
from mxplans_sim.settings import WorldSettings
from mxplans_sim.truth import Truth
from mxplans_sim.world.actuator import IN, OUT, Actuator
from mxplans_sim.world.baton import Baton
from mxplans_sim.world.beam import Beam
from mxplans_sim.world.burst import Burst
from mxplans_sim.world.camera import Camera
from mxplans_sim.world.dewar import Dewar
from mxplans_sim.world.dose import DoseLedger
from mxplans_sim.world.emitters import in_the_beam
from mxplans_sim.world.frames import Frames
from mxplans_sim.world.gate import Gate
from mxplans_sim.world.goniometer import TRANSLATIONS, Goniometer
from mxplans_sim.world.hooks import FaultSource, NoFaults
from mxplans_sim.world.kinematics import Axis
from mxplans_sim.world.placement import Placement
from mxplans_sim.world.plate_stage import PlateStage
from mxplans_sim.world.program import Scan
from mxplans_sim.world.robot import Robot
from mxplans_sim.world.scanner import Scanner
from mxplans_sim.world.seeding import rng_for
from mxplans_sim.world.specimen import Specimen
from mxplans_sim.world.storage import Storage
from mxplans_sim.world.surroundings import Surroundings
from mxplans_sim.world.thaw import Warmth, thawed
from mxplans_sim.world.unsteady import frosted, with_faults

OMEGA_LIMITS_DEG = (-3600.0, 3600.0)


class World:
    """The beamline's state. Servers read and change it; it starts dark, with an empty goniometer at zero.

    Args:
        settings: The world file.
        dewar: Pins of the sample changer.
        clock: Simulated time.
        truth: Takes down what happens.
        faults: What goes wrong, and when.

    Attributes:
        bursts: Where trains of frames are announced.
        gonio: The chain of the goniometer's axes.
        axes: Goniometer axes by name.
        distance: Detector distance.
        storage: The pins of the dewar.
        surroundings: Hutch, cryostream, beamstop, diodes, fluorescence detector.
        baton: Who has the beamline.
        dose: What the crystals have taken.
        plate: A plate in place of pins, None when there is none.
        robot: The sample changer.
        scanner: The motion program.
        camera: The on-axis viewer.
        side_camera: A coarse camera at right angles to it.
        shutter: The fast shutter; so are backlight, aperture and zoom actuators.
        aperture_slide: Brings the aperture in or out.
    """

    def __init__(
        self, settings: WorldSettings, dewar: Dewar, clock: Clock, truth: Truth, faults: FaultSource | None = None
    ) -> None:
        timing, motion = settings.timing, settings.motion
        self.settings = settings
        self.clock = clock
        self.truth = truth
        self.faults: FaultSource = faults or NoFaults()
        self.bursts = Gate()
        self.gonio = Goniometer(settings.goniometer, settings.seed)
        self.axes: dict[str, Axis] = {name: self._axis(name) for name in self.gonio.axes}
        self.distance = Axis(
            "distance",
            clock,
            motion.distance_start_mm,
            motion.distance_mm_s,
            motion.distance_ramp_s,
            motion.distance_mm,
            faults=self.faults,
        )
        self.beam = Beam(settings.beam, clock, _axis_offset_mm(settings), settings.seed, self.faults)
        self.storage = Storage(settings, dewar, truth)
        self.shutter = Actuator("shutter", ("Closed", "Open"), timing.shutter_s, clock, self.faults)
        self.backlight = Actuator("backlight", ("Out", "In"), timing.backlight_s, clock, self.faults)
        self.aperture = Actuator(
            "aperture", tuple(self.beam.apertures), timing.aperture_s, clock, self.faults, self.beam.aperture
        )
        self.aperture.changed.subscribe(self._select_aperture)
        self.aperture_slide = Actuator("aperture_slide", (IN, OUT), timing.aperture_s, clock, self.faults)
        self.aperture_slide.changed.subscribe(self._place_aperture)
        levels = tuple(level.name for level in settings.camera.zooms)
        self.zoom = Actuator("zoom", levels, timing.zoom_s, clock, self.faults)
        self.surroundings = Surroundings(
            settings.beam,
            settings.environment,
            clock,
            settings.seed,
            self.beam,
            (self.shutter, self.backlight, self.aperture, self.aperture_slide),
            lambda: self.flux_hz,
            self._elements,
            self.faults,
        )
        self.baton = Baton()
        self.dose = DoseLedger(settings.diffraction)
        self.plate: PlateStage | None = (
            None if settings.plate is None else PlateStage(settings.plate, settings.seed, clock)
        )
        self._warmth = Warmth(self.surroundings.cryo)
        self.robot = Robot(self)
        self.robot.changed.subscribe(lambda: self._warmth.mount(self.sample_name))
        self._frames = Frames(self)
        self.scanner = Scanner(self)
        self.camera = Camera(self, settings.camera, lambda: self.zoom.state)
        self.side_camera = Camera(self, settings.side_camera, lambda: settings.side_camera.zooms[0].name)

    def _axis(self, name: str) -> Axis:
        motion, settings = self.settings.motion, self.settings.goniometer
        if name in TRANSLATIONS:
            travel = (-motion.xyz_travel_mm, motion.xyz_travel_mm)
            backlash_mm = settings.backlash_um / 1000
            return Axis(name, self.clock, 0.0, motion.xyz_mm_s, motion.xyz_ramp_s, travel, backlash_mm, self.faults)
        limits = {"chi": settings.chi_deg, "kappa": settings.kappa_deg}.get(name, OMEGA_LIMITS_DEG)
        speed = motion.omega_deg_s if name == "omega" else settings.chi_deg_s
        return Axis(name, self.clock, 0.0, speed, motion.omega_ramp_s, limits, faults=self.faults)

    def _select_aperture(self) -> None:
        self.beam.aperture = self.aperture.state

    def _place_aperture(self) -> None:
        self.beam.aperture_in = self.aperture_slide.state == IN

    @property
    def sample_name(self) -> str:
        """Name of the sample on the goniometer; empty for none."""
        return "" if self.robot.mounted is None else self.storage.name(self.robot.mounted)

    @property
    def specimen(self) -> Specimen | None:
        """What hangs on the goniometer now, with the frost that has grown on it."""
        if self.plate is not None:
            return self.plate.specimen
        place = self.robot.mounted
        found = None if place is None else self.storage.specimen(place)
        if found is None:
            return None
        found = thawed(with_faults(found, self.faults, self.sample_name), self._warmth.frac())
        if not found.frost_um_h:
            return found
        return frosted(found, (self.clock.now_s() - self.robot.mounted_at_s) / 3600, self.settings.seed)

    @property
    def placement(self) -> Placement:
        """Where the specimen stands now, errors of the bearings included."""
        return self.gonio.placement({name: axis.driven for name, axis in self.axes.items()})

    def placement_at(self, at_s: float) -> Placement:
        """Where the specimen stands at another time of the present motions, or a moment before or after them."""
        return self.gonio.placement({name: axis.driven_at(at_s) for name, axis in self.axes.items()})

    @property
    def backlight_in(self) -> bool:
        """Whether the backlight is behind the sample, in the beam's way."""
        return self.backlight.state == "In"

    @property
    def flux_hz(self) -> float:
        """Photons per second that reach sample and detector now."""
        return self.beam.flux_hz if self.beam_passes else 0.0

    @property
    def beam_passes(self) -> bool:
        """Whether hutch shutter, fast shutter and backlight let the beam through to the sample."""
        return self.surroundings.hutch.beam_in and self.shutter.state == "Open" and not self.backlight_in

    def _elements(self) -> Mapping[str, float] | None:
        """What the beam meets now, mmol/l by element; None when it meets nothing."""
        known = self.settings.environment.fluorescence
        return in_the_beam(self.still(1, 1.0), known.of(self.sample_name), known.thickness_um / 1000)

    def exchange_error_mm(self) -> float:
        """How far the goniometer is from where the robot expects it."""
        return max(abs(self.axes[name].position) for name in TRANSLATIONS)

    def publish(self, burst: Burst) -> None:
        """Let the detector see frames that begin now."""
        self.bursts.publish(self.dose.expose(burst))

    def still(self, images: int, exposure_s: float) -> Burst:
        """Frames without a motion, beginning now."""
        return self._frames.still(images, exposure_s)

    def watch(self, begins_s: float, number: int, exposure_s: float, period_s: float) -> list[Burst]:
        """Frames at times of the detector's own, with what they add to the dose; see `Frames.watch`."""
        bursts = self._frames.watch(begins_s, number, exposure_s, period_s)
        # What a scan does to the sample is counted with its own frames.
        return [self.dose.known(each) if self.scanner.running else self.dose.expose(each) for each in bursts]

    def scan_burst(self, scan: Scan, row: int, first: int, number: int, row_begins_s: float) -> Burst:
        """Some frames of a row that began at a simulated time."""
        return self._frames.scan(scan, row, first, number, row_begins_s)

    def note_scan(self, scan: Scan, images_done: int) -> None:
        """Write down what a scan has exposed, and how far off the beam its crystal was."""
        self._frames.note(scan, images_done)


def _axis_offset_mm(settings: WorldSettings) -> float:
    given = settings.beam.axis_offset_um
    offset_um = float(rng_for(settings.seed, "axis offset").uniform(-5.0, 5.0)) if given is None else given
    return offset_um / 1000
