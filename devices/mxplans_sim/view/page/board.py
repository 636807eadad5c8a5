"""The page: its panels, and how they are kept up to date."""

from __future__ import annotations

import math
from pathlib import Path

from nicegui import ui

from mxplans_sim.view.page.control import Facts
from mxplans_sim.view.page.detector import DetectorPanel
from mxplans_sim.view.page.dewar import DewarPanel
from mxplans_sim.view.page.faults import FaultsPanel
from mxplans_sim.view.page.motors import MotorsPanel
from mxplans_sim.view.page.on_axis import OnAxisPanel
from mxplans_sim.view.page.panel import Panel
from mxplans_sim.view.page.stage import StagePanel
from mxplans_sim.view.page.status import BeamPanel
from mxplans_sim.view.page.watch import PERIOD_S, Watch

STYLE = Path(__file__).with_name("style.css")
TITLE = "Virtual beamline"


class Board:
    """One browser's page.

    Args:
        watch: What is shown.
    """

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        ui.add_css(STYLE)
        self._dark = ui.dark_mode(None)
        with ui.element("header").classes("top"):
            ui.html(TITLE, tag="h1", sanitize=False)
            self._state = ui.label("").classes("mark")
            self._clock = ui.label("").classes("clock").props('aria-label="Simulated time"')
            ui.button(icon="contrast", on_click=self._other_light).props('flat dense round aria-label="Light or dark"')
        with ui.element("main").classes("board"):
            self._on_axis, self._detector = OnAxisPanel(), None
            stage = StagePanel()
            with ui.element("div").classes("side"):
                beam = BeamPanel()
                self._frame = DetectorPanel()
            self._panels: list[Panel] = [
                self._on_axis,
                stage,
                beam,
                self._frame,
                MotorsPanel(),
                DewarPanel(),
                FaultsPanel(watch),
            ]
        self.refresh()
        ui.timer(PERIOD_S, self.refresh)

    def refresh(self) -> None:
        """Show the latest."""
        world, error = self._watch.world, self._watch.error
        self._state.set_text(error or ("connected" if world else "connecting"))
        self._state.classes(replace=f"mark {'bad' if error else 'good' if world else 'busy'}")
        if world is None:
            return
        self._clock.set_text(clock(world["time"]))
        for panel in self._panels:
            panel.update(world)
        self._on_axis.show(self._watch.on_axis)
        self._frame.show(self._watch.frame)
        self._on_axis.side.show(self._watch.side)

    def _other_light(self) -> None:
        self._dark.set_value({None: True, True: False, False: None}[self._dark.value])


def clock(time: Facts) -> str:
    """Simulated time since the start.

    >>> clock({"simulated_s": 3723.4, "speed_up": 5.0})
    '1:02:03 simulated, ×5'
    """
    seconds = math.floor(time["simulated_s"])
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02} simulated, ×{time['speed_up']:g}"
