"""A sample on a goniometer of names, and experiments on it."""

import numpy as np
from plan_support import spots
from told_support import Pausing

from mxplans.errors import SampleProblem
from mxplans.model import Pose, SampleLocation
from mxplans.plans.ledger import MemoryLedger
from mxplans.plans.optical import OpticalCentre
from mxplans.profile import Collection, Limits, OpticalCentring, XrayCentring
from mxplans.udc import MountedSample, NightSettings, Work, experiment

PIN = (1, 1)
CENTRE = OpticalCentre(Pose(x_mm=0.1, y_mm=0.2, z_mm=0.3, omega_deg=30.0), 200.0, 100.0, 60.0)
SETTINGS = NightSettings(
    beamline="names",
    optical=OpticalCentring(zoom="1"),
    xray=XrayCentring(aperture="Medium"),
    collection=Collection(aperture="Medium", distance_mm=100),
    limits=Limits.model_validate(
        {"apertures": {"Medium": {"horizontal_um": 50, "vertical_um": 50}}, "aperture": "Medium"}
    ),
)
FIELD = np.full((64, 64), 180, np.uint8)
AXES = ("goniometer_x", "goniometer_y", "goniometer_z")


class Bench:
    """A beamline of names with a pin on it, and what its worker knows.

    Args:
        bl: The beamline.
        engine: The RunEngine.
        pause_behind: Pauses behind the first message that it accepts.
        sample: What is known of the pin; None for one that is centred with light.
        ledger: Remembers the scans; None for one that forgets.
    """

    def __init__(self, bl, engine, pause_behind=lambda message: False, sample=None, ledger=None):
        reads = dict.fromkeys(AXES, 0.0) | {"goniometer_omega": 0.0, "viewer_frame": FIELD}
        does = {
            "goniometer_scan": self._scan,
            "spot_finder": self._find,
            "sample_changer_load": self._load,
            "sample_changer_unload": self._unload,
        }
        self.bl, self.engine = bl, engine
        self.told = Pausing(engine, pause_behind, reads, does)
        self.lit = {8}
        self.pins = {PIN}
        known = MountedSample(location=SampleLocation(puck=PIN[0], pin=PIN[1]), optical=CENTRE)
        self.work = Work(SETTINGS, sample or known, ledger or MemoryLedger())
        self.results = []

    def _scan(self, motion):
        """A scan leaves the sample where its motion ends."""
        for name, begin, step, row in zip(AXES, motion.start.xyz_mm, motion.step_mm, motion.row_step_mm, strict=True):
            self.told.reads[name] = begin + step * motion.images_per_row + row * (motion.rows - 1)

    def _load(self, location):
        """The robot mounts what is there."""
        if (location.puck, location.pin) not in self.pins:
            raise SampleProblem(f"no pin at {location.puck}:{location.pin}")
        self._hang(1, location.puck, location.pin)

    def _unload(self, _):
        self._hang(0, 0, 0)

    def _hang(self, mounted, puck, pin):
        for name, value in (("pin_mounted", mounted), ("current_puck", puck), ("current_pin", pin)):
            self.told.reads[f"sample_changer_{name}"] = value

    def _find(self, request):
        self.bl.spot_finder.frames = spots(request.number_images, self.lit)

    def plan(self, item, **how):
        """One attempt at an item."""
        self.results.append((yield from experiment(self.bl, item, self.work, **how)))

    def run(self, item, **how):
        """Run an item; what became of it."""
        self.engine(self.plan(item, **how))
        return self.results[-1].outcome

    def run_with_pause(self, item, **how):
        """The same through a pause."""
        self.told.run(self.plan(item, **how))
        return self.results[-1].outcome

    @property
    def loads(self):
        """How often the robot was asked for a pin."""
        return len(self.told.values("sample_changer_load"))

    @property
    def starts_mm(self):
        """Where each scan began (x, y, z)."""
        return [motion.start.xyz_mm for motion in self.told.values("goniometer_scan")]

    @property
    def pictures_deg(self):
        """From where each picture was taken (omega)."""
        return self.told.records("snapshot_omega_deg")

    def scanned(self, role):
        """Start documents of the scans of a role."""
        starts = [document["mxplans"] for name, document in self.told.documents if name == "start"]
        return [start for start in starts if start["role"] == role]
