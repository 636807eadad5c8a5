"""The detector: its state, how far the series is, and the latest frame."""

from __future__ import annotations

from nicegui import ui

from mxplans_sim.view.page.control import Facts, Shot
from mxplans_sim.view.page.panel import Fields, framed

MARKS = {"acquire": "busy", "configure": "busy", "ready": "good", "error": "bad"}


class DetectorPanel:
    """The panel."""

    def __init__(self) -> None:
        self._shown = ""
        with framed("detector", "Detector"), ui.element("div").classes("beside"):
            self._image = ui.interactive_image(size=(256, 256)).props('alt="Latest frame"').classes("frame")
            self._fields = Fields("State", "Series", "Images", "Distance", "Frame")

    def update(self, world: Facts) -> None:
        """Show a snapshot."""
        detector = world["detector"]
        state, series = detector["state"] or "–", detector["series"]
        self._fields.show("State", state, MARKS.get(state, ""))
        self._fields.show("Series", "–" if series is None else str(series["id"]))
        self._fields.show("Images", "–" if series is None else f"{series['drawn']} / {series['images']}")
        self._fields.show("Distance", f"{detector['distance_mm']:.1f} mm")

    def show(self, shot: Shot | None) -> None:
        """Show a frame, if it is a new one."""
        if shot is not None and shot.name != self._shown:
            self._shown = shot.name
            self._image.set_source(f"/pictures/frame?frame={shot.name}")
            self._fields.show("Frame", shot.name)
