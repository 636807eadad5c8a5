"""X-ray centring: the crystals of a loop in three dimensions, from grids that are laid without new images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bluesky.utils import MsgGenerator

from mxplans.centring import LineOfSight, PinLayout, XrayCandidate
from mxplans.errors import LimitExceeded
from mxplans.geometry import REST, GoniometerGeometry, Orientation
from mxplans.plans.documents import ScanContext
from mxplans.plans.optical import OpticalCentre
from mxplans.plans.orienting import read_orientation
from mxplans.plans.viewing import move_to_pose
from mxplans.plans.xray_outside import find_outside
from mxplans.plans.xray_strategies import find_crystals
from mxplans.plans.xray_survey import Survey
from mxplans.plans.xray_told import Crystal, crystals_told, tell_crystals, tell_lines
from mxplans.profile import Collection, Limits, XrayCentring
from mxplans.roles import Beamline


@dataclass(frozen=True)
class OnPin:
    """What of a multi-position pin an experiment is about.

    Attributes:
        layout: Where its positions are, in the motor x of all axes above omega at 0; None if nobody knows.
        position: The one that is wanted, from 1 at the base.
    """

    layout: PinLayout | None
    position: int


@dataclass(frozen=True)
class XrayCentre:
    """What grids found.

    Attributes:
        crystals: Those that are kept, best first; in the motors' coordinates.
        reason: What was found; without any, why.
        evidence: Numbers by name.
        lines: Where a single grid shows a crystal whose depth nobody knows, strongest first; in the grids' frame.
        scans: How many grids it took.
        orientation: Of the axes above omega, for which the coordinates hold.
    """

    crystals: tuple[Crystal, ...]
    reason: str
    evidence: Mapping[str, float] = field(default_factory=dict)
    lines: tuple[LineOfSight, ...] = ()
    scans: int = 0
    orientation: Orientation = REST

    @property
    def candidates(self) -> tuple[XrayCandidate, ...]:
        """The crystals' places, best first."""
        return tuple(crystal.candidate for crystal in self.crystals)


def xray_centring(
    bl: Beamline,
    optical: OpticalCentre,
    settings: XrayCentring,
    collection: Collection,
    context: ScanContext | None = None,
    geometry: GoniometerGeometry | None = None,
    on_pin: OnPin | None = None,
) -> MsgGenerator[XrayCentre]:
    """Scan a loop by the profile's strategy and find the crystals. A pause takes the grid again that it interrupts.

    All crystals and all lines of sight are recorded where there is a context; `crystals_most` limits what is kept.

    Args:
        bl: The beamline, with the loop centred optically; its axes above omega stand as they did then.
        optical: Where the loop is and how large.
        settings: How to scan.
        collection: For the detector distance.
        context: The queue item it belongs to.
        geometry: Axes of the goniometer.
        on_pin: Of a multi-position pin, what is wanted.

    Returns:
        Crystals, best first; none when the grids show no diffraction.

    Raises:
        DeviceFault: If a device fails, or the scores of a grid are none; the beamline is safe then.
    """
    geometry = geometry or GoniometerGeometry()
    orientation = yield from read_orientation(bl)
    survey = Survey(bl, optical, settings, collection, geometry, orientation, context)
    if bl.crystal_finder is not None:
        found = yield from find_outside(survey, bl.crystal_finder)
    else:
        found = yield from find_crystals(survey)
    level = geometry.model_copy(update={"axis_offset_mm": optical.axis_offset_mm})
    layout = None if on_pin is None else on_pin.layout
    crystals = crystals_told(found, survey.views, level, orientation, layout)
    kept = kept_of(crystals, settings.crystals_most)
    if context is not None:
        yield from tell_crystals(crystals, crystal_for(None if on_pin is None else on_pin.position, kept))
        yield from tell_lines(found.unpaired, geometry, orientation)
    evidence = {**found.evidence, "lines": float(len(found.unpaired))}
    return XrayCentre(kept, found.reason, evidence, found.unpaired, survey.scans, orientation)


def kept_of(crystals: Sequence[Crystal], most: int | None) -> tuple[Crystal, ...]:
    """The best so many of each position of a pin."""
    counts: dict[int | None, int] = {}
    kept = []
    for crystal in crystals:
        counts[crystal.pin_position] = counts.get(crystal.pin_position, 0) + 1
        if most is None or counts[crystal.pin_position] <= most:
            kept.append(crystal)
    return tuple(kept)


def crystal_for(position: int | None, crystals: Sequence[Crystal]) -> Crystal | None:
    """The best crystal of a position of a multi-position pin, or of a pin with one loop; None if there is none."""
    fitting = (crystal for crystal in crystals if position is None or crystal.pin_position == position)
    return next(fitting, None)


def move_to_candidate(bl: Beamline, candidate: XrayCandidate, limits: Limits) -> MsgGenerator[None]:
    """Put a crystal into the beam.

    Raises:
        LimitExceeded: If that is further than centring may go; nothing has moved then.
    """
    furthest_mm = max(abs(value) for value in candidate.pose.xyz_mm)
    if furthest_mm > limits.centring_travel_mm:
        raise LimitExceeded(
            f"the crystal needs a move to {furthest_mm:.3f} mm; allowed are {limits.centring_travel_mm:g} mm: "
            "look at the grids, the pin may be bent"
        )
    yield from move_to_pose(bl, candidate.pose)
