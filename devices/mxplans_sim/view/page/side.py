"""The side view: the coarse camera at right angles to the beam."""

from __future__ import annotations

from nicegui import ui

from mxplans_sim.view.page.control import Facts, Shot
from mxplans_sim.view.page.panel import framed


class SidePanel:
    """The panel."""

    def __init__(self) -> None:
        self._shown = ""
        with framed("side-camera", "Side view") as section:
            self._image = ui.interactive_image(size=(320, 240)).props('alt="Side camera"').classes("frame")
        self._section = section.props("data-frame=''")

    def update(self, world: Facts) -> None:
        """A picture needs nothing of a snapshot."""

    def show(self, shot: Shot | None) -> None:
        """Show a picture, if it is a new one."""
        if shot is not None and shot.name != self._shown:
            self._shown = shot.name
            self._image.set_source(f"/pictures/side?frame={shot.name}")
            self._section.props(f"data-frame='{shot.name}'")
