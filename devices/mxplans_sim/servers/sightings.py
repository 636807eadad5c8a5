"""What services of analysis know of the world: its latest pictures with their truth, and the grids that were scanned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from mxplans_sim.servers.simplon.armed import SeriesState
from mxplans_sim.servers.simplon.detector import VirtualDetector
from mxplans_sim.servers.zocalo.grids import GridBook, ScannedGrid
from mxplans_sim.world.program import Scan
from mxplans_sim.world.recent import RecentFrames
from mxplans_sim.world.shadow import masks
from mxplans_sim.world.state import World


def recent_frames(world: World) -> RecentFrames:
    """The latest pictures of the on-axis viewer, from now on."""
    recent = RecentFrames()

    def keep() -> None:
        picture = world.camera.last
        if picture is None:
            return
        # Not the picture itself, whose pixels are many.
        eye, beam_y_mm, lit = world.camera.eye, world.beam.axis_offset_mm, world.backlight_in
        specimen, placement, zoom = picture.specimen, picture.placement, picture.zoom

        def notions() -> Mapping[str, npt.NDArray[np.bool_]]:
            return masks(eye.shadow(specimen, placement, zoom, beam_y_mm)) if specimen is not None and lit else {}

        recent.keep(picture.pixels, zoom.um_per_px, notions)

    world.camera.changed.subscribe(keep)
    return recent


def grid_book(world: World, detector: VirtualDetector) -> GridBook:
    """The grids that are scanned from now on, and the intensity of the spots on their frames."""

    def find(filename: str) -> SeriesState | None:
        found = [state for state in detector.series.values() if state.series.name == filename]
        return found[-1] if found else None

    def spots(filename: str) -> Sequence[float] | None:
        state = find(filename)
        return None if state is None else [float(table[:, 2].sum()) for table in state.spots]

    book = GridBook(spots, world.clock)
    noted: list[Scan] = []

    def note() -> None:
        scan, state = world.scanner.scan, detector.armed
        if not world.scanner.running or scan is None or state is None or scan.step[3]:
            return
        if noted and noted[-1] is scan:
            return
        noted[:] = [scan]
        name = state.series.name
        if name is not None:
            first = state.exposure.taken
            book.add(ScannedGrid(name, first, scan.rows, scan.images, scan.start[3], scan.snake))

    world.scanner.changed.subscribe(note)
    return book
