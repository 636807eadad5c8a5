"""What an X-ray centring has scanned so far, and how it goes on: further out, from another side, finer."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from bluesky import plan_stubs as bps
from bluesky.utils import MsgGenerator

from mxplans.centring import CrystalsFound, GridView, XrayCandidate, ambiguous, locate_crystals, refinement
from mxplans.geometry import GoniometerGeometry, GridPlan, Orientation
from mxplans.plans.analysing import analysed
from mxplans.plans.documents import ScanContext
from mxplans.plans.grids import beside, grid_over, joined
from mxplans.plans.optical import OpticalCentre
from mxplans.plans.pausing import again_after_pauses
from mxplans.plans.xray_grid import grid_scan, read_file_base
from mxplans.profile import Collection, XrayCentring
from mxplans.roles import Beamline

EXTENSION_BOXES = 5
"""By which a grid grows at a time."""


@dataclass
class Survey:
    """The grids of one X-ray centring.

    Attributes:
        bl: The beamline.
        optical: The loop.
        settings: How to scan.
        collection: For the detector distance.
        geometry: Axes of the goniometer.
        orientation: Of the axes above omega.
        context: The queue item it belongs to.
        volume_scan_uuid: Its identity in the documents.
        views: What was seen, one for each angle; a grid that has grown is one.
        files: Where the frames of the views' first scans are, under the detector's data folder.
        scans: Grids scanned, also those that are parts of a view or around one crystal.
    """

    bl: Beamline
    optical: OpticalCentre
    settings: XrayCentring
    collection: Collection
    geometry: GoniometerGeometry
    orientation: Orientation
    context: ScanContext | None = None
    volume_scan_uuid: str = field(default_factory=lambda: str(uuid.uuid4()))
    views: list[GridView] = field(default_factory=list)
    files: list[str | None] = field(default_factory=list)
    scans: int = 0

    @property
    def step_um(self) -> float:
        """Of first grids."""
        return self.settings.coarse_step_um or self.settings.step_um

    def grid_over(self, turn_deg: float) -> GridPlan:
        """The grid over the whole loop at an angle from its flat face."""
        return grid_over(self.optical, self.settings, self.geometry, self.orientation, turn_deg, self.step_um)

    def scan(self, grid: GridPlan) -> MsgGenerator[GridView]:
        """Scan a grid. A pause takes it again.

        Larger boxes are exposed longer, so that the goniometer runs as fast as for boxes of `step_um`.
        """
        exposure_s = self.settings.exposure_s * max(grid.step_um / self.settings.step_um, 1.0)
        scan_it = partial(
            grid_scan,
            self.bl,
            grid,
            self.settings.model_copy(update={"exposure_s": exposure_s}),
            self.collection,
            self.context,
            self.scans + 1,
            self.volume_scan_uuid,
            self.geometry,
        )
        view = yield from again_after_pauses(scan_it)
        self.scans += 1
        return view

    def look(self, grid: GridPlan) -> MsgGenerator[None]:
        """Scan a grid as one more view."""
        view = yield from self.scan(grid)
        self.views.append(view)
        self.files.append((yield from read_file_base(self.bl)))

    def locate(self, views: Sequence[GridView] | None = None) -> MsgGenerator[CrystalsFound]:
        """The crystals that views show; all views if none are given."""
        chosen = tuple(self.views if views is None else views)
        beam_um = yield from bps.rd(self.bl.aperture.beam_size)
        return (
            yield from analysed(
                f"crystals in {len(chosen)} grids",
                locate_crystals,
                chosen,
                beam_um,
                self.settings.significance_min,
                self.optical.axis_offset_mm,
            )
        )

    def grow(self) -> MsgGenerator[CrystalsFound]:
        """Make grids larger whose edges cut crystals, until none does or it has been done often enough."""
        found = yield from self.locate()
        for _ in range(self.settings.extensions_most):
            cut = {edge for crystal in found.candidates for edge in crystal.truncated}
            cut |= {edge for line in found.unpaired for edge in line.truncated}
            if not cut:
                break
            for view, side in sorted(cut):
                strip = yield from self.scan(beside(self.views[view].grid, side, EXTENSION_BOXES))
                self.views[view] = joined(self.views[view], strip, side)
            found = yield from self.locate()
        return found

    def third_view(self) -> MsgGenerator[None]:
        """Look from a third side when two do not tell crystals apart."""
        omega_deg = yield from analysed(
            "whether two grids do", ambiguous, tuple(self.views), self.settings.significance_min
        )
        if omega_deg is not None:
            yield from self.look(self.grid_over(omega_deg - self.optical.pose.omega_deg))

    def refine(self, coarse: CrystalsFound) -> MsgGenerator[CrystalsFound]:
        """Scan finer grids around the crystals of coarse ones, and find those again.

        What finer grids do not show is told as the coarse ones did.
        """
        beam_um = yield from bps.rd(self.bl.aperture.beam_size)
        fine: list[XrayCandidate] = []
        for candidate in coarse.candidates[: self.settings.refined_most]:
            grids = [refinement(view, candidate, beam_um, self.settings.step_um) for view in self.views[:2]]
            views = []
            for grid in grids:
                if grid is not None:
                    views.append((yield from self.scan(grid)))
            if len(views) == len(grids):
                found = yield from self.locate(views)
                fine += [each for each in found.candidates if _nearest(each, coarse.candidates) is candidate]
        left = [each for each in coarse.candidates if not any(_nearest(one, coarse.candidates) is each for one in fine)]
        ranked = sorted((*fine, *left), key=lambda each: -each.peak)
        evidence = {**coarse.evidence, "refined": float(len(fine))}
        return CrystalsFound(tuple(ranked), coarse.reason, evidence, coarse.unpaired)


def _nearest(one: XrayCandidate, others: Sequence[XrayCandidate]) -> XrayCandidate:
    return min(
        others,
        key=lambda other: sum((a - b) ** 2 for a, b in zip(one.pose.xyz_mm, other.pose.xyz_mm, strict=True)),
    )
