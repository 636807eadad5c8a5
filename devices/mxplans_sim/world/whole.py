"""What parts of the world may ask of the whole."""

from __future__ import annotations

from typing import Protocol

from mxplans_sim.clock import Clock
from mxplans_sim.settings import WorldSettings
from mxplans_sim.truth import Truth
from mxplans_sim.world.actuator import Actuator
from mxplans_sim.world.beam import Beam
from mxplans_sim.world.burst import Burst
from mxplans_sim.world.goniometer import Goniometer
from mxplans_sim.world.hooks import FaultSource
from mxplans_sim.world.kinematics import Axis
from mxplans_sim.world.placement import Placement
from mxplans_sim.world.plate_stage import PlateStage
from mxplans_sim.world.program import Scan
from mxplans_sim.world.specimen import Specimen
from mxplans_sim.world.storage import Storage
from mxplans_sim.world.surroundings import Surroundings


class Whole(Protocol):
    """The world, as its robot, its motion program and its cameras see it."""

    settings: WorldSettings
    clock: Clock
    truth: Truth
    faults: FaultSource
    gonio: Goniometer
    axes: dict[str, Axis]
    distance: Axis
    beam: Beam
    storage: Storage
    shutter: Actuator
    plate: PlateStage | None
    surroundings: Surroundings

    @property
    def sample_name(self) -> str:
        """Name of the sample on the goniometer; empty for none."""
        ...

    @property
    def specimen(self) -> Specimen | None:
        """What hangs on the goniometer now."""
        ...

    def placement_at(self, at_s: float) -> Placement:
        """Where it stands at a time near now."""
        ...

    @property
    def backlight_in(self) -> bool:
        """Whether the backlight is behind the sample."""
        ...

    @property
    def beam_passes(self) -> bool:
        """Whether the beam gets through to the sample."""
        ...

    def exchange_error_mm(self) -> float:
        """How far the goniometer is from where the robot expects it."""
        ...

    def scan_burst(self, scan: Scan, row: int, first: int, number: int, row_begins_s: float) -> Burst:
        """Some frames of a row that began at a simulated time."""
        ...

    def publish(self, burst: Burst) -> None:
        """Let the detector see frames that begin now."""
        ...

    def note_scan(self, scan: Scan, images_done: int) -> None:
        """Write down what a scan has exposed."""
        ...
