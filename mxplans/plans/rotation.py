"""A rotation where the sample stands, for use by hand."""

from __future__ import annotations

import uuid

from bluesky.utils import MsgGenerator

from mxplans.geometry import AxisLimits, GoniometerGeometry
from mxplans.model.sweeps import Sweep
from mxplans.plans.collecting import Collected, Collecting, collect
from mxplans.plans.documents import ScanContext
from mxplans.profile import Collection, Limits
from mxplans.roles import Beamline
from mxplans.schedule import schedule
from mxplans.schedule.checks import require_within


def rotation(
    bl: Beamline,
    sweep: Sweep,
    settings: Collection,
    limits: Limits,
    context: ScanContext | None = None,
    wedge_images: int | None = None,
    geometry: GoniometerGeometry | None = None,
) -> MsgGenerator[Collected]:
    """Collect one sweep.

    Args:
        bl: The beamline.
        sweep: What to collect; also helical sweeps, grids and stills.
        settings: Aperture and detector distance, where the sweep names none.
        limits: Checked before anything moves.
        context: What it belongs to.
        wedge_images: Images of a scan; None takes the sweep in one.
        geometry: Of the goniometer, for a sweep at another kappa or phi than where the sample stands now.

    Returns:
        How many scans were taken, each in a run of its own, and how low the beam came.

    Raises:
        LimitExceeded: If the sweep asks for more than the beamline can do; nothing has moved then.
    """
    if sweep.uuid is None:
        sweep = sweep.model_copy(update={"uuid": str(uuid.uuid4())})
    require_within((sweep,), limits)
    how = Collecting(
        settings,
        context or ScanContext(),
        detector_radius_mm=limits.detector_radius_mm,
        images_per_arm_most=limits.images_per_arm_most,
        geometry=geometry or GoniometerGeometry(),
        limits=AxisLimits.of(limits),
    )
    scans = schedule((sweep,), wedge_images, "")
    return (yield from collect(bl, (sweep,), scans, how))
