"""What a plan needs from hardware, as Protocols. Any device that fits a role works in every plan.

A device's `name` is its role (`goniometer`, `detector`, ...), so that documents carry keys by role. Setting and
triggering return a Status at once and never block; a Status that fails carries an exception from `mxplans.errors`.
Simulated or real makes no difference here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from mxplans.model.acquisition import FrameSpots
from mxplans.model.detection import Detection, Look
from mxplans.roles._crystal_finding import CrystalFinder
from mxplans.roles._lims_ids import LimsIds, Otherwise
from mxplans.roles._protocols import Movable, Readable, Status, Triggerable
from mxplans.roles._turning import FrameRecorder, Spinner

__all__ = [
    "OPTIONAL_ROLES",
    "ROLES",
    "Aperture",
    "BacklightState",
    "Beam",
    "Beamline",
    "CrystalFinder",
    "Detector",
    "FrameRecorder",
    "Goniometer",
    "LimsIds",
    "Movable",
    "OnAxisViewer",
    "Otherwise",
    "Readable",
    "SampleChanger",
    "SampleDetector",
    "ShutterState",
    "Spinner",
    "SpotFinder",
    "Status",
    "Triggerable",
]


class ShutterState(StrEnum):
    """States of the fast shutter."""

    OPEN = "Open"
    CLOSED = "Closed"


class BacklightState(StrEnum):
    """Positions of the backlight: In lights the sample from behind, Out leaves the beam's way free."""

    IN = "In"
    OUT = "Out"


@runtime_checkable
class Goniometer(Readable, Protocol):
    """Turns and moves the sample.

    `omega` in degrees; `x` along the omega axis, `y` and `z` turning with it, in mm. Setting `scan` to a
    `ScanMotion` runs it with one detector trigger per image and the fast shutter open just during the images; its
    Status ends with the motion. `spin` turns omega for a camera. Where it can orient the sample it has `kappa`, `phi` or `chi` as well (deg, Movable).
    """

    omega: Movable
    x: Movable
    y: Movable
    z: Movable
    scan: Movable
    spin: Spinner


@runtime_checkable
class OnAxisViewer(Readable, Triggerable, Protocol):
    """The camera along the beam. A trigger takes one image that is newer than the trigger.

    `frame` is that image (height, width), uint8; `zoom` a level by name; `um_per_px`, `beam_x_px` and `beam_y_px`
    (index = pixel centre) belong to the present zoom. Setting `snapshot_file` to a path writes the present image
    there as PNG. `recorder` keeps what it sees while something moves.
    """

    frame: Readable
    zoom: Movable
    um_per_px: Readable
    beam_x_px: Readable
    beam_y_px: Readable
    snapshot_file: Movable
    recorder: FrameRecorder


@runtime_checkable
class Detector(Readable, Protocol):
    """An area detector that writes files.

    `prepare` takes `AcquisitionSettings`, sets, reads back and arms, for one scan or for several; `kickoff` starts the
    next one (with an external trigger it only checks that the detector is armed); `complete` ends when every frame of it
    is on disk; `unstage` and `stop` always end disarmed. `sequence_id` names the armed series. Frames come out as stream_resource and stream_datum.
    Where it writes HDF5 files it has `file_base` (Readable): their path under its data folder, without `_master.h5`.
    """

    sequence_id: Readable

    def prepare(self, value: Any) -> Status:
        """Configure and arm for `AcquisitionSettings`."""
        ...

    def kickoff(self) -> Status:
        """Start taking frames, or wait for triggers."""
        ...

    def complete(self) -> Status:
        """End when all frames are on disk."""
        ...

    def stage(self) -> list[Any]:
        """Make ready."""
        ...

    def unstage(self) -> list[Any]:
        """Leave disarmed."""
        ...

    def describe_collect(self) -> Any:
        """Data keys of the frames."""
        ...

    def collect_asset_docs(self, index: int | None = None) -> Any:
        """Stream documents up to `index` frames."""
        ...

    def get_index(self) -> int:
        """Frames on disk."""
        ...


@runtime_checkable
class SpotFinder(Protocol):
    """Finds spots in each frame of a series while it is taken.

    Setting it to a `SpotRequest` ends when every frame has an answer; `frames` are the answers, in image order.
    """

    @property
    def name(self) -> str:
        """Prefix of its keys in documents."""
        ...

    parent: Any

    def set(self, value: Any) -> Status:
        """Ask for a series."""
        ...

    @property
    def frames(self) -> tuple[FrameSpots, ...]:
        """Answers to the last request."""
        ...


@runtime_checkable
class SampleDetector(Protocol):
    """Finds the sample in on-axis images. Plans call it in a thread of its own."""

    @property
    def name(self) -> str:
        """Of the detector, for results and messages."""
        ...

    def detect(self, looks: Sequence[Look]) -> Sequence[Detection]:
        """One detection for each look, in their order.

        Raises:
            DeviceFault: If a service that it asks is away or answers nonsense. An image that shows nothing, or that is
                no use, is a detection that says so.
        """
        ...


@runtime_checkable
class SampleChanger(Readable, Protocol):
    """The robot. Setting `load` to a `SampleLocation` mounts; triggering `unload` puts the mounted pin back.

    A missing pin fails the Status with `SampleProblem`; anything else with `RobotFault`. `pin_mounted` reads 0 or 1.
    """

    load: Movable
    unload: Triggerable
    pin_mounted: Readable
    current_puck: Readable
    current_pin: Readable


@runtime_checkable
class Beam(Readable, Protocol):
    """The beam: energy (eV), which can be set; flux at full transmission (photons/s), ring current (mA)."""

    energy: Movable
    flux: Readable
    ring_current: Readable


@runtime_checkable
class Aperture(Movable, Protocol):
    """The beam-defining aperture, set by the name of a size; `beam_size` is the beam at the sample, um."""

    beam_size: Readable


@dataclass(frozen=True)
class Beamline:
    """All devices of a beamline, by role: the one argument of a plan that needs several. What is optional may be None."""

    goniometer: Goniometer
    viewer: OnAxisViewer
    detector: Detector
    detector_distance: Movable
    spot_finder: SpotFinder
    sample_changer: SampleChanger
    fast_shutter: Movable
    attenuator: Movable
    backlight: Movable
    aperture: Aperture
    beam: Beam
    sample_detector: SampleDetector
    crystal_finder: CrystalFinder | None = None
    lims_ids: LimsIds | None = None


ROLES: Mapping[str, type] = {
    "goniometer": Goniometer,
    "viewer": OnAxisViewer,
    "detector": Detector,
    "detector_distance": Movable,
    "spot_finder": SpotFinder,
    "sample_changer": SampleChanger,
    "fast_shutter": Movable,
    "attenuator": Movable,
    "backlight": Movable,
    "aperture": Aperture,
    "beam": Beam,
    "sample_detector": SampleDetector,
}
OPTIONAL_ROLES: Mapping[str, type] = {"crystal_finder": CrystalFinder, "lims_ids": LimsIds}
"""Roles that a beamline may do without."""
