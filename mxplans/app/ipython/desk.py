"""What plans called by hand work with: the beamline, the profile, and what is known of the sample that hangs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mxplans.errors import InvalidInput
from mxplans.geometry import AxisLimits
from mxplans.model.acquisition import SampleLocation
from mxplans.plans.documents import ScanContext
from mxplans.plans.ledger import MemoryLedger, ScanLedger
from mxplans.plans.looking import Optics
from mxplans.plans.optical import OpticalCentre
from mxplans.plans.points import Marking
from mxplans.plans.points_files import PointFiles
from mxplans.profile import Profile
from mxplans.roles import Beamline
from mxplans.udc import MountedSample, NightSettings
from mxplans.udc.experiment import Work


class OneSweep(MemoryLedger):
    """Remembers one sweep by hand: the next one, which belongs to no item of a queue either, has nothing to do with it.

    Args:
        numbers: Numbers the files of all of them.
    """

    def __init__(self, numbers: ScanLedger) -> None:
        super().__init__()
        self._numbering = numbers

    def run_number(self, directory: str, prefix: str) -> int:
        """The next number for files of this name."""
        return self._numbering.run_number(directory, prefix)


@dataclass
class Desk:
    """One session's.

    Attributes:
        bl: The devices.
        profile: As read.
        out: Folder of the session.
        sample: What hangs, and what is known of it; changes as plans run.
        names: Of samples in the dewar, by place, where a shipment told them.
        ledger: Numbers the files, so that none has the name of another.
    """

    bl: Beamline
    profile: Profile
    out: Path
    sample: MountedSample = field(default_factory=MountedSample)
    names: Mapping[SampleLocation, str] = field(default_factory=dict)
    ledger: ScanLedger = field(default_factory=MemoryLedger)

    def __post_init__(self) -> None:
        self.settings = NightSettings.from_profile(self.profile)
        self.points = PointFiles(self.out / "points")

    @property
    def sample_name(self) -> str:
        """Of what hangs; `manual` where nobody knows."""
        return self.sample.name or "manual"

    @property
    def context(self) -> ScanContext:
        """What a scan by hand belongs to."""
        return ScanContext(
            self.sample_name,
            beam_profile=self.settings.limits.profile,
            storage=self.settings.storage,
            beamline=self.settings.beamline,
        )

    def metadata(self, plan_name: str) -> dict[str, Any]:
        """Start document of a run that holds what centring by hand has found; it belongs to no item of a queue."""
        return {"plan_name": plan_name, "sample_name": self.sample_name, "beamline": self.settings.beamline}

    @property
    def limits(self) -> AxisLimits:
        """Of the goniometer's axes."""
        return AxisLimits.of(self.settings.limits)

    @property
    def optics(self) -> Optics:
        """How the loop is looked at."""
        return Optics(self.settings.optical, self.sample.backgrounds, self.settings.goniometer)

    @property
    def marking(self) -> Marking:
        """What points are registered for."""
        optical = self.sample.optical
        hull = None if optical is None else optical.hull
        return Marking(self.settings.goniometer, self.sample_name, self.points, hull)

    @property
    def work(self) -> Work:
        """What experiments of a queue are run with."""
        return Work(self.settings, self.sample, self.ledger)

    def name_at(self, location: SampleLocation) -> str:
        """Of the sample at a place; one that says the place where nobody told."""
        return self.names.get(location, f"puck{location.puck}-pin{location.pin}")

    def centred(self, what: str) -> OpticalCentre:
        """The loop, as it was centred with light.

        Raises:
            InvalidInput: If it was not.
        """
        if self.sample.optical is None:
            raise InvalidInput(f"{what} needs to know where the loop is; first RE(optical.centre())")
        return self.sample.optical
