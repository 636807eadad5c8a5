"""The side view: what the coarse camera at right angles to the beam shows, in a corner of the on-axis view."""

from __future__ import annotations

from nicegui import ui

from mxplans_sim.view.page.control import Shot


class SideInset:
    """A small picture, to be made within the panel that it stands in."""

    def __init__(self) -> None:
        self._shown = ""
        with ui.element("div").classes("side-camera"):
            self._image = ui.interactive_image().props('alt="Side camera"')

    def show(self, shot: Shot | None) -> None:
        """Show a picture, if it is a new one."""
        if shot is not None and shot.name != self._shown:
            self._shown = shot.name
            self._image.set_source(f"/pictures/side?frame={shot.name}")
