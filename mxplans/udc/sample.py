"""What hangs on the goniometer and what is known of it, from one experiment to the next."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from bluesky import plan_stubs as bps
from bluesky.utils import MsgGenerator

from mxplans.centring import GridView, XrayCandidate
from mxplans.centring.detection import Backgrounds
from mxplans.geometry import Orientation
from mxplans.model.acquisition import SampleLocation
from mxplans.model.extensions import Centring
from mxplans.model.item import QueueItem
from mxplans.model.sweeps import ScanKey
from mxplans.plans.optical import OpticalCentre
from mxplans.plans.xray_told import Crystal
from mxplans.roles import Beamline
from mxplans.udc.verdicts import Outcome, Verdict

Image = npt.NDArray[np.uint8]
_HINDERED = {
    Verdict.PIN_MISSING: tuple(Centring),
    Verdict.EMPTY_MOUNT: (Centring.OPTICAL, Centring.XRAY),
    Verdict.NOT_CENTRED: (Centring.OPTICAL, Centring.XRAY),
    Verdict.NO_DIFFRACTION: (Centring.XRAY,),
}
"""What each problem of a sample makes impossible: one whose place is given needs no centring, a loop no diffraction."""


@dataclass
class MountedSample:
    """The pin on the goniometer.

    Attributes:
        backgrounds: On-axis views without a sample.
        location: Where the pin came from; None when nothing hangs there, or nobody knows.
        optical: Its loop, once centred with light.
        crystals: Its crystals, best first, once centred with X-rays.
        views: What grids on it showed, by scan.
        outcome: A problem of it.
        told: Experiments that have ended with this problem.
        name: Of the sample.
        found_at: Where the axes above omega stood when loop and crystals were found; None before that.
    """

    backgrounds: Backgrounds = field(default_factory=Backgrounds)
    location: SampleLocation | None = None
    optical: OpticalCentre | None = None
    crystals: tuple[Crystal, ...] = ()
    views: dict[ScanKey, GridView] = field(default_factory=dict)
    outcome: Outcome | None = None
    told: set[str] = field(default_factory=set)
    name: str | None = None
    found_at: Orientation | None = None

    @property
    def candidates(self) -> tuple[XrayCandidate, ...]:
        """Places of its crystals, best first."""
        return tuple(crystal.candidate for crystal in self.crystals)

    def forget(self) -> None:
        """Another pin, or none: only the backgrounds stay."""
        self.location, self.optical, self.crystals, self.outcome, self.name = None, None, (), None, None
        self.found_at = None
        self.views.clear()
        self.told.clear()

    def renew(self, item: QueueItem) -> None:
        """Forget what does not hold for an experiment any more.

        One that was told of a problem and comes again wants the sample looked at again; others on the pin are told what
        is known. Another name means that somebody has changed the sample: where the robot has not, or where it was bad.
        """
        another = self.name not in (None, item.sample_name) and item.position_in_pin is None
        if (another and (item.location is None or self.outcome is not None)) or item.uuid in self.told:
            self.forget()

    def hindrance(self, wanted: Centring) -> Outcome | None:
        """The problem of this sample, if it keeps one from what wants this centring."""
        return self.outcome if self.outcome is not None and wanted in _HINDERED[self.outcome.verdict] else None


def mounted_location(bl: Beamline) -> MsgGenerator[SampleLocation | None]:
    """Where the pin on the goniometer came from, as the sample changer says; None when it is empty or nobody knows."""
    if not (yield from bps.rd(bl.sample_changer.pin_mounted)):
        return None
    puck = int((yield from bps.rd(bl.sample_changer.current_puck)))
    pin = int((yield from bps.rd(bl.sample_changer.current_pin)))
    return SampleLocation(puck=puck, pin=pin) if puck > 0 and pin > 0 else None
