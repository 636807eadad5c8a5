"""The table of motors and the states of what goes in and out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from nicegui import ui

from mxplans_sim.view.page.control import Facts
from mxplans_sim.view.page.panel import framed

UNITS = {"deg": "°", "mm": "mm"}


class MotorsPanel:
    """A row for each motor, and one for each thing with named states."""

    def __init__(self) -> None:
        self._values: dict[str, ui.label] = {}
        with framed("motors", "Motors and states"):
            self._room = ui.element("div").classes("scroll tables")

    def update(self, world: Facts) -> None:
        """Show a snapshot."""
        motors, actuators = world["motors"], world["actuators"]
        if set(self._values) != {thing["name"] for thing in (*motors, *actuators)}:
            self._build(motors, actuators)
        for motor in motors:
            self._show(motor, f"{motor['position']:.4f} {UNITS[motor['unit']]}")
        for thing in actuators:
            self._show(thing, thing["target" if thing["moving"] else "state"])

    def _show(self, thing: Facts, text: str) -> None:
        value = self._values[thing["name"]]
        value.set_text(text)
        value.classes(replace="moving" if thing["moving"] else "")

    def _build(self, motors: list[Facts], actuators: list[Facts]) -> None:
        self._room.clear()
        self._values = {}
        with self._room:
            with _table("Motor", "Position", "Limits"):
                for motor in motors:
                    low, high = motor["limits"]
                    self._row(motor["name"], f"{low:g} … {high:g}")
            with _table("Thing", "State"):
                for thing in actuators:
                    self._row(thing["name"])

    def _row(self, name: str, *more: str) -> None:
        with ui.element("tr"):
            with ui.element("th").props("scope=row"):
                ui.label(name.replace("_", " "))
            with ui.element("td").classes("value"):
                self._values[name] = ui.label("")
            for text in more:
                with ui.element("td").classes("faint"):
                    ui.label(text)


@contextlib.contextmanager
def _table(*names: str) -> Iterator[None]:
    """A table with a head; entered, its body."""
    with ui.element("table"):
        with ui.element("thead"), ui.element("tr"):
            for name in names:
                with ui.element("th").props("scope=col"):
                    ui.label(name)
        with ui.element("tbody"):
            yield
