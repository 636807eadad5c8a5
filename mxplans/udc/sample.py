"""What hangs on the goniometer and what is known of it, from one experiment to the next."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from bluesky import plan_stubs as bps
from bluesky.utils import MsgGenerator

from mxplans.centring import GridView, XrayCandidate
from mxplans.model.acquisition import SampleLocation
from mxplans.model.sweeps import ScanKey
from mxplans.plans.optical import OpticalCentre
from mxplans.roles import Beamline
from mxplans.udc.verdicts import Outcome

Image = npt.NDArray[np.uint8]


@dataclass
class MountedSample:
    """The pin on the goniometer.

    Attributes:
        background: On-axis image without a sample; None until one was taken.
        location: Where the pin came from; None when nothing hangs there, or nobody knows.
        optical: Its loop, once centred with light.
        candidates: Its crystals, best first, once centred with X-rays.
        views: What grids on it showed, by scan.
        outcome: The problem that ends everything on this pin.
    """

    background: Image | None = None
    location: SampleLocation | None = None
    optical: OpticalCentre | None = None
    candidates: tuple[XrayCandidate, ...] = ()
    views: dict[ScanKey, GridView] = field(default_factory=dict)
    outcome: Outcome | None = None

    def forget(self) -> None:
        """Another pin, or none: only the background stays."""
        self.location, self.optical, self.candidates, self.outcome = None, None, (), None
        self.views.clear()


def mounted_location(bl: Beamline) -> MsgGenerator[SampleLocation | None]:
    """Where the pin on the goniometer came from, as the sample changer says; None when it is empty or nobody knows."""
    if not (yield from bps.rd(bl.sample_changer.pin_mounted)):
        return None
    puck = int((yield from bps.rd(bl.sample_changer.current_puck)))
    pin = int((yield from bps.rd(bl.sample_changer.current_pin)))
    return SampleLocation(puck=puck, pin=pin) if puck > 0 and pin > 0 else None
