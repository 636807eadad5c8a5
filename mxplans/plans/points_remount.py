"""Points of a sample that is mounted again: they have expired, and are found again by the sample's shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bluesky.utils import MsgGenerator

from mxplans.centring.hull import Hull
from mxplans.centring.hull_remount import RemountUnclear, find_remount
from mxplans.centring.points import CentrePoint
from mxplans.model.acquisition import SampleLocation
from mxplans.model.detection import PinSide
from mxplans.plans import documents
from mxplans.plans.analysing import analysed
from mxplans.plans.documents import ScanContext
from mxplans.plans.exchange import mount
from mxplans.plans.points import point_values
from mxplans.plans.points_files import PointFiles
from mxplans.plans.record import record
from mxplans.roles import Beamline


@dataclass(frozen=True)
class FoundAgain:
    """How the sample was turned about its pin, and its points as they are now."""

    angle_deg: float
    points: tuple[CentrePoint, ...]


@dataclass(frozen=True)
class NotFoundAgain:
    """The points stay expired, and why."""

    reason: str
    evidence: Mapping[str, float] = field(default_factory=dict)


def mount_sample(bl: Beamline, location: SampleLocation, sample: str, files: PointFiles) -> MsgGenerator[int]:
    """Mount a sample of which points may be known from before: these expire.

    Args:
        bl: The beamline.
        location: Where its pin is.
        sample: Its name, under which its points are kept.
        files: Keep them.

    Returns:
        How many points have expired; `find_points_again` may bring them back.

    Raises:
        SampleProblem: If there is no pin at that place.
        RobotFault: If the robot stopped for another reason.
    """
    # Before the robot moves: a mount that fails half way leaves nothing that looks valid.
    store = files.load(sample)
    if files.path(sample).exists():
        store = store.remounted()
        files.save(store)
    yield from mount(bl, location)
    return len(store.expired)


def find_points_again(
    sample: str,
    now: Hull,
    files: PointFiles,
    pin_side: PinSide = PinSide.RIGHT,
    context: ScanContext | None = None,
) -> MsgGenerator[FoundAgain | NotFoundAgain]:
    """Find out how a remounted sample stands, by its hull then and now, and take its points along.

    What angle and shift are uncertain by is added to the covariance of each point. The hull of now is kept for the next
    time, when it told.

    Args:
        sample: Its name.
        now: Its hull in this mount, as optical centring gives it.
        files: Keep points and hull of the mount before.
        pin_side: Of the image, where the pin is.
        context: With one, each point is recorded in the open run.

    Returns:
        The points; or why they stay expired.

    Raises:
        InvalidInput: If the sample's file is damaged.
    """
    store = files.load(sample)
    before = files.hull(sample, store.mount - 1)
    lost = [point for point in store.points if point.mount == store.mount - 1]
    if before is None or not lost:
        files.keep_hull(sample, now)
        missing = "no hull" if before is None else "no point"
        return NotFoundAgain(
            f"{missing} of sample {sample!r} was kept in the mount before this one: register its points anew"
        )
    axis = (1.0, 0.0, 0.0) if pin_side is PinSide.RIGHT else (-1.0, 0.0, 0.0)
    remount = yield from analysed("how the sample stands now", find_remount, before, now, axis)
    if isinstance(remount, RemountUnclear):
        return NotFoundAgain(remount.reason, remount.evidence)
    store = store.found_again(remount)
    files.save(store)
    files.keep_hull(sample, now)
    if context is not None:
        for point in store.valid:
            yield from record(documents.POINT, point_values(point))
    return FoundAgain(remount.angle_deg, store.valid)
