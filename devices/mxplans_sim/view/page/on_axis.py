"""The on-axis view: live picture, crosshair on the beam, its size, a scale bar, and a magnifier of the page's own."""

from __future__ import annotations

from dataclasses import dataclass

from nicegui import ui

from mxplans_sim.view.page.control import Facts, Shot
from mxplans_sim.view.page.panel import framed
from mxplans_sim.view.page.side import SideInset

MAGNIFICATIONS = (1, 2, 4)
BARS_UM = (1000, 500, 200, 100, 50, 20, 10, 5)
BAR_FRAC = 0.3
"""Longest scale bar, of the visible width."""


@dataclass(frozen=True)
class Optics:
    """What the overlay depends on; pixels count from the centre of the first one."""

    width_px: int
    height_px: int
    um_per_px: float
    beam_px: tuple[float, float]
    size_um: tuple[float, float]
    magnification: int


def bar_um(visible_um: float) -> int:
    """Length of the scale bar: the longest round one that is short enough.

    >>> bar_um(1632.0)
    200
    """
    return next((length for length in BARS_UM if length <= BAR_FRAC * visible_um), BARS_UM[-1])


def overlay(optics: Optics) -> str:
    """Crosshair, outline of the beam and scale bar as SVG in the coordinates of the picture."""
    zoom, (width, height) = optics.magnification, (optics.width_px, optics.height_px)
    # In SVG a pixel's centre is half a pixel off its corner.
    x, y = (value + 0.5 for value in optics.beam_px)
    radius_x, radius_y = (size / 2 / optics.um_per_px for size in optics.size_um)
    line = 1.5 / zoom
    length_um = bar_um(width * optics.um_per_px / zoom)
    # What is visible is magnified about the beam.
    left, bottom = x - x / zoom + 16 / zoom, y + (height - y) / zoom - 16 / zoom
    bar_px = length_um / optics.um_per_px
    return (
        f'<g fill="none" stroke="#ffd23f" stroke-width="{line}">'
        f'<path d="M0 {y}H{x - 2 * radius_x}M{x + 2 * radius_x} {y}H{width}'
        f'M{x} 0V{y - 2 * radius_y}M{x} {y + 2 * radius_y}V{height}" opacity="0.55"/>'
        f'<ellipse cx="{x}" cy="{y}" rx="{radius_x}" ry="{radius_y}"/></g>'
        f'<rect x="{left}" y="{bottom - 4 / zoom}" width="{bar_px}" height="{4 / zoom}" fill="#fff" stroke="#000"'
        f' stroke-width="{line / 2}"/>'
        f'<text x="{left}" y="{bottom - 10 / zoom}" font-size="{18 / zoom}" fill="#fff" stroke="#000"'
        f' stroke-width="{3 / zoom}" paint-order="stroke" font-family="sans-serif">{length_um} µm</text>'
    )


class OnAxisPanel:
    """The panel.

    Attributes:
        side: The side camera's picture in its corner.
    """

    def __init__(self) -> None:
        self._optics: Optics | None = None
        self._magnification = MAGNIFICATIONS[0]
        self._shown = ""
        with framed("on-axis", "On-axis view") as section:
            self._buttons()
            with ui.element("div").classes("window"):
                self._image = ui.interactive_image().props('alt="On-axis camera"').classes("live")
                self.side = SideInset()
            self._caption = ui.label("").classes("caption")
        section.props("data-frame=''")
        self._section = section

    def _buttons(self) -> None:
        with ui.button_group().props("flat").classes("magnifier"):
            for factor in MAGNIFICATIONS:
                ui.button(f"{factor}×", on_click=lambda _, factor=factor: self._magnify(factor)).props(
                    f'flat dense no-caps aria-label="Magnify {factor} times"'
                )

    def _magnify(self, factor: int) -> None:
        self._magnification = factor
        self._optics = None

    def update(self, world: Facts) -> None:
        """Draw the overlay anew if it has changed."""
        camera, beam = world["camera"], world["beam"]
        optics = Optics(
            camera["width_px"],
            camera["height_px"],
            camera["um_per_px"],
            (camera["beam_px"][0], camera["beam_px"][1]),
            (beam["size_um"][0], beam["size_um"][1]),
            self._magnification,
        )
        if optics != self._optics:
            self._optics = optics
            self._image.set_content(overlay(optics))
            x, y = (optics.beam_px[0] + 0.5) / optics.width_px, (optics.beam_px[1] + 0.5) / optics.height_px
            self._image.style(
                f"transform: scale({self._magnification}); transform-origin: {100 * x:.3f}% {100 * y:.3f}%"
            )
        sample = world["sample"] or "no sample"
        self._caption.set_text(f"{sample} · zoom {camera['zoom']}, {camera['um_per_px']:g} µm/px · frame {self._shown}")

    def show(self, shot: Shot | None) -> None:
        """Show a picture, if it is a new one."""
        if shot is not None and shot.name != self._shown:
            self._shown = shot.name
            self._image.set_source(f"/pictures/on_axis?frame={shot.name}")
            self._section.props(f"data-frame='{shot.name}'")
